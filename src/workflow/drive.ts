/** Puts together what one run needs to be driven, keeps its lease alive, and drives its nested runs the same way. */
import type { WorkflowDefinition } from '../domain/definition.ts'
import { CancelledError, NonRetryableError, StoreError, TimeoutError, toErrorData } from '../domain/errors.ts'
import type { Bus, RunEvent, RunEventBody, WorkRef } from '../domain/events.ts'
import { type KeptFile, parseArtifactUri } from '../domain/file.ts'
import type { BudgetGate, Executor } from '../executor/contract.ts'
import type { ArtifactStore } from '../state/artifacts/contract.ts'
import {
  heartbeatEveryMs,
  type HeldLease,
  type Lease,
  type LeaseHolder,
  type RunRecord,
  type Store,
} from '../state/store/contract.ts'
import { abortReason } from '../std/abort.ts'
import type { Clock } from '../std/clock.ts'
import { isObject, type Json, type JsonObject } from '../std/json.ts'
import type { Random } from '../std/random.ts'
import type { CallFiles } from '../targets/target.ts'
import { filesNamedIn, importFiles } from './input-files.ts'
import { checkInputs } from './inputs.ts'
import { Journal, loadSpilled } from './journal.ts'
import { type Plan, planOf } from './plan.ts'
import { RunDriver } from './run.ts'
import { createMask, fillSecrets, hashSecret, type Mask, placeholders, readEnv } from './secrets.ts'
import { addCost, foldEvents, type RunState, unspill } from './state.ts'
import type { ChildEnd } from './work.ts'

export type HolderLife = 'alive' | 'stopped' | 'gone' | 'elsewhere'

export interface EngineParts {
  store: Store
  artifacts: ArtifactStore
  executor: Executor
  clock: Clock
  random: Random
  bus: Bus
  /** This process. */
  holder: LeaseHolder
  /** Whether the holder of a lease still lives (ruling 24). */
  probe(holder: LeaseHolder): HolderLife
  /** Ends a holder that lives but is stopped, for `--take-over`. */
  endHolder(holder: LeaseHolder): Promise<void>
  /** A gate over what a run may spend, dollars; no limit: it only counts. */
  createBudget(options: { limit_usd?: number; spent_usd: number; outer?: BudgetGate }): BudgetGate
  env: Readonly<Record<string, string | undefined>>
  /** Folder that file inputs are relative to. */
  cwd: string
}

/** A run that is about to be driven by this process. */
export interface Held {
  lease: Lease
  plan: Plan
  state: RunState
  /** Real values, secrets included. */
  inputs: JsonObject
  env: Record<string, string>
  secretKey: Uint8Array
}

