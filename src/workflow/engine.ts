/** What can be done with runs: start, resume, retry, follow, read, and leave commands for whoever drives one. */
import { dirname } from 'node:path'
import { NonRetryableError, UsageError } from '../domain/errors.ts'
import type { RunCommand, WorkRef } from '../domain/events.ts'
import type { RunResult } from '../domain/run.ts'
import { timeSortedId } from '../std/ids.ts'
import { canonicalJson, type Json, type JsonObject } from '../std/json.ts'
import { openApprovals } from './running/approval.ts'
import { begin, type FirstEvents } from './running/drive.ts'
import {
  createRun,
  type EngineParts,
  type Held,
  isDriven,
  planOfRun,
  takeRun,
  type TakeOptions,
} from './running/hold.ts'
import { importFiles } from './running/input-files.ts'
import { checkInputs } from './inputs.ts'
import { loadSpilled } from './journal.ts'
import type { LoadedWorkflow } from './load.ts'
import { assertRetryable, type Reset, type RetryChoice, resetsOf, resetsOfDefinition, retried } from './retry.ts'
import { createMask, placeholders, readEnv, secretsOf, secretTexts } from './running/secrets.ts'
import { foldEvents } from './fold.ts'
import { workOf } from './state.ts'
import { viewRun } from './view.ts'

export type { EngineParts } from './running/hold.ts'

export interface StartOptions {
  runId?: string
  inputs: JsonObject
  max_concurrency?: number
  budget_usd?: number
  sandbox?: boolean
  replay?: string
}

export interface Driving {
  run_id: string
  /** Another process drives it; this one only follows. */
  following: boolean
  /** Texts that are masked in all that is journaled of it; none when it is only followed. */
  secrets: readonly string[]
  /** Rejects when the run was abandoned, its lease was lost, or its journal can't be written. */
  done: Promise<RunResult>
  cancel(by: string): void
  pause(by: string): void
  /** Stops at once: nothing more is journaled, nothing is cancelled, the run stays resumable. */
  abandon(reason: Error): void
}

type Reading = Pick<EngineParts, 'store' | 'artifacts' | 'probe' | 'clock'>

/** Starts a run; with the id of a run that exists and is the same, attaches to it (ruling 26). */
export async function startRun(parts: EngineParts, workflow: LoadedWorkflow, options: StartOptions): Promise<Driving> {
  const { definition, plan } = workflow
  const inputs = validInputs(workflow, options.inputs)
  const runId = options.runId ?? timeSortedId(parts.clock.now(), parts.random)
  assertRunId(runId)
  const imported = await importInputs(parts, workflow, inputs, options.inputs)
  const held = await createRun(parts, {
    run_id: runId,
    definition,
    plan,
    inputs: imported.inputs,
    files: imported.files,
    sandbox: options.sandbox ?? false,
    ...(options.replay !== undefined && { replay: options.replay }),
    ...(options.max_concurrency !== undefined && { max_concurrency: options.max_concurrency }),
    ...(options.budget_usd !== undefined && { budget_usd: options.budget_usd }),
  })
  if (held) return drive(parts, held)
  return attach(parts, runId, workflow, imported.inputs)
}

/** Goes on with a run that stopped for whatever reason; a run that succeeded gives its result again (ruling 22). */
export async function resumeRun(
  parts: EngineParts,
  runId: string,
  options: TakeOptions & { inputs?: JsonObject; budget_usd?: number } = {},
): Promise<Driving> {
  const record = await existing(parts, runId)
  if (record.parent_run_id !== undefined) {
    throw new UsageError(`run ${runId} is nested in ${record.parent_run_id}`, {
      hint: `resume ${rootOf(runId)} instead`,
    })
  }
  if (record.status === 'succeeded') return over(parts, runId)
  const held = await takeRun(parts, runId, options.inputs ?? {}, options)
  return drive(parts, held, options.budget_usd === undefined ? {} : { budget_usd: options.budget_usd })
}

