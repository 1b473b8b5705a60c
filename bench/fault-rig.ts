/** A chain of two models behind a server that fails as a script says, called one at a time. */
import { defaultBreaker } from '../src/domain/breaker.ts'
import { defaultRetry } from '../src/domain/definition.ts'
import type { CallOutcome, Candidate } from '../src/executor/contract.ts'
import { createExecutor } from '../src/executor/executor.ts'
import { noLimits } from '../src/executor/resilience/limits/call-limits.ts'
import type { Clock } from '../src/std/clock.ts'
import { seededRandom } from '../src/std/random.ts'
import { createReplicateTarget } from '../src/targets/replicate/target.ts'
import { memoryCall } from '../src/testing/memory-call.ts'
import { type ScriptedAnswer, type SeenRequest, startScriptedServer } from '../src/testing/scripted-server.ts'

export const primary = 'bench/primary'
export const backup = 'bench/backup'
export const token = 'r8_BenchTokenThatNobodyMaySee'

export interface FaultRig {
  call(): Promise<{ outcome: CallOutcome; ms: number }>
  requests: SeenRequest[]
  /** How often a model was asked. */
  hits(model: string): number
  close(): Promise<void>
}

/** `attempts` at each model. */
export async function faultRig(
  clock: Clock,
  answer: (request: SeenRequest, at: number) => ScriptedAnswer,
  attempts = 1,
): Promise<FaultRig> {
  const server = await startScriptedServer((request, at) =>
    request.method === 'GET' && request.path === '/v1/predictions' ? { body: { results: [] } } : answer(request, at),
  )
  const random = seededRandom(1)
  const prices = { find: () => ({ rates: { call: 0.001 } }) } as never
  const target = createReplicateTarget({ token, baseUrl: `${server.origin}/v1`, clock, random, prices })
  const executor = createExecutor({ targets: async () => target, clock, random, limits: noLimits })
  const chain = [primary, backup].map((model): Candidate => {
    return { name: model, target: 'replicate', model, deployment: false, defaults: {}, breaker: defaultBreaker }
  })
  const { context } = memoryCall()
  let turn = 0
  return {
    requests: server.requests,
    hits: (model) => server.requests.filter(({ method, path }) => isCreate(model, method, path)).length,
    async call() {
      turn += 1
      const labels = { run_id: `run${turn}`, workflow: 'bench', step: 'ask' }
      const spec = { chain, input: { prompt: `question ${turn}` }, retry: { ...defaultRetry, attempts } }
      const began = performance.now()
      const outcome = await executor.execute(spec, { ...context, labels, versionOf: () => 'official' })
      return { outcome, ms: performance.now() - began }
    },
    async close() {
      await executor.close()
      await target.close()
      await server.close()
    },
  }
}

export function isCreate(model: string, method: string, path: string): boolean {
  return method === 'POST' && path === `/v1/models/${model}/predictions`
}

export function prediction(status: string, id: string, code = 201): ScriptedAnswer {
  const ended = status === 'succeeded' ? { output: 'done', metrics: { predict_time: 0.1 } } : {}
  return { status: code, body: { id, status, input: {}, logs: '', urls: {}, ...ended } }
}
