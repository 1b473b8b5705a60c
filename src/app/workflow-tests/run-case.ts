/** Runs one case: a fresh state folder, a sandbox of its own, approvals answered as the case says. */
import { CancelledError, type ErrorData, ReplicateAgentError, toErrorData } from '../../domain/errors.ts'
import type { RunEvent } from '../../domain/events.ts'
import type { RunResult } from '../../domain/run.ts'
import { abortReason } from '../../std/abort.ts'
import { formatDuration } from '../../std/duration.ts'
import type { JsonObject } from '../../std/json.ts'
import { seededRandom } from '../../std/random.ts'
import {
  answerApproval,
  type Driving,
  type EngineParts,
  type PendingApproval,
  pendingApprovals,
  readRun,
  resumeRun,
  startRun,
} from '../../workflow/engine.ts'
import type { LoadedWorkflow } from '../../workflow/load.ts'
import type { Plan } from '../../workflow/plan.ts'
import type { App } from '../app.ts'
import { answering } from './answering.ts'
import { callsMade } from './calls-made.ts'
import { type CaseClock, caseClock } from './case-clock.ts'
import type { TestCase } from './merged-case.ts'
import type { ApprovalAnswerSpec } from './spec.ts'
import { namesIn } from './workflow-names.ts'

/** The same in every case, so that what a run says of itself is the same each time. */
const runIdOfCase = 'test'

/** What a run, or one nested in it, did. */
export interface Observed {
  /** Of a nested run, the steps that lead to it, each with a dot after it: `outer.`. */
  within: string
  /** Indexes of the items of those steps, 0 where there are none. */
  items: readonly number[]
  plan: Plan
  events: readonly RunEvent[]
}

export interface CaseRun {
  /** A run that could not be started has no steps, and the error that says why. */
  result: RunResult
  observed: Observed[]
  /** What the calls of each step were sent. */
  calls: Record<string, JsonObject[]>
  /** It was left after this time, unfinished. */
  timed_out_ms?: number
}

export interface CaseSurroundings {
  workflow: LoadedWorkflow
  /** A folder that is the case's own. */
  home: string
  signal: AbortSignal
}

/** Rejects with the signal's reason, or when a part of the program itself fails. */
export async function runCase(app: App, one: TestCase, { workflow, home, signal }: CaseSurroundings): Promise<CaseRun> {
  const clock = caseClock(app.clock, one.now === undefined ? undefined : Date.parse(one.now))
  const own = await app.isolated({
    home,
    cwd: one.folder,
    clock,
    env: one.env,
    random: seededRandom(one.seed),
    sandbox: { seed: one.seed, latency: one.latency, faults: one.faults, clock },
    around: answering(one.answers, one.folder),
  })
  try {
    const parts = await own.engine('sandbox')
    return await drive({ parts, one, workflow, clock, signal, real: app.clock })
  } finally {
    await own.close()
  }
}

interface Trial {
  parts: EngineParts
  one: TestCase
  workflow: LoadedWorkflow
  clock: CaseClock
  signal: AbortSignal
  real: App['clock']
}

async function drive(trial: Trial): Promise<CaseRun> {
  const { parts, one, workflow } = trial
  let driving: Driving
  try {
    const { budget_usd, max_concurrency, inputs } = one
    driving = await startRun(parts, workflow, {
      ...{ inputs, runId: runIdOfCase, sandbox: true },
      ...(budget_usd !== undefined && { budget_usd }),
      ...(max_concurrency !== undefined && { max_concurrency }),
    })
  } catch (error) {
    if (!(error instanceof ReplicateAgentError)) throw error
    return { result: neverStarted(workflow, toErrorData(error)), observed: [], calls: {} }
  }
  const { result, late } = await untilEnd(trial, driving)
  const observed = await observe(parts, runIdOfCase, { within: '', items: [], plan: workflow.plan })
  const calls = await callsMade(observed, parts.artifacts, namesIn(workflow.definition).callers)
  return { result, observed, calls, ...(late && { timed_out_ms: one.timeout_ms }) }
}