export interface Begun {
  driver: RunDriver
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
  const mask = family ? both(family.mask, ownMask(held)) : ownMask(held)
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
  const budget = budgetOf(parts, held, family)
  const children = new Set<RunDriver>()
  const driver = new RunDriver({
    plan,
    state,
    journal,
    executor: parts.executor,
    clock,
    budget,
    mask,
    inputs: held.inputs,
    env: held.env,
    max_concurrency: state.max_concurrency ?? plan.definition.max_concurrency,
    files: filesOf(parts, state),
    claim: (id, ref) => store.claimPrediction(id, ownerOf(state, ref)),
    progress: (ref, news) =>
      bus({ run_id: state.run_id, event: { type: 'call.progress', time: clock.now(), ...ref, ...news } }),
    commands: () => store.pendingCommands(state.run_id),
    commandsDone: (ids) => store.finishCommands(state.run_id, ids),
    pauseChildren: (by) => {
      for (const child of children) child.pause(by)
    },
    hasNews: (childId) => hasCommands(store, childId),
    runChild: (ref, workflow, childId, inputs, signal) =>
      runChild(parts, { held, budget, mask, children }, { ref, workflow, childId, inputs, signal }),
  })
  return { driver, done: driveHeld(parts, lease, driver, state), loaded: journal.loaded }
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
    if (!over.signal.aborted) driver.abandon(error instanceof Error ? error : new Error(String(error)))
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

function ownMask(held: Held): Mask {
  const { inputs } = held.plan.definition
  const secrets = Object.entries(held.inputs).filter(([name, value]) => inputs[name]?.secret && value !== null)
  return createMask([...secrets.map(([, value]) => value), ...Object.values(held.env)])
}

function both(a: Mask, b: Mask): Mask {
  return (value) => b(a(value))
}

function budgetOf(parts: EngineParts, held: Held, family: Family | undefined): BudgetGate {
  const limit = held.state.budget_usd ?? held.plan.definition.budget_usd
  return parts.createBudget({
    spent_usd: held.state.cost_usd ?? 0,
    ...(limit !== undefined && { limit_usd: limit }),
    ...(family && { outer: family.budget }),
  })
}

function filesOf(parts: EngineParts, state: RunState): CallFiles {
  return {
    find: (uri) => {
      const named = parseArtifactUri(uri)
      const file = named && state.files.get(named.sha256)
      return file && { ...file, name: named.name }
    },
    read: (sha256) => parts.artifacts.read(sha256),
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

// ── making and taking runs ──

export interface NewRun {
  run_id: string
  definition: WorkflowDefinition
  plan: Plan
  inputs: JsonObject
  files: KeptFile[]
  sandbox: boolean
  max_concurrency?: number
  budget_usd?: number
  parent?: { run_id: string } & WorkRef
}

/** Makes the run and takes its lease; undefined when the id is taken. */
export async function createRun(parts: EngineParts, run: NewRun): Promise<Held | undefined> {
  const { store, clock } = parts
  const { definition } = run
  const secretKey = await store.secretKey()
  const env = readEnv(definition.env, parts.env, undefined, secretKey)
  const hash = run.plan.hash
  const event: RunEvent = {
    seq: 1,
    time: clock.now(),
    type: 'run.created',
    workflow: definition.name,
    definition_hash: hash,
    inputs: placeholders(definition, run.inputs, secretKey),
    env: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, hashSecret(secretKey, value)])),
    files: run.files,
    sandbox: run.sandbox,
    ...(definition.version !== undefined && { version: definition.version }),
    ...(run.max_concurrency !== undefined && { max_concurrency: run.max_concurrency }),
    ...(run.budget_usd !== undefined && { budget_usd: run.budget_usd }),
    ...(run.parent && { parent: run.parent }),
  }
  const record: RunRecord = {
    run_id: run.run_id,
    workflow: definition.name,
    version: definition.version,
    status: 'running',
    waiting_for: undefined,
    definition_hash: hash,
    parent_run_id: run.parent?.run_id,
    sandbox: run.sandbox,
    attempt: 1,
    cost_usd: 0,
    created_at: event.time,
    updated_at: event.time,
    seq: 1,
  }
  const lease = await store.createRun(record, { hash, json: JSON.stringify(definition) }, [event], parts.holder)
  if (!lease) return undefined
  return { lease, plan: run.plan, state: foldEvents(run.run_id, [event]), inputs: run.inputs, env, secretKey }
}

/** Takes an existing run to drive it (invariants 5 and 6). `inputs` gives its secrets again. */
export async function takeRun(
  parts: EngineParts,
  runId: string,
  inputs: JsonObject,
  options: { takeOver?: boolean; withoutSecrets?: boolean } = {},
): Promise<Held> {
  const { store } = parts
  const taken = await acquire(parts, runId, options.takeOver ?? false)
  try {
    const state = foldEvents(runId, await store.readEvents(runId))
    const plan = await planOfRun(store, state)
    const secretKey = await store.secretKey()
    if (options.withoutSecrets) return { lease: taken, plan, state, inputs: state.inputs, env: {}, secretKey }
    const filled = fillSecrets(state.inputs, inputs, secretKey)
    const env = readEnv(plan.definition.env, parts.env, state.env, secretKey)
    return { lease: taken, plan, state, inputs: filled, env, secretKey }
  } catch (error) {
    await store.releaseLease(taken)
    throw error
  }
}

