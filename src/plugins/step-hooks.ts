/** Asks the plugins about a step: before it in their order, after it in the reverse. */
import type { HookedStep, StepHooks } from '../domain/step-hooks.ts'
import type { Json, JsonObject } from '../std/json.ts'
import { changed, changedInput, type Reasons, reasons, refused, type Verdict } from './asked.ts'
import { checkedJson, frozenJson } from './frozen-json.ts'
import { type Held, invoke, messageOf, pluginFailed, type Surroundings } from './invoke.ts'
import type { HookName, HookTools, StepContext, StepTools } from './plugin.ts'

export function stepHooks(plugins: readonly Held[], around: Surroundings): StepHooks {
  return {
    async pre(step, signal) {
      let { input } = step
      let isChanged = false
      for (const held of plugins) {
        const { step_pre: hook } = held.plugin.hooks
        if (!hook) continue
        const context = contextOf({ ...step, input })
        const verdict = await ask(held, 'step_pre', signal, {
          call: (tools) => hook(context, tools),
          read: (back) => changedInput('step_pre', context, back),
          refusal: (why) => refused(held.plugin, 'refused', 'the step', why),
        })
        if (!verdict) continue
        input = verdict.value
        isChanged = true
      }
      return isChanged ? (checkedJson(input) as JsonObject) : step.input
    },
    async post(step, given, signal) {
      let output = given
      let isChanged = false
      for (const held of plugins.toReversed()) {
        const { step_post: hook } = held.plugin.hooks
        if (!hook) continue
        const context = contextOf(step)
        const result = Object.freeze({ output: frozenJson(output) })
        const verdict = await ask(held, 'step_post', signal, {
          call: (tools) => hook(context, result, tools),
          read: (back) => changed('step_post', result, back, 'output'),
          refusal: (why) => refused(held.plugin, 'withheld', 'the output of the step', why),
        })
        if (!verdict) continue
        output = verdict.value
        isChanged = true
      }
      return isChanged ? checkedJson(output) : given
    },
  }

  /** Throws what fails the step. */
  async function ask<T extends Json>(
    held: Held,
    hook: HookName,
    signal: AbortSignal,
    asked: {
      call(tools: StepTools): unknown
      read(given: unknown): Verdict<T>
      refusal(why: Reasons): Error
    },
  ): Promise<{ value: T } | undefined> {
    const why = reasons()
    const { refuse } = why
    const call = (tools: HookTools) => asked.call(Object.assign(tools, { refuse, withhold: refuse }))
    const end = await invoke(held, around, { hook, signal, call, read: asked.read })
    if (end.ok && end.value === null) throw asked.refusal(why)
    if (end.ok) return end.value ?? undefined
    if (!end.itself) throw end.error
    if (held.on_error === 'closed') throw pluginFailed(held, hook, end.error)
    around.warn(`plugin "${held.plugin.name}" failed in ${hook} and is passed over: ${messageOf(end.error)}`)
    return undefined
  }
}

function contextOf(step: HookedStep): StepContext {
  return Object.freeze({ ...step, root_run_id: rootOf(step.run_id), input: frozenJson(step.input) })
}

/** The id of a nested run begins with that of the run that it is nested in. */
function rootOf(runId: string): string {
  return runId.split('.', 1)[0] as string
}