export interface RetryOptions extends TakeOptions {
  choice: RetryChoice
  /** Another definition than the run's own: what changed runs again, too. */
  current?: LoadedWorkflow
  inputs?: JsonObject
  budget_usd?: number
  by: string
}

/** What a retry would run again, without doing it. */
export async function planRetry(
  parts: Reading,
  runId: string,
  options: Pick<RetryOptions, 'choice' | 'current'>,
): Promise<Reset[]> {
  await existing(parts, runId)
  const state = foldEvents(runId, await parts.store.readEvents(runId))
  const plan = await planOfRun(parts.store, state)
  // Another definition may be taken up in the middle of a run; failed steps are only known to stay so at its end.
  if (options.current) return resetsOfDefinition(plan.definition, options.current.plan, state)
  assertRetryable(state)
  return resetsOf(plan, state, options.choice)
}

/** Begins a new `run.attempt` in which some steps run again; history is kept (ruling 21). */
export async function retryRun(
  parts: EngineParts,
  runId: string,
  options: RetryOptions,
): Promise<Driving & { reset: Reset[] }> {
  const reset = await planRetry(parts, runId, options)
  const held = await takeRun(parts, runId, options.inputs ?? {}, options)
  if (options.current) {
    const { definition, hash, plan } = options.current
    await parts.store.putDefinition(hash, JSON.stringify(definition))
    held.plan = plan
    // It may declare more than the run was started with.
    held.env = readEnv(definition.env, parts.env, held.state.env, held.secretKey)
  }
  const first: FirstEvents = { before: [retried(held.plan, held.state, reset, options.by)] }
  if (options.budget_usd !== undefined) first.budget_usd = options.budget_usd
  return { ...(await drive(parts, held, first)), reset }
}

/** The state of a run as everyone sees it. */
export async function readRun(parts: Reading, runId: string): Promise<RunResult> {
  await existing(parts, runId)
  const state = foldEvents(runId, await parts.store.readEvents(runId))
  const loaded = new Map<string, Json>()
  await loadSpilled(state, parts.artifacts, loaded)
  const interrupted = state.status === 'running' && !isDriven(parts, await parts.store.getLease(runId))
  return viewRun({ state, loaded, interrupted, pathOf: (file) => parts.artifacts.shownPath(file) })
}

/** Tells the bus what another process journals, until the run is settled, waits, or nobody drives it any more. */
export async function followRun(parts: EngineParts, runId: string, signal: AbortSignal, after = 0): Promise<RunResult> {
  for (let seq = after; ;) {
    const driven = isDriven(parts, await parts.store.getLease(runId))
    const events = await parts.store.readEvents(runId, seq)
    for (const event of events) parts.bus({ run_id: runId, event })
    seq = events.at(-1)?.seq ?? seq
    if (!driven) return readRun(parts, runId)
    await parts.clock.sleep(200, signal)
  }
}

export interface PendingApproval extends WorkRef {
  /** The run, or the run nested in it, that asks. */
  run_id: string
  message: string
  inputs: JsonObject
  expires_at?: number
}

/** What a run and the runs nested in it ask of people. */
export async function pendingApprovals(parts: Reading, runId: string): Promise<PendingApproval[]> {
  await existing(parts, runId)
  const state = foldEvents(runId, await parts.store.readEvents(runId))
  const pending = openApprovals(state).flatMap((ref): PendingApproval[] => {
    const approval = workOf(state, ref)?.approval
    if (!approval) return []
    const { message, inputs, expires_at } = approval
    return [{ run_id: runId, ...ref, message, inputs, ...(expires_at !== undefined && { expires_at }) }]
  })
  for (const child of await parts.store.listRuns({ parent_run_id: runId })) {
    if (child.status === 'waiting' || child.status === 'running')
      pending.push(...(await pendingApprovals(parts, child.run_id)))
  }
  return pending
}

