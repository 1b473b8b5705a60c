/** Plain functions as agents, called by name: for the SDK, for tests and benchmarks. */
import { CancelledError, isCalledOff, NonRetryableError, NotFoundError } from '../../domain/errors.ts'
import { artifactUri, type KeptFile } from '../../domain/file.ts'
import { costOfAmounts } from '../../domain/price.ts'
import { abortReason, untilAborted } from '../../std/abort.ts'
import type { Json, JsonObject } from '../../std/json.ts'
import { suggest } from '../../std/suggest.ts'
import type { Candidate, Target, TargetContext, TargetResult } from '../target.ts'

export interface FunctionContext {
  signal: AbortSignal
  labels: TargetContext['labels']
  progress: TargetContext['progress']
  /** The bytes behind an `artifact:` URI of the input. Throws NotFoundError when the run holds no such file. */
  read(uri: string): Promise<Uint8Array>
  /** Keeps a file and gives the URI under which the output may name it. */
  keep(bytes: Uint8Array, name: string, mediaType?: string): Promise<string>
}

/** What it gives is taken as JSON; undefined is null. What it throws is a failure of class `exception`. */
export type AgentFunction = (input: JsonObject, context: FunctionContext) => unknown

/**
 * A function can't be asked again how it went: a call that was in flight when its process ended is made anew.
 * It costs what its agent's `price` says of calls and seconds, and nothing without one.
 */
export function createFunctionTarget(functions: Readonly<Record<string, AgentFunction>>): Target {
  function find(name: string): AgentFunction {
    const found = Object.hasOwn(functions, name) ? functions[name] : undefined
    if (found) return found
    const near = suggest(name, Object.keys(functions))
    throw new NotFoundError(`no function "${name}" is registered`, {
      hint: near === undefined ? undefined : `did you mean "${near}"?`,
    })
  }

  return {
    kind: 'function',
    idempotent: true,
    async call(candidate, input, context): Promise<TargetResult> {
      const { signal, clock, record } = context
      const run = find(candidate.model)
      if (context.open) await record.reattached('not_found')
      await record.intended(input, undefined)
      signal.throwIfAborted()
      const files: KeptFile[] = []
      const began = clock.monotonic()
      // A function that does not look at its signal must not hold up a cancellation.
      const given = await untilAborted(
        Promise.resolve().then(() => run(input, toolsOf(context, files))),
        signal,
      ).catch((error: unknown) => {
        throw signal.aborted ? calledOff(signal, error, priceOf(candidate, clock.monotonic() - began)) : error
      })
      const cost_usd = priceOf(candidate, clock.monotonic() - began)
      return { output: asJson(given, candidate.model), files, cost_usd, model: candidate.model }
    },
    async estimate(candidate, _input, { timeout_ms }) {
      return priceOf(candidate, timeout_ms)
    },
    async expect(candidate, _input, { latency_ms }) {
      return priceOf(candidate, latency_ms ?? undefined)
    },
    async close() {},
  }
}

/** It was made, so that it costs what it costs. */
function calledOff(signal: AbortSignal, error: unknown, cost_usd: number | null): unknown {
  const reason = abortReason(signal)
  if (error !== reason || !isCalledOff(reason)) return error
  return new CancelledError('the function was called off', { cause: reason, details: { cost_usd } })
}

function toolsOf({ signal, labels, progress, files }: TargetContext, kept: KeptFile[]): FunctionContext {
  return {
    signal,
    labels,
    progress,
    async read(uri) {
      const file = files.find(uri)
      if (!file) throw new NotFoundError(`the run holds no file ${uri}`)
      return files.read(file.sha256)
    },
    async keep(bytes, name, mediaType) {
      const file = await files.keep(bytes, name, mediaType)
      kept.push(file)
      return artifactUri(file)
    },
  }
}

/** null: its price counts something that a function says nothing of. */
function priceOf({ price = {} }: Candidate, ms: number | undefined): number | null {
  if (price.hardware !== undefined) return null
  return costOfAmounts(price, { call: 1, second: ms === undefined ? undefined : ms / 1_000 })
}

function asJson(given: unknown, name: string): Json {
  try {
    const text = JSON.stringify(given) as string | undefined
    return text === undefined ? null : (JSON.parse(text) as Json)
  } catch (error) {
    throw new NonRetryableError('exception', `what function "${name}" gave is not JSON: ${(error as Error).message}`)
  }
}
