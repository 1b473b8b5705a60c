/** Calls that go through route → guard → learn, with each part of it on or off; their journal is in memory. */
import { join } from 'node:path'
import { openAudit } from '../src/app/audit/open-audit.ts'
import { openCache } from '../src/app/cache/open-cache.ts'
import { openPlugins } from '../src/app/plugins/open-plugins.ts'
import { auditSettings } from '../src/config/audit.ts'
import { cacheSettings } from '../src/config/cache.ts'
import { defaultBreaker } from '../src/domain/breaker.ts'
import { defaultRetry } from '../src/domain/definition.ts'
import { defaultRouting } from '../src/domain/routing.ts'
import type { CallContext, CallSpec, Candidate } from '../src/executor/contract.ts'
import { createExecutor } from '../src/executor/executor.ts'
import { createBudget } from '../src/executor/resilience/budget/budget.ts'
import type { CacheParts } from '../src/executor/resilience/cache/cache.ts'
import { createCallLimits } from '../src/executor/resilience/limits/call-limits.ts'
import { openRouterState } from '../src/executor/routing/state-file.ts'
import { createMemoryState } from '../src/executor/routing/state.ts'
import { definePlugin } from '../src/plugins/define-plugin.ts'
import { openCells } from '../src/state/cells/open.ts'
import { probeHolder, thisHolder } from '../src/state/store/holder.ts'
import { openStore } from '../src/state/store/open.ts'
import { type Cells, createMemoryCells } from '../src/std/cells.ts'
import { systemClock } from '../src/std/clock.ts'
import { systemRandom } from '../src/std/random.ts'
import type { Target } from '../src/targets/target.ts'
import { memoryCall } from '../src/testing/memory-call.ts'

/** What can be left out of a guarded call. */
export const guardParts = [
  'routing',
  'breaker',
  'limits',
  'budget',
  'timeout',
  'retries',
  'cache',
  'audit',
  'plugin',
] as const
export type GuardPart = (typeof guardParts)[number]

export interface GuardOptions {
  parts: ReadonlySet<GuardPart>
  /** For files; the audit log is always one. */
  folder: string
  /** Breakers, limits, budgets, cache and statistics are there, too, shared with other processes; default: in memory. */
  onDisk?: boolean
  /** Default: one that answers at once. */
  target?: Target | undefined
  models?: readonly string[] | undefined
}

export interface Guarded {
  /** Throws when it does not succeed. */
  call(): Promise<void>
  close(): Promise<void>
}

const { clock, random } = { clock: systemClock, random: systemRandom }
/** Bounds that are never reached: what is measured is the looking. */
const plenty = 1e9
const much = { per_minute: plenty, burst: plenty }
const fiveModels = ['one', 'two', 'three', 'four', 'five'].map((name) => `bench/${name}`)

export async function guardedCalls({
  parts,
  folder,
  onDisk,
  target,
  models = fiveModels,
}: GuardOptions): Promise<Guarded> {
  const has = (part: GuardPart) => parts.has(part)
  const shared = onDisk ? await stateOnDisk(folder) : stateInMemory()
  const made = target ?? idleTarget(models)
  const cells = async () => shared.cells
  const limits = createCallLimits(
    { providers: has('limits') ? { replicate: { rate: much } } : {}, models: {} },
    { cells, clock, process: 'bench' },
  )
  const callLog = has('audit') ? auditIn(folder, shared.cells) : undefined
  const plugins = has('plugin') ? await openPlugins(pluginParts) : undefined
  const executor = createExecutor({
    targets: async () => made,
    ...{ cells, limits, clock, random, cache: shared.cache, routerState: shared.routerState },
    ...(callLog && { callLog }),
    ...(plugins && { hooks: plugins.calls }),
    ...(has('budget') && { budgets }),
  })
  const budget = createBudget({ spent_usd: 0, ...(has('budget') && { limit_usd: plenty }) })
  const surroundings = memoryCall({ budget }).context
  const chain = (has('routing') ? models : models.slice(0, 1)).map((model) => candidateOf(model, parts))
  const routes = new Map([['bench', { routing: defaultRouting }]])
  let turn = 0
  return {
    async call() {
      turn += 1
      const spec: CallSpec = {
        chain,
        input: { prompt: `Name three things, number ${turn}.`, max_tokens: 16 },
        retry: has('retries') ? defaultRetry : { ...defaultRetry, attempts: 1, budget: null },
        ...(has('routing') && { routes }),
        ...(has('timeout') && { timeout_ms: 60_000 }),
        ...(has('cache') && { cache: { max_entries: 1_000 } }),
      }
      const context: CallContext = {
        ...surroundings,
        record: async () => {},
        recordLast() {},
        claim: async () => true,
        versionOf: () => 'official',
        progress() {},
        labels: { run_id: `run${turn}`, workflow: 'bench', step: 'ask' },
      }
      const outcome = await executor.execute(spec, context)
      if (outcome.status !== 'succeeded') throw new Error(`a guarded call ended ${JSON.stringify(outcome)}`)
    },
    async close() {
      await executor.close()
      await limits.close()
      await callLog?.close()
      await plugins?.close()
      await shared.close()
    },
  }
}