/** Records an answer for whoever drives the run, now or later. Throws when nothing, or more than one thing, is asked. */
export async function answerApproval(
  parts: Reading,
  runId: string,
  answer: { step?: string; index?: number; approved: boolean; inputs: JsonObject; by: string },
): Promise<PendingApproval> {
  const open = await pendingApprovals(parts, runId)
  const fitting = open.filter(
    (one) =>
      (answer.step === undefined || one.step === answer.step) &&
      (answer.index === undefined || one.index === answer.index),
  )
  const [asked, another] = fitting
  const names = open.map((one) => (one.index === undefined ? one.step : `${one.step}[${one.index}]`)).join(', ')
  if (!asked) {
    throw new UsageError(
      open.length === 0
        ? `run ${runId} waits for no approval`
        : `no approval "${answer.step}" is waiting in run ${runId}`,
      {
        ...(open.length > 0 && { hint: `waiting: ${names}` }),
      },
    )
  }
  if (another) throw new UsageError(`run ${runId} waits for several approvals`, { hint: `name one of them: ${names}` })
  if (answer.approved) await assertAnswerFits(parts, asked, answer.inputs)
  const command: RunCommand = {
    type: 'answer',
    step: asked.step,
    approved: answer.approved,
    inputs: answer.inputs,
    by: answer.by,
  }
  await parts.store.sendCommand(asked.run_id, asked.index === undefined ? command : { ...command, index: asked.index })
  return asked
}

async function assertAnswerFits(parts: Reading, asked: PendingApproval, given: JsonObject): Promise<void> {
  const plan = await planOfRun(parts.store, foldEvents(asked.run_id, await parts.store.readEvents(asked.run_id)))
  const action = plan.steps.get(asked.step)?.definition.action
  if (action?.kind !== 'approval') return
  const checked = checkInputs(action.approval.inputs, given)
  if (checked.ok) return
  const [problem] = checked.problems
  throw new NonRetryableError('invalid_input', `input "${problem?.name}" of the approval: ${problem?.message}`, {
    hint: problem?.hint,
  })
}

/** Asks the driver of a run to pause it. Throws when nobody drives it. */
export async function pauseRun(parts: Reading, runId: string, by: string): Promise<void> {
  const record = await existing(parts, runId)
  if (record.status !== 'running' || !isDriven(parts, await parts.store.getLease(runId))) {
    throw new UsageError(`run ${runId} is not being driven (${record.status}): there is nothing to pause`)
  }
  await parts.store.sendCommand(runId, { type: 'pause', by })
}

/** Cancels a run: through its driver, or, when nobody drives it, by driving it to its cancelled end (ruling 33). */
export async function cancelRun(parts: EngineParts, runId: string, by: string): Promise<Driving> {
  const record = await existing(parts, runId)
  if (record.status !== 'running' && record.status !== 'waiting') {
    throw new UsageError(`run ${runId} is over (${record.status})`)
  }
  await parts.store.sendCommand(runId, { type: 'cancel', by })
  if (isDriven(parts, await parts.store.getLease(runId))) return follow(parts, runId)
  return drive(parts, await takeRun(parts, runId, {}, { withoutSecrets: true }))
}

// ── shared ──

async function drive(parts: EngineParts, held: Held, first: FirstEvents = {}): Promise<Driving> {
  const runId = held.lease.run_id
  const begun = await begin(parts, held, first)
  const done = begun.done.then((state) =>
    viewRun({ state, loaded: begun.loaded, interrupted: false, pathOf: (file) => parts.artifacts.shownPath(file) }),
  )
  const { driver } = begun
  return {
    run_id: runId,
    following: false,
    secrets: secretTexts(begun.secrets),
    done,
    cancel: (by) => driver.cancel(by),
    pause: (by) => driver.pause(by),
    abandon: (reason) => driver.abandon(reason),
  }
}

