/** Puts together what one run needs to be driven, keeps its lease alive, and drives its nested runs the same way. */
import type { Cap } from '../../domain/budget.ts'
import { CancelledError, NonRetryableError, StoreError, TimeoutError, toErrorData } from '../../domain/errors.ts'
import type { RunEventBody, WorkRef } from '../../domain/events.ts'
import { parseArtifactUri } from '../../domain/file.ts'
import type { BudgetGate, CallFiles } from '../../executor/contract.ts'
import { heartbeatEveryMs, type Lease, type Store } from '../../state/store/contract.ts'
import { abortReason } from '../../std/abort.ts'
import { asError } from '../../std/as-error.ts'
import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import { createRun, type EngineParts, type Held, takeRun } from './hold.ts'
import { filesNamedIn, importFiles } from './input-files.ts'
import { checkInputs } from '../inputs.ts'
import { Journal, loadSpilled } from '../journal.ts'
import type { Plan } from '../plan.ts'
import { resetsOf, retried } from '../retry.ts'
import { RunDriver } from '../run.ts'
import { progressMask } from './progress-mask.ts'
import { createMask, type Mask, secretsOf } from './secrets.ts'
import { addCost, type RunState, unspill, workOf } from '../state.ts'
import type { ChildCall, ChildEnd, WorkParts } from './work.ts'

export interface Begun {
  driver: RunDriver
  /** What is masked wherever it appears. */
  secrets: readonly Json[]
  /** Resolves when the run is settled or waits; rejects when it was abandoned or can't be journaled. */
  done: Promise<RunState>
  loaded: ReadonlyMap<string, Json>
}

export interface FirstEvents {
  /** Journaled before `run.started`, such as `run.retried`. */
  before?: RunEventBody[]
  budget_usd?: number
}

/** Drives a run that this process holds. */
export async function begin(parts: EngineParts, held: Held, first: FirstEvents = {}, family?: Family): Promise<Begun> {
  const { lease, plan, state } = held
  const { store, artifacts, clock, bus } = parts
  const secrets = secretsOf(plan.definition, held.inputs, held.env, parts.secrets)
  const mask = family ? both(family.mask, createMask(secrets)) : createMask(secrets)
  const shown = progressMask(mask, [...secrets, ...(family?.secrets ?? [])])
  const journal = new Journal({ store, artifacts, clock, bus, lease, state, mask })
  for (const event of first.before ?? []) journal.add(event)
  const started: RunEventBody = {
    type: 'run.started',
    pid: parts.holder.pid,
    host: parts.holder.host,
    token: lease.token,
  }
  if (first.budget_usd !== undefined) started.budget_usd = first.budget_usd
  journal.add(started, {
    status: 'running',
    waiting_for: undefined,
    attempt: state.attempt,
    definition_hash: state.definition_hash,
  })
  await loadSpilled(state, artifacts, journal.loaded)
  const budgetOfStep = budgetsOfSteps(parts, held, budgetOf(parts, held, family))
  const root = family?.root ?? state.run_id
  const children = new Set<RunDriver>()
  const earlier = [...(family?.earlier ?? []), { run_id: state.run_id, cost_usd: state.cost_usd }]
  const driver = new RunDriver({
    plan,
    state,
    journal,
    executor: parts.executor,
    clock,
    budgetOf: budgetOfStep,
    root,
    earlier,
    asked_by: family?.asked_by,
    hooks: parts.hooks,
    planOfQuestion: parts.planOfQuestion,
    mask,
    inputs: held.inputs,
    env: held.env,
    deadline: earliest(family?.deadline, ownDeadline(held, clock.now())),
    backoff: parts.backoff,
    max_concurrency: state.max_concurrency ?? plan.definition.max_concurrency,
    files: filesOf(parts, state),
    claim: (id, ref) => store.claimPrediction(id, ownerOf(state, ref)),
    progress: (ref, news) =>
      bus({ run_id: state.run_id, event: { type: 'call.progress', time: clock.now(), ...ref, ...shown(ref, news) } }),
    commands: () => store.pendingCommands(state.run_id),
    commandsDone: (ids) => store.finishCommands(state.run_id, ids),
    pauseChildren: (by) => {
      for (const child of children) child.pause(by)
    },
    hasNews: (childId) => hasCommands(store, childId),
    runChild: (child) =>
      runChild(parts, { held, budget: budgetOfStep(child.ref.step), root, mask, secrets, children, earlier }, child),
  })
  return { driver, secrets, done: driveHeld(parts, lease, driver, state), loaded: journal.loaded }
}

