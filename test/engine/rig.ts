/** An engine over a real store in a temporary folder, with an executor made by hand: models are functions of the test. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ErrorData, isCalledOff, toErrorData } from '../../src/domain/errors.ts'
import type { RunNews } from '../../src/domain/events.ts'
import type { CallContext, CallOutcome, CallSpec, Executor } from '../../src/executor/contract.ts'
import { createBudget } from '../../src/executor/resilience/budget/budget.ts'
import { openArtifacts } from '../../src/state/artifacts/open.ts'
import type { LeaseHolder, Store } from '../../src/state/store/contract.ts'
import { openStore } from '../../src/state/store/open.ts'
import { abortReason } from '../../src/std/abort.ts'
import { type Clock, systemClock } from '../../src/std/clock.ts'
import type { Json, JsonObject } from '../../src/std/json.ts'
import { seededRandom } from '../../src/std/random.ts'
import type { EngineParts } from '../../src/workflow/engine.ts'
import { type LoadedWorkflow, loadWorkflowText } from '../../src/workflow/load.ts'

export interface ModelCall {
  model: string
  input: JsonObject
  signal: AbortSignal
  step: string
  index: number | undefined
}
export type Model = (call: ModelCall) => Json | Promise<Json>

/** What the "provider" remembers, outside of any process: predictions by id. */
export interface Provider {
  creates: { id: string; model: string; input: JsonObject }[]
  cancelled: string[]
}

export interface Rig {
  parts: EngineParts
  store: Store
  provider: Provider
  news: RunNews[]
  home: string
  load(yaml: string): Promise<LoadedWorkflow>
  /** The same store as another process sees it. */
  another(change?: Partial<EngineParts>): EngineParts
  close(): Promise<void>
}

export interface RigOptions {
  models?: Record<string, Model>
  clock?: Clock
  cost?: number
}

let pids = 1_000_000

export async function openRig(options: RigOptions = {}): Promise<Rig> {
  const home = await mkdtemp(join(tmpdir(), 'engine-'))
  const clock = options.clock ?? systemClock
  const random = seededRandom(7)
  const store = await openStore({ home, durability: 'normal', clock, random })
  const provider: Provider = { creates: [], cancelled: [] }
  const news: RunNews[] = []
  const dead = new Set<number>()
  const artifacts = await openArtifacts(join(home, 'artifacts'))
  const parts: EngineParts = {
    store,
    artifacts,
    executor: handMadeExecutor(options.models ?? {}, provider, clock, options.cost ?? 0.01),
    clock,
    random,
    bus: (item) => news.push(item),
    holder: holder(),
    probe: (held) => (dead.has(held.pid) ? 'gone' : 'alive'),
    endHolder: async (held) => {
      dead.add(held.pid)
    },
    createBudget,
    backoff: () => 0,
    env: {},
    cwd: home,
  }
  return {
    parts,
    store,
    provider,
    news,
    home,
    async load(yaml) {
      const outcome = await loadWorkflowText(yaml, join(home, 'test.yaml'))
      if (!outcome.ok)
        throw new Error(outcome.problems.map((problem) => `${problem.line}: ${problem.message}`).join('\n'))
      return outcome.workflow
    },
    another: (change = {}) => {
      dead.add(parts.holder.pid)
      return { ...parts, holder: holder(), ...change }
    },
    async close() {
      await store.close()
      await rm(home, { recursive: true, force: true })
    },
  }
}

function holder(): LeaseHolder {
  pids += 1
  return { pid: pids, host: 'here', started: String(pids), boot: 'boot' }
}

/** Adopts what an earlier process created, or creates. */
async function createOnce(
  provider: Provider,
  context: CallContext,
  call: number,
  { model, input }: { model: string; input: JsonObject },
): Promise<void> {
  const { open } = context.prior
  if (open?.id !== undefined) return
  if (open) {
    const body = JSON.stringify(open.body)
    const found = provider.creates.findLast((made) => made.model === model && JSON.stringify(made.input) === body)
    if (found) return context.record({ type: 'call.reattached', call, how: 'searched', id: found.id })
    await context.record({ type: 'call.reattached', call, how: 'not_found' })
  }
  await context.record({ type: 'call.intended', call, candidate: 0, target: 'function', model, body: input })
  const id = `p${provider.creates.length + 1}`
  provider.creates.push({ id, model, input })
  await context.record({ type: 'call.created', call, id, how: 'created' })
}

/** One attempt a call, re-attached by id as Replicate would be; the provider finishes what it was asked for. */
export function handMadeExecutor(
  models: Record<string, Model>,
  provider: Provider,
  clock: Clock,
  cost: number,
): Executor {
  return {
    async execute(spec: CallSpec, context: CallContext): Promise<CallOutcome> {
      const candidate = spec.chain[0]
      if (!candidate) throw new Error('an empty chain')
      const { model } = candidate
      const began = clock.monotonic()
      const open = context.prior.open
      const call = open?.call ?? context.prior.calls + 1
      const input = { ...candidate.defaults, ...spec.input }
      const facts = () => ({ attempts: context.prior.calls + 1, latency_ms: clock.monotonic() - began, model })
      try {
        const release = context.budget.reserve(cost)
        await createOnce(provider, context, call, { model, input })
        const { step, index } = context.labels
        const handler = models[model] ?? (() => null)
        const work = Promise.resolve().then(() => handler({ model, input, signal: context.signal, step, index }))
        const output = await abortable(work, context.signal)
        release(cost)
        context.recordLast?.({ type: 'call.settled', call, status: 'succeeded', latency_ms: 1, cost_usd: cost })
        return { status: 'succeeded', output, files: [], cached: false, cost_usd: cost, ...facts() }
      } catch (error) {
        const data: ErrorData = toErrorData(error)
        if (['lease_lost', 'store', 'disk_full', 'interrupted'].includes(data.code)) throw error
        if (context.signal.aborted) {
          if (!isCalledOff(context.signal.reason)) throw error
          provider.cancelled.push(model)
          return { status: 'cancelled', cost_usd: 0, ...facts() }
        }
        if (['authentication', 'payment_required', 'budget_exceeded'].includes(data.code))
          return { status: 'stopped', error: data, cost_usd: 0, ...facts() }
        context.recordLast?.({
          type: 'call.settled',
          call,
          status: 'failed',
          error: data,
          latency_ms: 1,
          cost_usd: cost,
        })
        return {
          status: 'failed',
          error: data.code === 'internal' ? { ...data, code: 'exception' } : data,
          cost_usd: cost,
          ...facts(),
        }
      }
    },
    async close() {},
  }
}

async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  work.catch(() => {})
  if (signal.aborted) throw abortReason(signal)
  return Promise.race([
    work,
    new Promise<never>((_resolve, reject) =>
      signal.addEventListener('abort', () => reject(abortReason(signal)), { once: true }),
    ),
  ])
}