async function attach(
  parts: EngineParts,
  runId: string,
  workflow: LoadedWorkflow,
  inputs: JsonObject,
): Promise<Driving> {
  const record = await existing(parts, runId)
  const state = foldEvents(runId, await parts.store.readEvents(runId))
  const { definition } = workflow
  const secretKey = await parts.store.secretKey()
  const mask = createMask(
    secretsOf(definition, inputs, readEnv(definition.env, parts.env, undefined, secretKey), parts.secrets),
  )
  const same = canonicalJson(placeholders(definition, inputs, secretKey, mask)) === canonicalJson(state.inputs)
  if (record.definition_hash !== workflow.hash || !same) {
    const what = record.definition_hash === workflow.hash ? 'other inputs' : 'another definition'
    throw new UsageError(`run ${runId} exists already, with ${what}`, {
      code: 'run_mismatch',
      hint: 'choose another --run-id, or go on with that run: `runs resume`',
    })
  }
  if (isDriven(parts, await parts.store.getLease(runId))) return follow(parts, runId)
  if (record.status !== 'running' && record.status !== 'waiting') return over(parts, runId)
  return drive(parts, await takeRun(parts, runId, inputs))
}

function follow(parts: EngineParts, runId: string): Driving {
  const detached = new AbortController()
  const send = (command: RunCommand) => {
    parts.store.sendCommand(runId, command).catch(() => {})
  }
  return {
    run_id: runId,
    following: true,
    secrets: [],
    done: followRun(parts, runId, detached.signal),
    cancel: (by) => send({ type: 'cancel', by }),
    pause: (by) => send({ type: 'pause', by }),
    abandon: (reason) => detached.abort(reason),
  }
}

async function over(parts: EngineParts, runId: string): Promise<Driving> {
  const done = readRun(parts, runId)
  return { run_id: runId, following: false, secrets: [], done, cancel: () => {}, pause: () => {}, abandon: () => {} }
}

async function existing(parts: Pick<EngineParts, 'store'>, runId: string) {
  const record = await parts.store.getRun(runId)
  if (record) return record
  throw new UsageError(`there is no run ${runId}`, {
    code: 'unknown_run',
    hint: '`runs list` shows the runs of this store',
  })
}

function validInputs(workflow: LoadedWorkflow, given: JsonObject): JsonObject {
  const checked = checkInputs(workflow.definition.inputs, given)
  if (checked.ok) return checked.inputs
  const lines = checked.problems.map((problem) => `input "${problem.name}": ${problem.message}`)
  const hint = checked.problems.find((problem) => problem.hint !== undefined)?.hint
  throw new NonRetryableError('invalid_input', lines.join('; '), { hint })
}

/** Given paths are relative to the working folder, defaults to the workflow's file (ruling 8). */
async function importInputs(parts: EngineParts, workflow: LoadedWorkflow, inputs: JsonObject, given: JsonObject) {
  const written = Object.fromEntries(Object.entries(inputs).filter(([name]) => given[name] !== undefined))
  const defaults = Object.fromEntries(Object.entries(inputs).filter(([name]) => given[name] === undefined))
  const specs = workflow.definition.inputs
  const one = await importFiles(specs, written, parts.artifacts, parts.cwd)
  const other = await importFiles(specs, defaults, parts.artifacts, dirname(workflow.file))
  return { inputs: { ...other.inputs, ...one.inputs }, files: [...one.files, ...other.files] }
}

/** Run ids become file names and arguments: nothing but letters, digits, `-`, `_` and `.` inside. */
function assertRunId(id: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/.test(id) && id !== 'last') return
  throw new UsageError(`"${id}" can't be a run id`, {
    hint: 'up to 100 letters, digits, - and _, beginning with a letter or digit; "last" stands for the latest run',
  })
}

function rootOf(runId: string): string {
  return runId.split('.')[0] as string
}