async function driveHeld(parts: EngineParts, lease: Lease, driver: RunDriver, state: RunState): Promise<RunState> {
  const over = new AbortController()
  const beat = async (): Promise<void> => {
    for (;;) {
      await parts.clock.sleep(heartbeatEveryMs, over.signal)
      if (await parts.store.heartbeat(lease)) continue
      driver.abandon(new StoreError('lease_lost', `another process has taken over run ${lease.run_id}`))
      return
    }
  }
  beat().catch((error: unknown) => {
    if (!over.signal.aborted) driver.abandon(asError(error))
  })
  try {
    await driver.drive()
    return state
  } finally {
    over.abort(new CancelledError('the run is over'))
    // A lost lease, or a store that can't be written, is not ours to release.
    await parts.store.releaseLease(lease).catch(() => {})
  }
}

// ── what a run holds ──

/** Of the run's own time, without what it waited or was paused, or nobody drove it (ruling 17). */
function ownDeadline({ plan, state }: Held, now: number): number | undefined {
  const { timeout_ms: timeout } = plan.definition
  return timeout === undefined ? undefined : now + timeout - state.active_ms
}

function earliest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b)
}

function both(a: Mask, b: Mask): Mask {
  return (value) => b(a(value))
}

/** What was given for the run comes before what is written; of what is written, the least. */
function budgetOf(parts: EngineParts, held: Held, family: Family | undefined): BudgetGate {
  const { budget_usd: given, spent_usd } = held.state
  const { budget_usd, budget_soft_usd } = held.plan.definition
  const cap = family ? undefined : parts.runCap
  const limit = given ?? least(budget_usd, cap?.hard)
  const soft = least(budget_soft_usd, cap?.soft)
  return parts.createBudget({
    spent_usd,
    ...(limit !== undefined && { limit_usd: limit }),
    // More than the limit can't be passed.
    ...(soft !== undefined && (limit === undefined || soft < limit) && { soft_usd: soft }),
    ...(family && { outer: family.budget }),
  })
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b)
}

/** Of each step that has one of its own: what its attempts, items and nested runs share. */
function budgetsOfSteps(parts: EngineParts, { plan, state }: Held, outer: BudgetGate): (step: string) => BudgetGate {
  const made = new Map<string, BudgetGate>()
  return (step) => {
    const cap = plan.steps.get(step)?.definition.budget
    if (!cap) return outer
    const spent_usd = state.spent_in.get(step) ?? 0
    const gate = made.get(step) ?? parts.createBudget({ ...limitsIn(cap), spent_usd, outer, step })
    made.set(step, gate)
    return gate
  }
}

function limitsIn({ soft, hard }: Cap): { limit_usd?: number; soft_usd?: number } {
  return { ...(hard !== undefined && { limit_usd: hard }), ...(soft !== undefined && { soft_usd: soft }) }
}

function filesOf(parts: EngineParts, state: RunState): CallFiles {
  return {
    find: (uri) => {
      const named = parseArtifactUri(uri)
      const file = named && state.files.get(named.sha256)
      return file && { ...file, name: named.name }
    },
    read: (sha256) => parts.artifacts.read(sha256),
    renew: (sha256) => parts.artifacts.renew(sha256),
    keep: (bytes, name, mediaType) => parts.artifacts.put(bytes, name, mediaType),
    uploadOf: (sha256) => state.uploads.get(sha256),
  }
}

function ownerOf(state: RunState, ref: WorkRef): string {
  return [state.run_id, state.attempt, ref.step, ref.index ?? '', ref.round ?? ''].join('/')
}

/** Whether somebody left a command for a run or a run nested in it. */
async function hasCommands(store: Store, runId: string): Promise<boolean> {
  if ((await store.pendingCommands(runId)).length > 0) return true
  for (const child of await store.listRuns({ parent_run_id: runId })) {
    if (await hasCommands(store, child.run_id)) return true
  }
  return false
}

// ── nested runs ──

/** What a nested run shares with the one above it (ruling 16). */
interface Family {
  held: Held
  /** The outermost run. */
  root: string
  budget: BudgetGate
  mask: Mask
  secrets: readonly Json[]
  children: Set<RunDriver>
  earlier: WorkParts['earlier']
  asked_by?: readonly string[]
  /** When the step that nests it has to be over. */
  deadline?: number
}