/** The plan of the run's own copy of its definition. */
export async function planOfRun(store: Store, state: RunState): Promise<Plan> {
  const json = await store.getDefinition(state.definition_hash)
  if (json === undefined) {
    throw new StoreError('store_corrupt', `the definition of run ${state.run_id} is missing from the store`, {
      hint: '`doctor` checks the store',
    })
  }
  return planOf(JSON.parse(json) as WorkflowDefinition)
}

async function acquire(parts: EngineParts, runId: string, takeOver: boolean): Promise<Lease> {
  const attempt = () => parts.store.acquireLease(runId, parts.holder, (held) => mayTake(parts, held))
  let got = await attempt()
  if ('held' in got && takeOver && parts.probe(got.held.holder) !== 'elsewhere') {
    await parts.endHolder(got.held.holder)
    got = await attempt()
  }
  if ('lease' in got) return got.lease
  throw heldError(parts, runId, got.held)
}

/** On this host a holder must be gone; on another one its lease must have run out (ruling 24). */
function mayTake(parts: EngineParts, held: HeldLease): boolean {
  const life = parts.probe(held.holder)
  return life === 'gone' || (life === 'elsewhere' && held.expires_at < parts.clock.now())
}

export function isDriven(parts: Pick<EngineParts, 'probe' | 'clock'>, held: HeldLease | undefined): boolean {
  if (!held) return false
  const life = parts.probe(held.holder)
  return life === 'alive' || life === 'stopped' || (life === 'elsewhere' && held.expires_at >= parts.clock.now())
}

function heldError(parts: EngineParts, runId: string, held: HeldLease): StoreError {
  const { pid, host } = held.holder
  const stopped = parts.probe(held.holder) === 'stopped'
  const who = `process ${pid} on ${host}`
  return new StoreError(
    'held',
    stopped ? `run ${runId} is held by ${who}, which is stopped` : `run ${runId} is being driven by ${who}`,
    {
      hint: stopped
        ? `let it go on (kill -CONT ${pid}), or end it and take over with --take-over`
        : 'follow it with `runs watch`, or stop it with `runs cancel`',
      details: { pid, host },
    },
  )
}

// ── nested runs ──

/** What a nested run shares with the one above it (ruling 16). */
interface Family {
  held: Held
  budget: BudgetGate
  mask: Mask
  children: Set<RunDriver>
}

interface ChildCall {
  ref: WorkRef
  workflow: string
  childId: string
  inputs: JsonObject
  signal: AbortSignal
}

async function runChild(parts: EngineParts, family: Family, call: ChildCall): Promise<ChildEnd> {
  const plan = family.held.plan.child(call.workflow)
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
  const begun = await begin(parts, held, {}, family)
  const end = () => {
    const reason = abortReason(call.signal)
    const called = (reason instanceof CancelledError && reason.code === 'cancelled') || reason instanceof TimeoutError
    if (called) begun.driver.cancel('the run above')
    else begun.driver.abandon(reason)
  }
  family.children.add(begun.driver)
  call.signal.addEventListener('abort', end, { once: true })
  if (call.signal.aborted) end()
  try {
    return childEnd(await begun.done, begun.loaded)
  } finally {
    family.children.delete(begun.driver)
    call.signal.removeEventListener('abort', end)
  }
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
  const imported = await importFiles(plan.definition.inputs, inputs, parts.artifacts, parts.cwd, state.files)
  const held = await createRun(parts, {
    run_id: call.childId,
    definition: plan.definition,
    plan,
    inputs: imported.inputs,
    files: [...filesNamedIn(inputs, state.files), ...imported.files],
    sandbox: state.sandbox,
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
      outputs: isObject(outputs) ? (outputs as JsonObject) : {},
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