function neverStarted({ definition }: LoadedWorkflow, error: ErrorData): RunResult {
  return {
    ...{ run_id: runIdOfCase, workflow: definition.name, status: 'failed', outputs: {} },
    ...{ cost_usd: 0, duration_ms: 0, error, steps: {} },
  }
}

/** Drives it on through every approval that the case has an answer for, until the case's time is up. */
async function untilEnd(trial: Trial, first: Driving): Promise<{ result: RunResult; late: boolean }> {
  const { parts, one, real, signal } = trial
  const over = new AbortController()
  let driving = first
  /** Why the run is left as it is. */
  let why: Error | undefined
  let late = false
  const leave = (reason: Error) => {
    why ??= reason
    driving.abandon(why)
  }
  const onAbort = () => leave(abortReason(signal))
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  real.sleep(one.timeout_ms, over.signal).then(
    () => {
      late = true
      leave(new CancelledError(`the case took longer than ${formatDuration(one.timeout_ms)}`, { code: 'interrupted' }))
    },
    () => {},
  )
  try {
    for (;;) {
      const result = await driving.done
      if (why || !(await answerAll(trial, result))) return { result, late }
      driving = await resumeRun(parts, runIdOfCase, { inputs: one.inputs })
      if (why) driving.abandon(why)
    }
  } catch (error) {
    if (!late || signal.aborted) throw error
    return { result: await readRun(parts, runIdOfCase), late }
  } finally {
    over.abort()
    signal.removeEventListener('abort', onAbort)
  }
}

/** Whether anything that the run waits for was answered. */
async function answerAll({ parts, one, clock }: Trial, result: RunResult): Promise<boolean> {
  if (result.status !== 'waiting' || result.waiting_for !== 'approval') return false
  const pending = await pendingApprovals(parts, runIdOfCase)
  const answers = pending.flatMap((asked) => {
    const answer = answerFor(one, asked)
    return answer === undefined ? [] : [{ asked, answer }]
  })
  const late = answers.filter(({ answer }) => answer === 'timeout')
  const said = answers.filter(({ answer }) => answer !== 'timeout')
  for (const { asked, answer } of said) await give(parts, asked, answer)
  // What is answered is taken in before time moves on.
  if (said.length > 0) return true
  const due = late.flatMap(({ asked }) => asked.expires_at ?? [])
  if (due.length === 0) return false
  clock.skipTo(Math.min(...due))
  return true
}

function answerFor({ approvals }: TestCase, { step, index }: PendingApproval): ApprovalAnswerSpec | undefined {
  const given = Object.hasOwn(approvals, step) ? approvals[step] : undefined
  return Array.isArray(given) ? given[index ?? 0] : given
}

async function give(parts: EngineParts, asked: PendingApproval, answer: ApprovalAnswerSpec): Promise<void> {
  const { run_id, step, index } = asked
  const whole = typeof answer === 'object' ? answer : { approved: answer === true || answer === 'approve' }
  const approved = whole.approved !== false
  const inputs = ('inputs' in whole ? whole.inputs : {}) as JsonObject
  const by = ('by' in whole ? whole.by : undefined) ?? 'tester'
  await answerApproval(parts, run_id, { step, approved, inputs, by, ...(index !== undefined && { index }) })
}

/** The journals of a run and of those nested in it, each with the plan that it followed. */
async function observe(
  parts: EngineParts,
  runId: string,
  run: Pick<Observed, 'within' | 'items' | 'plan'>,
): Promise<Observed[]> {
  const { within, items, plan } = run
  const events = await parts.store.readEvents(runId)
  const observed: Observed[] = [{ ...run, events }]
  for (const event of events) {
    if (event.type !== 'child.started') continue
    const action = plan.steps.get(event.step)?.definition.action
    if (action?.kind !== 'workflow') continue
    const nested = {
      within: `${within}${event.step}.`,
      items: [...items, event.index ?? 0],
      plan: plan.child(action.ref),
    }
    observed.push(...(await observe(parts, event.run_id, nested)))
  }
  return observed
}
