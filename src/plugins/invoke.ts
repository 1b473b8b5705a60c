/** Calls one hook of one plugin: within its time, and so that whatever it does is known to be its doing. */
import { NonRetryableError, ReplicateAgentError } from '../domain/errors.ts'
import { abortReason, untilAborted } from '../std/abort.ts'
import type { Clock } from '../std/clock.ts'
import { type Deferred, deferred } from '../std/deferred.ts'
import { formatDuration } from '../std/duration.ts'
import type { HookName, HookTools, OnError, Plugin } from './plugin.ts'

/** A plugin that is in use. */
export interface Held {
  plugin: Plugin
  options: unknown
  state: unknown
  on_error: OnError
  timeout_ms: number
  order: number
  /** Of the file that configures it. */
  folder: string
}

export interface Surroundings {
  clock: Clock
  warn(message: string): void
}

/** `itself`: the plugin is to blame; else the signal of what it was asked about is over. */
export type HookEnd<T> = { ok: true; value: T } | { ok: false; error: unknown; itself: boolean }

/** Time that a hook spends on questions to models is not its own. */
export class Patience {
  #asking = 0
  #since = 0
  #idle: Deferred<void> | undefined
  spent_ms = 0

  /** Until no question is on its way; undefined: none is. */
  get idle(): Promise<void> | undefined {
    return this.#idle?.promise
  }

  async during<T>(clock: Clock, ask: () => Promise<T>): Promise<T> {
    if (this.#asking === 0) {
      this.#since = clock.monotonic()
      this.#idle = deferred()
    }
    this.#asking += 1
    try {
      return await ask()
    } finally {
      this.#asking -= 1
      if (this.#asking === 0) {
        this.spent_ms += clock.monotonic() - this.#since
        this.#idle?.resolve()
        this.#idle = undefined
      }
    }
  }
}

export interface Invocation<T> {
  hook: HookName
  /** Of what the hook is about. */
  signal: AbortSignal | undefined
  patience?: Patience
  call(tools: HookTools): unknown
  /** Makes sense of what it gave. Throws an Error that says what is wrong with it. */
  read(given: unknown): T
}

/** Never rejects. */
export async function invoke<T>(held: Held, around: Surroundings, asked: Invocation<T>): Promise<HookEnd<T>> {
  const { signal } = asked
  const own = new LazySignal(signal)
  try {
    let given = asked.call(toolsOf(held, around, own))
    if (isThenable(given)) given = await inTime(Promise.resolve(given), held, around, asked)
    return { ok: true, value: asked.read(given) }
  } catch (error) {
    own.abort(error)
    if (signal?.aborted) return { ok: false, error: abortReason(signal), itself: false }
    return { ok: false, error, itself: true }
  }
}

function toolsOf(
  { options, state, timeout_ms, plugin }: Held,
  { clock, warn }: Surroundings,
  own: LazySignal,
): HookTools {
  return {
    options,
    state,
    get signal() {
      return own.signal
    },
    deadline: clock.now() + timeout_ms,
    warn: (message) => warn(`plugin "${plugin.name}": ${message}`),
  }
}

/** Few hooks look at their signal, and making one takes longer than most of them. */
class LazySignal {
  readonly #outer: AbortSignal | undefined
  #controller: AbortController | undefined
  #reason: { error: unknown } | undefined

  constructor(outer: AbortSignal | undefined) {
    this.#outer = outer
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController()
      if (this.#reason) this.#controller.abort(this.#reason.error)
    }
    const { signal } = this.#controller
    return this.#outer ? AbortSignal.any([this.#outer, signal]) : signal
  }

  abort(error: unknown): void {
    this.#reason ??= { error }
    this.#controller?.abort(error)
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}

async function inTime(
  work: Promise<unknown>,
  { timeout_ms }: Held,
  { clock }: Surroundings,
  { signal, patience }: Invocation<unknown>,
): Promise<unknown> {
  // What comes after nobody waits any more is nobody's.
  work.catch(() => {})
  const over = new AbortController()
  const late = async (): Promise<never> => {
    const began = clock.monotonic()
    for (;;) {
      const left = timeout_ms + (patience?.spent_ms ?? 0) - (clock.monotonic() - began)
      if (patience?.idle) await patience.idle
      else if (left > 0) await clock.sleep(left, over.signal)
      else break
    }
    throw new NonRetryableError('plugin_failed', `it took longer than ${formatDuration(timeout_ms)}`)
  }
  try {
    return await untilAborted(Promise.race([work, late()]), signal)
  } finally {
    over.abort()
  }
}

/** A plugin's own failure, as that of what it was asked about. */
export function pluginFailed({ plugin }: Held, hook: HookName, error: unknown): NonRetryableError {
  return new NonRetryableError('plugin_failed', `plugin "${plugin.name}" failed in ${hook}: ${messageOf(error)}`, {
    hint: 'it fails closed; with `on_error: open` in the configuration, calls go on without it',
    details: { plugin: plugin.name, hook },
    cause: error instanceof ReplicateAgentError ? undefined : error,
  })
}

/** Whatever was thrown. */
export function messageOf(error: unknown): string {
  try {
    const message = error instanceof Error ? error.message || error.name : String(error)
    return message.length > 500 ? `${message.slice(0, 500)}…` : message
  } catch {
    return 'something that has no text'
  }
}
