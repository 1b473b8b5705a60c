/** An executor over functions or a scripted target: what the tests of this folder share. */
import { defaultRetry, type RetryPolicy } from '../../src/domain/definition.ts'
import type { CallFact, CallSpec } from '../../src/executor/contract.ts'
import { createExecutor, type ExecutorParts } from '../../src/executor/executor.ts'
import type { Json, JsonObject } from '../../src/std/json.ts'
import { seededRandom } from '../../src/std/random.ts'
import { type AgentFunction, createFunctionTarget } from '../../src/targets/function/target.ts'
import type { Candidate, Target, TargetContext } from '../../src/targets/target.ts'
import { eagerClock } from '../../src/testing/eager-clock.ts'

export const candidate = (model: string, more: Partial<Candidate> = {}): Candidate => ({
  name: model,
  target: 'function',
  model,
  deployment: false,
  defaults: {},
  ...more,
})
export const retry = (more: Partial<RetryPolicy> = {}): RetryPolicy => ({ ...defaultRetry, ...more })
export const spec = (more: Partial<CallSpec> = {}): CallSpec => ({
  chain: [candidate('f')],
  input: {},
  retry: retry(),
  ...more,
})

export function harness(functions: Record<string, AgentFunction>, more: Partial<ExecutorParts> = {}) {
  const clock = eagerClock(60_000)
  const target = createFunctionTarget(functions)
  const executor = createExecutor({ targets: async () => target, clock, random: seededRandom(1), ...more })
  return { clock, executor }
}

/** A target that does what the test says, attempt by attempt. */
export function scripted(script: (context: TargetContext, at: number, input: JsonObject) => Promise<Json>): Target {
  let at = 0
  return {
    kind: 'scripted',
    async call(asked, input, context) {
      at += 1
      const output = await script(context, at, input)
      return { output, files: [], cost_usd: 0.5, model: asked.model }
    },
    estimate: async () => 1,
    close: async () => {},
  }
}

export function scriptedHarness(script: Parameters<typeof scripted>[0], more: Partial<ExecutorParts> = {}) {
  const clock = eagerClock()
  const target = scripted(script)
  return { clock, executor: createExecutor({ targets: async () => target, clock, random: seededRandom(1), ...more }) }
}

export const settled = (facts: CallFact[]) => facts.filter((fact) => fact.type === 'call.settled')
export const types = (facts: CallFact[]) => facts.map((fact) => fact.type)
