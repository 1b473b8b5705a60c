/** The one path of every call: route (pick a candidate) → guard (cache, budget, limit, retry, timeout, schema) → call → learn. */
import { CancelledError, NonRetryableError, ReplicateAgentError, toErrorData } from '../domain/errors.ts'
import type { BreakerPolicy } from '../domain/breaker.ts'
import type { CallLog } from '../domain/call-report.ts'
import type { CallHooks } from '../plugins/plugin.ts'
import { type Cells, createMemoryCells } from '../std/cells.ts'
import type { Clock } from '../std/clock.ts'
import type { Random } from '../std/random.ts'
import type { Candidate, Target } from '../targets/target.ts'
import type { CallContext, CallOutcome, Executor } from './contract.ts'
import { asFailure, stopsRun } from './failure.ts'
import { hooked } from './hooked.ts'
import { Ledger } from './ledger.ts'
import { createBreakers, refusalOf, shareOf } from './resilience/breaker/breakers.ts'
import { type CacheParts, type CallCache, createCallCache } from './resilience/cache/cache.ts'
import { type CallLimitsOf, createCallLimits } from './resilience/limits/call-limits.ts'
import { backoffDelay } from './resilience/retry/retry.ts'
import { type AccountsParts, BudgetAccounts } from './resilience/budget/accounts.ts'
import { latenciesByModel } from './resilience/retry/latencies.ts'
import { createRetryBudgets, noRetryBudgets } from './resilience/retry/retry-budget.ts'
import { startDeadline } from './resilience/retry/timeout.ts'
import { resumePoint } from './resume-point.ts'
import { createRouter, type Route, type RouterParts } from './routing/router.ts'
import { createMemoryState, type RouterState } from './routing/state.ts'
import { closePurse, type Purse } from './reservation.ts'
import { strategies } from './routing/strategy-table.ts'
import { type AgentTimes, createAgentTimes } from './agent-times.ts'
import { orphansOf, settleOrphans } from './orphans.ts'
import { throughCache } from './cached.ts'
import { tryTurn } from './tries.ts'
import type { Turn, Work } from './work.ts'

export interface ExecutorParts {
  /** The target of a kind, made at first use. Whoever gives it closes it. */
  targets(kind: string): Promise<Target>
  /** State that processes share, opened at first use; default: this executor has its own. */
  cells?(): Promise<Cells>
  /** What keeps budgets of days, months and agents. Absent: only those of calls, steps and runs are kept. */
  budgets?: Omit<AccountsParts, 'cells' | 'clock' | 'random'>
  /** Absent: `cache` policies find and keep nothing, so the app always gives one. */
  cache?: CacheParts
  clock: Clock
  random: Random
  /** What holds calls back. Default: what agents say of themselves. Whoever gives it closes it. */
  limits?: CallLimitsOf
  /** Circuit breakers of providers as a whole, by target kind. */
  providerBreakers?: Readonly<Record<string, BreakerPolicy>>
  /** `none`: retry budgets are not kept. */
  retryBudgets?: 'none'
  /** What is known of models; default: what calls of this executor teach. */
  routerState?: RouterState
  /** In a replay: which of these candidates was called then, as an index; undefined: nobody knows. */
  replayed?: RouterParts['replayed']
  /** Told of every call that is over. */
  callLog?: CallLog
  /** Asked about every call; absent: there are no plugins. */
  hooks?: CallHooks
  /** How long to wait before another attempt; default: as the step's policy says. */
  backoff?: typeof backoffDelay
}

type Routed = Work & { cache: CallCache | undefined }

export function createExecutor(parts: ExecutorParts): Executor {
  const { clock, random } = parts
  const breakers = createBreakers({ clock, cells: parts.cells, providers: parts.providerBreakers })
  const ownCells = createMemoryCells()
  const cells = parts.cells ?? (async () => ownCells)
  const accounts = parts.budgets && new BudgetAccounts({ ...parts.budgets, cells, clock, random })
  const shared = {
    breakers,
    targets: parts.targets,
    clock,
    random,
    router: createRouter({
      state: parts.routerState ?? createMemoryState(),
      strategyOf: (name) => strategies[name],
      random,
      ...(parts.replayed && { replayed: parts.replayed }),
      gate: { refusal: (candidate) => refusalOf(breakers.of(candidate)) },
    }),
    backoff: parts.backoff ?? backoffDelay,
    accounts,
    cache: parts.cache && createCallCache(parts.cache, clock),
    latencies: latenciesByModel(),
    retryBudgets: parts.retryBudgets === 'none' ? noRetryBudgets : createRetryBudgets(clock),
    limits: parts.limits ?? ownLimits(parts),
  }
  let closed = false
  return {
    async execute(spec, context) {
      if (closed) throw new CancelledError('the executor is closed', { code: 'interrupted' })
      const opening = breakers.ready(spec.chain)
      if (opening) await opening
      const { prior } = context
      const ledger = new Ledger(prior, clock)
      const bounds = { signal: context.signal, at: context.deadline }
      const purse: Purse = new Map()
      const whole = startDeadline(clock, bounds, spec.timeout_ms, prior.elapsed_ms)
      const work = { ...shared, spec, context, ledger, whole, deadline: whole, purse }
      try {
        return await hooked(parts.hooks, parts.callLog, work, inTime)
      } finally {
        whole.end()
        closePurse(purse)
      }
    },
    reported: async () => parts.callLog?.flushed(),
    async close() {
      closed = true
      await breakers.close()
      await shared.cache?.close()
      await accounts?.close()
    },
  }
}

function ownLimits({ cells, clock }: ExecutorParts): CallLimitsOf {
  const own = createMemoryCells()
  return createCallLimits({ providers: {}, models: {} }, { cells: cells ?? (async () => own), clock, process: 'own' })
}

