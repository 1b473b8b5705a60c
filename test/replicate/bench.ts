/** A scripted API and the Replicate target behind an executor: what the tests of this folder share. */
import { afterEach } from 'vitest'
import { createPriceBook } from '../../src/config/prices/book.ts'
import { defaultRetry } from '../../src/domain/definition.ts'
import type { CallFact, CallOutcome, CallSpec } from '../../src/executor/contract.ts'
import { createExecutor } from '../../src/executor/executor.ts'
import { createCallLimits } from '../../src/executor/resilience/limits/call-limits.ts'
import { createMemoryCells } from '../../src/std/cells.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { seededRandom } from '../../src/std/random.ts'
import type { ReplicateOptions } from '../../src/targets/replicate/options.ts'
import { createReplicateTarget } from '../../src/targets/replicate/target.ts'
import { eagerClock } from '../../src/testing/eager-clock.ts'
import { memoryCall, type MemoryCall, type MemoryCallOptions } from '../../src/testing/memory-call.ts'
import {
  type ScriptedAnswer,
  type ScriptedServer,
  type SeenRequest,
  startScriptedServer,
} from '../../src/testing/scripted-server.ts'

export const token = 'r8_secret_of_the_test'
export const official = 'acme/writer'
export const version = 'ab'.repeat(32)
export const community = `acme/painter:${version}`

export const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

export type Answer = (request: SeenRequest, at: number, origin: string) => ScriptedAnswer | undefined

interface Bench {
  server: ScriptedServer
  clock: ReturnType<typeof eagerClock>
  creates(): SeenRequest[]
  /** Calls through the executor, as the engine does. */
  call(model: string, input: JsonObject, options?: CallOptions): Promise<{ outcome: CallOutcome } & MemoryCall>
}

interface CallOptions extends MemoryCallOptions {
  spec?: Partial<CallSpec>
  deployment?: boolean
  before?(call: MemoryCall): void
}

export const prediction = (more: JsonObject = {}): JsonObject => ({
  id: 'p1',
  model: 'acme/writer',
  version: 'hidden',
  status: 'succeeded',
  input: {},
  output: 'done',
  error: null,
  logs: '',
  data_removed: false,
  metrics: { predict_time: 1 },
  created_at: new Date(Date.UTC(2026, 0, 1)).toISOString(),
  urls: { get: 'https://example.com/p1', cancel: 'https://example.com/p1/cancel' },
  ...more,
})

/** A server where `acme/writer` is official and `acme/painter` is not; the test answers the rest. */
export async function bench(
  answer: Answer,
  options: Partial<ReplicateOptions> = {},
  eager_ms = 60_000,
): Promise<Bench> {
  const server: ScriptedServer = await startScriptedServer((request, at) => {
    const given = answer(request, at, server.origin)
    if (given) return given
    if (request.path === '/v1/models/acme/writer') return { body: { is_official: true } }
    if (request.path === '/v1/models/acme/painter')
      return { body: { is_official: false, latest_version: { id: version } } }
    return { status: 404, body: { detail: 'not scripted' } }
  })
  closing.push(server.close)
  const clock = eagerClock(eager_ms)
  const target = createReplicateTarget({
    prices: createPriceBook([]),
    token,
    baseUrl: `${server.origin}/v1`,
    clock,
    random: seededRandom(3),
    ...options,
  })
  closing.push(target.close)
  const cells = createMemoryCells()
  const limits = createCallLimits({ providers: {}, models: {} }, { cells: async () => cells, clock, process: 'test' })
  closing.push(() => limits.close())
  const executor = createExecutor({ targets: async () => target, clock, random: seededRandom(4), limits })
  return {
    server,
    clock,
    creates: () => server.requests.filter(({ method, path }) => method === 'POST' && path.endsWith('/predictions')),
    async call(model, input, { spec, deployment = false, before, ...more } = {}) {
      const memory = memoryCall(more)
      before?.(memory)
      const chain = [
        { name: model, target: 'replicate', model, deployment, defaults: {}, price: { usd_per_second: 0.01 } },
      ]
      const outcome = await executor.execute({ chain, input, retry: defaultRetry, ...spec }, memory.context)
      return { outcome, ...memory }
    },
  }
}

export const types = (facts: CallFact[]) => facts.map((fact) => fact.type)
export const isCreate = ({ method, path }: SeenRequest) => method === 'POST' && path.endsWith('/predictions')
export const isGet = ({ method, path }: SeenRequest, id = 'p1') => method === 'GET' && path === `/v1/predictions/${id}`
export const isList = ({ method, path }: SeenRequest) => method === 'GET' && path === '/v1/predictions'