/** Of a day, a month and a run, none of them ever reached. */
const budgets = {
  ...{ settings: { per_run: { hard: plenty }, day: { hard: plenty }, month: { hard: plenty } }, warn: refuse },
  ...{ spender: thisHolder(), lifeOf: probeHolder, journaled: async () => [] },
}

/** It is asked before each call and after it, and changes nothing. */
const idlePlugin = definePlugin({
  name: 'idle',
  hooks: { agent_pre_execute: (context) => context, agent_post_execute: (_context, result) => result },
})
const pluginParts = { config: undefined, given: [idlePlugin], cwd: '.', clock, warn: refuse }

function candidateOf(model: string, parts: ReadonlySet<GuardPart>): Candidate {
  return {
    ...{ name: 'bench', target: 'replicate', model, deployment: false, defaults: {} },
    ...(parts.has('breaker') && { breaker: defaultBreaker }),
    ...(parts.has('limits') && { limits: { rate: much }, bulkhead: { max_concurrent: 64 } }),
  }
}

/** Each model costs twice as much as the one before it. */
function idleTarget(models: readonly string[]): Target {
  const priceOf = ({ model }: Candidate) => 0.0005 * 2 ** models.indexOf(model)
  return {
    kind: 'replicate',
    async call(candidate, input, { record }) {
      await record.intended(input, undefined)
      return { output: 'done', files: [], cost_usd: priceOf(candidate), model: candidate.model }
    },
    pin: async ({ model }) => model,
    estimate: async (candidate) => priceOf(candidate),
    expect: async (candidate) => priceOf(candidate),
    close: async () => {},
  }
}

interface SharedState {
  cells: Cells
  cache: CacheParts
  routerState: ReturnType<typeof createMemoryState>
  close(): Promise<void>
}

function stateInMemory(): SharedState {
  const cache: CacheParts = { disk: { get: async () => undefined, write: async () => {}, evict: async () => 0 } }
  return { cells: createMemoryCells(), cache, routerState: createMemoryState(clock), close: async () => {} }
}

function auditIn(home: string, cells: Cells): ReturnType<typeof openAudit> {
  return openAudit({
    ...{ home, world: 'real', settings: auditSettings(), key: Buffer.alloc(32), door: 'sdk' },
    ...{ cells: async () => cells, clock, random, durability: 'normal', warn: refuse },
  })
}

function refuse(message: string): never {
  throw new Error(message)
}

async function stateOnDisk(folder: string): Promise<SharedState> {
  const warn = refuse
  const durability = 'normal' as const
  const cells = await openCells({ file: join(folder, 'shared.db'), clock, random })
  const store = await openStore({ home: folder, durability, clock, random })
  const cache = openCache({
    store,
    scope: 'real',
    settings: cacheSettings({}),
    cells: async () => cells,
    clock,
    random,
    warn,
  })
  const file = join(folder, 'router-state.json')
  const routerState = await openRouterState({ file, durability, clock, random, warn })
  return {
    ...{ cells, cache, routerState },
    async close() {
      await routerState.close()
      await store.close()
      cells.close()
    },
  }
}
