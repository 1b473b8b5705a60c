/** Asks the plugins about a call: before it in their order, after it in the reverse. */
import { toErrorData } from '../domain/errors.ts'
import type { Json, JsonObject } from '../std/json.ts'
import { changed, changedInput, reasons, refused, type Verdict } from './asked.ts'
import { checkedJson, frozenJson } from './frozen-json.ts'
import { type Held, type HookEnd, invoke, messageOf, Patience, pluginFailed, type Surroundings } from './invoke.ts'
import type {
  AgentContext,
  AgentFailure,
  AgentResult,
  CallHooks,
  CallTools,
  Entered,
  HookedCall,
  HookName,
  HookTools,
  Question,
} from './plugin.ts'

export function agentHooks(plugins: readonly Held[], around: Surroundings): CallHooks {
  return {
    async enter(call, made) {
      const asked = plugins.filter(({ plugin }) => !call.asked_by.includes(plugin.name))
      return asked.length === 0 ? untouched : new Passage(call, around).enter(asked, made)
    },
  }
}

const untouched: Entered = { input: undefined, answered: async ({ output }) => output, failed: async () => {} }

/** Of a hook: whether the call goes on, what it goes on with, and whether the plugin is to be left out of it. */
type Asked<T extends Json> = Verdict<T> | 'left out'

interface Inside {
  held: Held
  /** As it let it through. */
  context: AgentContext
}

/** One call on its way through the plugins. */
class Passage implements Entered {
  readonly #call: HookedCall
  readonly #around: Surroundings
  /** Those that let it through; each is told of the end once, the last one first. */
  readonly #inside: Inside[] = []
  input: JsonObject | undefined
  refusal?: Error

  constructor(call: HookedCall, around: Surroundings) {
    this.#call = call
    this.#around = around
  }

  async enter(plugins: readonly Held[], made: boolean): Promise<Entered> {
    let context: AgentContext = Object.freeze({ ...this.#call.context, input: frozenJson(this.#call.context.input) })
    for (const held of plugins) {
      try {
        const verdict = await this.#before(held, context, made)
        if (verdict === 'left out') continue
        if (verdict) {
          this.input = verdict.value
          context = Object.freeze({ ...context, input: frozenJson(verdict.value) })
        }
        this.#inside.push({ held, context })
      } catch (error) {
        await this.failed({ ...toErrorData(error), cost_usd: 0, spent_usd: 0 })
        throw error
      }
    }
    return this
  }

  async #before(held: Held, context: AgentContext, made: boolean): Promise<Asked<JsonObject>> {
    const { agent_pre_execute: hook } = held.plugin.hooks
    if (!hook) return undefined
    const why = reasons()
    const verdict = await this.#ask<JsonObject>(held, 'agent_pre_execute', {
      call: (tools, patience) => hook(context, this.#toolsFor(held, context, why, tools, patience)),
      read: (back) => changedInput('agent_pre_execute', context, back),
    })
    if (verdict !== null) return verdict
    const refusal = refused(held.plugin, 'refused', 'the call', why)
    if (!made) throw refusal
    this.refusal ??= refusal
    return undefined
  }

  async answered(result: AgentResult): Promise<Json> {
    let { output } = result
    let isChanged = false
    for (;;) {
      const next = this.#inside.pop()
      if (!next) return isChanged ? checkedJson(output) : output
      try {
        const verdict = await this.#after(next, { ...result, output })
        if (!verdict || verdict === 'left out') continue
        output = verdict.value
        isChanged = true
      } catch (error) {
        const { cost_usd, spent_usd } = result
        await this.failed({ ...toErrorData(error), cost_usd, spent_usd })
        throw error
      }
    }
  }

  async #after({ held, context }: Inside, result: AgentResult): Promise<Asked<Json>> {
    const { agent_post_execute: hook } = held.plugin.hooks
    if (!hook) return undefined
    const why = reasons()
    const files = Object.freeze(result.files.map((file) => Object.freeze({ ...file })))
    const given: AgentResult = Object.freeze({ ...result, files, output: frozenJson(result.output) })
    const verdict = await this.#ask<Json>(held, 'agent_post_execute', {
      call: (tools, patience) => hook(context, given, this.#toolsFor(held, context, why, tools, patience)),
      read: (back) => changed('agent_post_execute', given, back, 'output'),
    })
    if (verdict === null) throw refused(held.plugin, 'withheld', 'the answer', why)
    return verdict
  }

  /** They only hear of it: what they throw is warned of. */
  async failed(error: AgentFailure): Promise<void> {
    const given = Object.freeze({ ...error })
    for (;;) {
      const next = this.#inside.pop()
      if (!next) return
      const { held, context } = next
      const { agent_error: hook } = held.plugin.hooks
      if (!hook) continue
      const patience = new Patience()
      const end = await invoke(held, this.#around, {
        hook: 'agent_error',
        // Of a call that was cancelled they hear, too.
        signal: undefined,
        patience,
        call: (tools) => hook(context, given, this.#toolsFor(held, context, reasons(), tools, patience)),
        read: () => undefined,
      })
      if (!end.ok) this.#around.warn(`plugin "${held.plugin.name}" failed in agent_error: ${messageOf(end.error)}`)
    }
  }

  /** Throws what fails the call. */
  async #ask<T extends Json>(
    held: Held,
    hook: HookName,
    { call, read }: { call(tools: HookTools, patience: Patience): unknown; read(given: unknown): Verdict<T> },
  ): Promise<Asked<T>> {
    const { signal } = this.#call
    const patience = new Patience()
    const own = (tools: HookTools) => call(tools, patience)
    const end: HookEnd<Verdict<T>> = await invoke(held, this.#around, { hook, signal, patience, call: own, read })
    if (end.ok) return end.value
    if (!end.itself) throw end.error
    if (held.on_error === 'closed') throw pluginFailed(held, hook, end.error)
    this.#around.warn(`plugin "${held.plugin.name}" failed in ${hook} and is passed over: ${messageOf(end.error)}`)
    return 'left out'
  }

  /** Put into the same object, so that its signal is made only when somebody looks at it. */
  #toolsFor(
    { plugin }: Held,
    { input }: AgentContext,
    { refuse }: Pick<CallTools, 'refuse'>,
    tools: HookTools,
    patience: Patience,
  ): CallTools {
    const call = this.#call
    const asked_by = [...call.asked_by, plugin.name]
    const { clock } = this.#around
    return Object.assign(tools, {
      earlier: call.earlier,
      estimate: () => call.estimate(input),
      ask: ({ agent, input: question }: Question) => {
        const asked = { agent, input: checkedJson(question) as JsonObject, asked_by }
        return patience.during(clock, () => call.ask(asked, tools.signal))
      },
      refuse,
      withhold: refuse,
    })
  }
}