async function runChild(parts: EngineParts, family: Family, call: ChildCall): Promise<ChildEnd> {
  const plan = call.plan ?? family.held.plan.child(call.workflow)
  const checked = checkInputs(plan.definition.inputs, call.inputs)
  if (!checked.ok) {
    const [problem] = checked.problems
    const error = new NonRetryableError(
      'invalid_input',
      `input "${problem?.name}" of "${plan.definition.name}": ${problem?.message}`,
      { hint: problem?.hint },
    )
    return { status: 'failed', error: toErrorData(error), cost_usd: 0 }
  }
  const held = await createOrTakeChild(parts, family, call, plan, checked.inputs)
  countBefore(family, call, held.state)
  const { deadline, asked_by } = call
  const above = { ...family, ...(deadline !== undefined && { deadline }), ...(asked_by && { asked_by }) }
  const begun = await begin(parts, held, call.retry ? retryFirst(held, family.held.state) : {}, above)
  const end = () => {
    const reason = abortReason(call.signal)
    const called = (reason instanceof CancelledError && reason.code === 'cancelled') || reason instanceof TimeoutError
    if (called) begun.driver.cancel('the run above')
    else begun.driver.abandon(reason)
  }
  // A judge is part of a call that is on its way: a pause lets it end.
  if (!call.judged) family.children.add(begun.driver)
  call.signal.addEventListener('abort', end, { once: true })
  if (call.signal.aborted) end()
  try {
    return childEnd(await begun.done, begun.loaded)
  } finally {
    family.children.delete(begun.driver)
    call.signal.removeEventListener('abort', end)
  }
}

/** What it spent before counts in the budgets above it, but for what its step has told of it. */
function countBefore({ held, budget }: Family, { ref, childId }: ChildCall, child: RunState): void {
  const work = workOf(held.state, ref)
  const told = work?.child_run_id === childId && work.rounds.length === 0 ? (work.cost_usd ?? 0) : 0
  if (child.spent_usd !== told) budget.add(child.spent_usd - told)
}

/** A nested run that failed begins a new attempt of its own, in which only what failed runs again. */
function retryFirst({ plan, state }: Held, above: RunState): FirstEvents {
  if (state.status !== 'failed') return {}
  return { before: [retried(plan, state, resetsOf(plan, state, { failed: true }), `run ${above.run_id}`)] }
}

async function createOrTakeChild(
  parts: EngineParts,
  family: Family,
  call: ChildCall,
  plan: Plan,
  inputs: JsonObject,
): Promise<Held> {
  const { state } = family.held
  if (await parts.store.getRun(call.childId)) {
    // What the run above renders again are the real values, secrets included.
    return takeRun(parts, call.childId, inputs)
  }
  const known = new Map(state.files)
  for (const file of call.judged ?? []) known.set(file.sha256, file)
  const imported = await importFiles(plan.definition.inputs, inputs, parts.artifacts, parts.cwd, known)
  const held = await createRun(parts, {
    run_id: call.childId,
    definition: plan.definition,
    plan,
    inputs: imported.inputs,
    files: [...filesNamedIn(inputs, known), ...imported.files],
    sandbox: state.sandbox,
    mask: family.mask,
    ...(state.replay !== undefined && { replay: state.replay }),
    parent: { run_id: state.run_id, ...call.ref },
  })
  return held ?? takeRun(parts, call.childId, inputs)
}

function childEnd(state: RunState, loaded: ReadonlyMap<string, Json>): ChildEnd {
  if (state.status === 'succeeded') {
    const outputs = unspill(state.outputs, loaded)
    const files = filesNamedIn(outputs, state.files)
    return {
      status: 'succeeded',
      outputs: isObject(outputs) ? outputs : {},
      files,
      cost_usd: state.cost_usd,
    }
  }
  if (state.status === 'waiting') {
    const end: ChildEnd = { status: 'waiting', waiting_for: state.waiting_for ?? 'resume' }
    return state.error ? { ...end, error: state.error } : end
  }
  const error = state.error ?? toErrorData(new NonRetryableError('run_failed', 'the nested run failed'))
  return { status: state.status === 'cancelled' ? 'cancelled' : 'failed', error, cost_usd: addCost(state.cost_usd, 0) }
}