// ── route ──

async function inTime(work: Routed): Promise<CallOutcome> {
  const { orphans } = work.context.prior
  const agents = createAgentTimes(work)
  try {
    if (orphans) await settleOrphans(work, orphans)
    return await run(agents)
  } finally {
    agents.end()
  }
}

/** Tries candidates until one answers. */
async function run(agents: AgentTimes<Routed>): Promise<CallOutcome> {
  const { spec, context, ledger } = agents.work
  const { current, untried } = resumePoint(spec, context.prior)
  const held = heldBack(agents.work, untried)
  let takenUp = current
  while (untried.size > 0) {
    const open = groupOf(spec.chain, untried, held)
    const work = agents.of(spec.chain[takenUp ?? open[0] ?? 0] as Candidate)
    const route = takenUp === undefined ? await nextOf(work, open, held) : goingOn(work, takenUp, open)
    takenUp = undefined
    if (!('position' in route)) {
      passOver(work, route, open, held, untried)
      continue
    }
    untried.delete(route.position)
    try {
      const outcome = await tryCandidate(work, route, untried.size === 0)
      if (outcome) return outcome
    } finally {
      route.ended()
    }
  }
  const { outOfMoney } = ledger
  if (outOfMoney) return ledger.ended('stopped', outOfMoney)
  return ledger.ended('failed', ledger.lastFailure ?? failureBefore(context))
}

function goingOn({ router, spec }: Routed, position: number, open: readonly number[]): Route {
  const alone = open.every((other) => other === position)
  return { position, alone, ended: router.begin(spec.chain[position] as Candidate) }
}

/**
 * What comes last in this call, because its breaker closed a short while ago and it does not get all of its calls again
 * yet. It is refused nothing: where nobody else answers, it is asked.
 */
function heldBack({ breakers, spec, random }: Routed, untried: ReadonlySet<number>): Set<number> {
  const held = new Set<number>()
  if (untried.size === 1) return held
  for (const position of untried) {
    const share = shareOf(breakers.of(spec.chain[position] as Candidate))
    if (share < 1 && random() >= share) held.add(position)
  }
  return held
}

/** Positions of the first agent that has some left which are not held back; with nothing else left, nothing is. */
function groupOf(chain: readonly Candidate[], untried: ReadonlySet<number>, held: Set<number>): number[] {
  const left = [...untried]
  const free = left.find((position) => !held.has(position))
  if (free === undefined) held.clear()
  const agent = chain[free ?? left[0] ?? 0]?.name
  return left.filter((position) => chain[position]?.name === agent)
}

/** Its agent's time is up, and others may have theirs. */
const late = { late: true } as const

function passOver(
  { spec, ledger }: Routed,
  route: Extract<Route, { refused: unknown }> | typeof late,
  open: readonly number[],
  held: ReadonlySet<number>,
  untried: Set<number>,
): void {
  for (const position of open) if ('late' in route || !held.has(position)) untried.delete(position)
  if ('refused' in route) ledger.passedOver(spec.chain[open[0] as number]?.name ?? '', route.refused)
}

function nextOf(
  { router, spec, context, ledger, targets, deadline, whole }: Routed,
  open: readonly number[],
  held: ReadonlySet<number>,
): Route | typeof late | Promise<Route> {
  if (deadline.signal.aborted && !whole.signal.aborted) return late
  const { labels, versionOf } = context
  return router.route({
    spec,
    open,
    held,
    labels,
    call: ledger.upcoming,
    versionOf,
    async expected(candidate, input, latency_ms) {
      try {
        const target = await targets(candidate.target)
        return await (target.expect?.(candidate, input, { latency_ms }) ?? target.estimate(candidate, input, {}))
      } catch {
        // The attempt itself will say what is wrong with it.
        return null
      }
    },
  })
}

/** The process ended between the last attempt and what follows from it. */
function failureBefore({ prior }: CallContext): ReplicateAgentError {
  const { code, message, retryable, ...rest } = prior.last_error ?? {
    ...toErrorData(new NonRetryableError('exception', 'every attempt had failed before the process ended')),
  }
  return new ReplicateAgentError(code, message, { ...rest, retryable })
}

/** The outcome, or undefined when the next candidate is due. */
async function tryCandidate(
  work: Routed,
  { position, alone, decision }: Exclude<Route, { refused: unknown }>,
  last: boolean,
): Promise<CallOutcome | undefined> {
  const { spec, context, ledger, router } = work
  const candidate = spec.chain[position]
  if (!candidate) return undefined
  ledger.model = candidate.model
  const { open } = context.prior
  let target: Target
  try {
    target = await work.targets(candidate.target)
  } catch (error) {
    return withoutTarget(work, candidate, asFailure(error))
  }
  const turn: Turn = {
    position,
    candidate,
    target,
    input: { ...candidate.defaults, ...spec.input },
    open: open?.candidate === position ? open : undefined,
    retry: candidate.retry ?? spec.retry,
    made: (context.prior.attempts[position] ?? 0) + orphansOf(context.prior, position),
    last,
    alone,
    decision,
    pupil: router.pupil(spec, position, context.labels, decision?.context),
  }
  const policy = spec.cache ?? candidate.cache
  return policy && work.cache && !turn.open ? throughCache(work, turn, work.cache, policy) : tryTurn(work, turn)
}

function withoutTarget({ ledger }: Work, candidate: Candidate, failure: ReplicateAgentError): CallOutcome | undefined {
  ledger.failed(candidate.model, failure)
  return stopsRun(failure) ? ledger.ended('stopped', failure) : undefined
}
