/** Makes runs and takes them: what a process holds while it drives one, and who may take it from a holder (ruling 24). */
import type { WorkflowDefinition } from '../../domain/definition.ts'
import type { Cap } from '../../domain/budget.ts'
import { StoreError } from '../../domain/errors.ts'
import type { Bus, RunEvent, WorkRef } from '../../domain/events.ts'
import type { KeptFile } from '../../domain/file.ts'
import type { StepHooks } from '../../domain/step-hooks.ts'
import type { BudgetGate, Executor } from '../../executor/contract.ts'
import type { ArtifactStore } from '../../state/artifacts/contract.ts'
import {
  type HeldLease,
  type Lease,
  type LeaseHolder,
  leaseTtlMs,
  type RunRecord,
  type Store,
} from '../../state/store/contract.ts'
import type { Clock } from '../../std/clock.ts'
import type { JsonObject } from '../../std/json.ts'
import type { RetryPolicy } from '../../domain/retry-policy.ts'
import type { Random } from '../../std/random.ts'
import { type Plan, planOf } from '../plan.ts'
import { createMask, fillSecrets, hashSecret, type Mask, placeholders, readEnv, secretsOf } from './secrets.ts'
import { foldEvents } from '../fold.ts'
import type { RunState } from '../state.ts'

export type HolderLife = 'alive' | 'stopped' | 'gone' | 'elsewhere'

export interface EngineParts {
  store: Store
  artifacts: ArtifactStore
  executor: Executor
  clock: Clock
  random: Random
  /** How long to wait before a nested run is made again after so many failures, milliseconds. */
  backoff(policy: RetryPolicy, failures: number): number
  bus: Bus
  /** This process. */
  holder: LeaseHolder
  /** Whether the holder of a lease still lives (ruling 24). */
  probe(holder: LeaseHolder): HolderLife
  /** Ends a holder that lives but is stopped, for `--take-over`. */
  endHolder(holder: LeaseHolder): Promise<void>
  /** A gate over what a run may spend, dollars; no limit: it only counts. */
  createBudget(options: {
    limit_usd?: number
    soft_usd?: number
    spent_usd: number
    outer?: BudgetGate
    /** Of this step, not of a run. */
    step?: string
  }): BudgetGate
  /** What a run may spend that is given no other budget. */
  runCap?: Cap
  /** Asked about every step; absent: there are no plugins. */
  hooks?: StepHooks
  /** The plan of a workflow that asks an agent what a plugin wants to know, given the names of its input. */
  planOfQuestion?(agent: string, names: readonly string[]): Plan
  env: Readonly<Record<string, string | undefined>>
  /** Of this process, such as its token: never journaled, whoever quotes them. */
  secrets?: readonly string[]
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

export interface NewRun {
  run_id: string
  definition: WorkflowDefinition
  plan: Plan
  inputs: JsonObject
  files: KeptFile[]
  sandbox: boolean
  replay?: string
  max_concurrency?: number
  budget_usd?: number
  /** Of the run above: its secrets stand in no input of a nested one. */
  mask?: Mask
  parent?: { run_id: string } & WorkRef
}

/** Makes the run and takes its lease; undefined when the id is taken. */
export async function createRun(parts: EngineParts, run: NewRun): Promise<Held | undefined> {
  const { store, clock } = parts
  const { definition } = run
  const secretKey = await store.secretKey()
  const env = readEnv(definition.env, parts.env, undefined, secretKey)
  const hash = run.plan.hash
  const own = createMask(secretsOf(definition, run.inputs, env, parts.secrets))
  const event: RunEvent = {
    seq: 1,
    time: clock.now(),
    type: 'run.created',
    workflow: definition.name,
    definition_hash: hash,
    inputs: placeholders(definition, run.inputs, secretKey, (value) => own(run.mask ? run.mask(value) : value)),
    env: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, hashSecret(secretKey, value)])),
    files: run.files,
    sandbox: run.sandbox,
    ...(run.replay !== undefined && { replay: run.replay }),
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

export interface TakeOptions {
  /** Ends a holder on this host that is stopped. */
  takeOver?: boolean
  /** Told that a holder elsewhere has to be waited for, and how long at most. */
  waiting?(holder: LeaseHolder, ms: number): void
  /** Ends that waiting. */
  signal?: AbortSignal
}

/** Takes an existing run to drive it (invariants 5 and 6). `inputs` gives its secrets again. */
export async function takeRun(
  parts: EngineParts,
  runId: string,
  inputs: JsonObject,
  options: TakeOptions & { withoutSecrets?: boolean } = {},
): Promise<Held> {
  const { store } = parts
  const taken = await acquire(parts, runId, options)
  try {
    const state = foldEvents(runId, await store.readEvents(runId))
    const plan = await planOfRun(store, state)
    const secretKey = await store.secretKey()
    if (options.withoutSecrets) return { lease: taken, plan, state, inputs: state.inputs, env: {}, secretKey }
    const filled = fillSecrets(plan.definition, state.inputs, inputs, secretKey)
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
  const what = `the definition of run ${state.run_id}`
  if (json === undefined)
    throw new StoreError('store_corrupt', `${what} is missing from the store`, { hint: doctorHint })
  let definition: WorkflowDefinition
  try {
    definition = JSON.parse(json) as WorkflowDefinition
  } catch (cause) {
    throw new StoreError('store_corrupt', `${what} is damaged in the store`, { cause, hint: doctorHint })
  }
  return planOf(definition)
}

const doctorHint = 'Run `replicate-agent doctor` to see what is readable, and put a copy of the store back.'

async function acquire(parts: EngineParts, runId: string, options: TakeOptions): Promise<Lease> {
  const attempt = () => parts.store.acquireLease(runId, parts.holder, (held) => mayTake(parts, held))
  // Read first: a holder that was stopped in the middle of a commit keeps everybody else from writing.
  const before = await parts.store.getLease(runId)
  if (before && parts.probe(before.holder) === 'stopped') {
    if (!options.takeOver) throw heldError(parts, runId, before)
    await parts.endHolder(before.holder)
  }
  let got = await attempt()
  if ('held' in got && parts.probe(got.held.holder) === 'elsewhere')
    got = await acquireFromElsewhere(parts, runId, got.held, options)
  if ('lease' in got) return got.lease
  throw heldError(parts, runId, got.held)
}

/** Nobody here can see whether the holder lives: a lease that it has not renewed until its end is free, whatever its clock says. */
async function acquireFromElsewhere(parts: EngineParts, runId: string, seen: HeldLease, options: TakeOptions) {
  const { clock, store } = parts
  const ms = Math.min(Math.max(0, seen.expires_at - clock.now()) + 1, leaseTtlMs)
  options.waiting?.(seen.holder, ms)
  await clock.sleep(ms, options.signal)
  const isSame = (held: HeldLease) => held.token === seen.token && held.heartbeat_at === seen.heartbeat_at
  return store.acquireLease(runId, parts.holder, (held) => isSame(held) || mayTake(parts, held))
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
