/** One piece of work, from its rendered input to its outcome: a value, a call, a child run; once or in rounds. */
import { type ErrorData, NonRetryableError, ReplicateAgentError, toErrorData } from '../../domain/errors.ts'
import type { EventOf, RunEventBody, WorkRef } from '../../domain/events.ts'
import type { RetryPolicy } from '../../domain/retry-policy.ts'
import type { KeptFile } from '../../domain/file.ts'
import type { StepHooks } from '../../domain/step-hooks.ts'
import type { BudgetGate, CallContext, CallFiles, Executor } from '../../executor/contract.ts'
import { evaluateExpression, truthy } from '../../expression/evaluate.ts'
import type { Clock } from '../../std/clock.ts'
import type { Json, JsonObject } from '../../std/json.ts'
import { performApproval } from './approval.ts'
import { childRunId, deadlineOf, performChild } from './child.ts'
import { filledCall } from './agent-variables.ts'
import { evaluation } from './gate.ts'
import { priorCalls } from './prior-calls.ts'
import type { Journal } from '../journal.ts'
import type { Plan, PlanStep } from '../plan.ts'
import type { Scope } from './scope.ts'
import { scorerOf } from './score-answer.ts'
import type { EngineParts } from './hold.ts'
import { throughHooks } from './hooked-step.ts'
import { questionsOf } from './plugin-question.ts'
import type { Mask } from './secrets.ts'
import { addCost, difference, type RunState, unspill, type WorkState, workOf } from '../state.ts'
import { renderTemplate } from '../template.ts'

type Settled = EventOf<'step.settled'>

export type WorkOutcome =
  /** `facts` are journaled in the same commit: the end of the last call must not be known without the step's. */
  | { kind: 'settled'; facts: RunEventBody[]; event: Settled }
  /** A child run waits for an approval; it goes on when it is answered. */
  | { kind: 'parked' }
  /** Somebody is asked for an answer. */
  | { kind: 'asked'; event: EventOf<'approval.requested'> }
  /** A child run was paused. */
  | { kind: 'paused' }
  /** Nothing more should be issued (rulings 18, 47). `cost_usd`: of a nested run, so far. */
  | { kind: 'stopped'; facts: RunEventBody[]; error: ErrorData; cost_usd?: number | null }

/** How a child run ended, as its parent's step sees it. */
export type ChildEnd =
  | { status: 'succeeded'; outputs: JsonObject; files: KeptFile[]; cost_usd: number | null }
  | { status: 'failed' | 'cancelled'; error: ErrorData; cost_usd: number | null }
  | { status: 'waiting'; waiting_for: 'approval' | 'resume'; error?: ErrorData }

/** What a `workflow` step asks for. */
export interface ChildCall {
  ref: WorkRef
  workflow: string
  childId: string
  inputs: JsonObject
  /** Retries what failed in it, when it is there and failed. */
  retry: boolean
  /** Set for the run of a judge: files of the answer, which no journal names yet. */
  judged?: readonly KeptFile[]
  /** In place of a workflow of the definition: of the question of a plugin. */
  plan?: Plan
  asked_by?: readonly string[]
  /** When it has to be over, epoch milliseconds; the signal tells. */
  deadline?: number
  signal: AbortSignal
}

export interface WorkParts {
  plan: Plan
  state: RunState
  journal: Journal
  executor: Executor
  clock: Clock
  /** Of a step, and the run that it is in. */
  budgetOf(step: string): BudgetGate
  /** The outermost run. */
  root: string
  /** What earlier processes had spent in this run and those above it. */
  earlier: NonNullable<CallContext['earlier']>
  /** Plugins whose question this run answers. */
  asked_by?: readonly string[] | undefined
  hooks?: StepHooks | undefined
  planOfQuestion?: EngineParts['planOfQuestion'] | undefined
  files: CallFiles
  mask: Mask
  env: Readonly<Record<string, string>>
  /** When the run's time is up, or that of a run above it, epoch milliseconds. `finally` has none. */
  deadline?: number | undefined
  /** How long to wait before a nested run is made again, milliseconds. */
  backoff(policy: RetryPolicy, failures: number): number
  claim(predictionId: string, ref: WorkRef): Promise<boolean>
  progress(ref: WorkRef, news: { call: number; text?: string; status?: string; fraction?: number }): void
  /** Drives (or goes on with) the child run of a `workflow` step. */
  runChild(child: ChildCall): Promise<ChildEnd>
}

/** Does a piece of work whose `step.started` is durable. Rejects only when the journal can't be written. */
export async function perform(
  parts: WorkParts,
  step: PlanStep,
  ref: WorkRef,
  scope: Scope,
  signal: AbortSignal,
): Promise<WorkOutcome> {
  const { repeat } = step.definition
  const work = workOf(parts.state, ref) as WorkState
  for (let round = work.rounds.length + 1; ; round += 1) {
    const last = work.rounds.at(-1)
    if (repeat) {
      scope.previous = unspill(last?.output, parts.journal.loaded)
      // The process may have ended between a round and what follows from it.
      if (last) {
        const end = roundEnd(parts, step, work, scope, round - 1)
        if (end) return settled(parts, ref, work, end)
      }
    }
    const done = await performOnce(parts, step, repeat ? { ...ref, round } : ref, scope, signal)
    if (done.kind !== 'done') return done.kind === 'ended' ? settled(parts, ref, work, done.end) : done
    if (!repeat) return settled(parts, ref, work, done.result)
    await writeRound(parts, ref, work, round, done.result)
  }
}

export interface Result {
  /** Facts not yet journaled that must become durable together with this result. */
  facts?: RunEventBody[]
  status: 'succeeded' | 'failed' | 'cancelled'
  output?: Json
  error?: ErrorData
  files?: KeptFile[]
  model?: string
  cached?: boolean
  saved_usd?: number | null
  latency_ms?: number
  /** Of work that is not made of calls. */
  cost_usd?: number | null
  /** What plugins asked other agents about it, dollars. */
  asked_usd?: number | null
}

export type Once =
  | { kind: 'done'; result: Result }
  | { kind: 'ended'; end: Result }
  | Exclude<WorkOutcome, { kind: 'settled' }>

async function performOnce(
  parts: WorkParts,
  step: PlanStep,
  ref: WorkRef,
  scope: Scope,
  signal: AbortSignal,
): Promise<Once> {
  const { action } = step.definition
  const now = workOf(parts.state, ref)?.started_at ?? parts.clock.now()
  try {
    if (action.kind === 'value') {
      return await throughHooks(parts, step, ref, {}, signal, async () => {
        const output = step.value ? renderTemplate(step.value, scope, evaluation(parts.state, now)) : null
        return { kind: 'done', result: { status: 'succeeded', output, cost_usd: 0 } }
      })
    }
    if (action.kind === 'approval') return await performApproval(parts, step, ref, scope, signal)
    const rendered = renderTemplate(step.input, scope, evaluation(parts.state, now)) as JsonObject
    return await throughHooks(parts, step, ref, rendered, signal, (input) => {
      if (action.kind === 'workflow') return performChild(parts, step, ref, action.ref, input, signal)
      return performCall(parts, step, ref, input, signal)
    })
  } catch (error) {
    // Only what the definition's expressions raise is the step's own failure; the rest is the journal's.
    if (error instanceof ReplicateAgentError && isOwnFailure(error)) {
      return { kind: 'ended', end: { status: 'failed', error: toErrorData(error) } }
    }
    throw error
  }
}

function isOwnFailure(error: ReplicateAgentError): boolean {
  return error.code === 'expression_failed' || error.code === 'invalid_expression' || error.code === 'invalid_input'
}

// ── calls ──

async function performCall(
  parts: WorkParts,
  step: PlanStep,
  ref: WorkRef,
  input: JsonObject,
  signal: AbortSignal,
): Promise<Once> {
  const facts: RunEventBody[] = []
  const call = filledCall(parts.plan.definition, step.definition, input, parts.env)
  if ('missing' in call) return { kind: 'stopped', facts, error: call.missing }
  const context = callContext(parts, step, ref, signal, facts)
  const score = scorerOf({ ...parts, ref, childId: childRunId(parts.state, ref, 1) }, call.spec)
  if (score) context.score = score
  const asked = questionsOf(parts, ref, childRunId(parts.state, ref, 1))
  if (asked) context.ask = asked.ask
  const outcome = await parts.executor.execute(call.spec, context)
  await parts.executor.reported?.()
  if (outcome.status === 'stopped')
    return { kind: 'stopped', facts: facts.map((fact) => leftOpen(fact, outcome.error)), error: outcome.error }
  const result: Result = { facts, status: outcome.status, latency_ms: outcome.latency_ms }
  const asked_usd = asked?.spent() ?? 0
  if (asked_usd !== 0) result.asked_usd = asked_usd
  if (outcome.model !== undefined) result.model = outcome.model
  if (outcome.status === 'cancelled') return { kind: 'ended', end: result }
  if (outcome.status === 'failed') return { kind: 'ended', end: { ...result, error: outcome.error } }
  const { output, files, cached, saved_usd } = outcome
  return { kind: 'done', result: { ...result, output, files, cached, ...(saved_usd !== undefined && { saved_usd }) } }
}

/** What was answered, but not gone on with, is taken up at a resume, and not paid for again. */
function leftOpen(fact: RunEventBody, error: ErrorData): RunEventBody {
  return fact.type === 'call.settled' && fact.status === 'succeeded' ? { ...fact, status: 'abandoned', error } : fact
}

function callContext(
  parts: WorkParts,
  step: PlanStep,
  ref: WorkRef,
  signal: AbortSignal,
  last: RunEventBody[],
): CallContext {
  const deadline = deadlineOf(parts, step)
  const { journal, state } = parts
  const labels = {
    run_id: state.run_id,
    root: parts.root,
    attempt: state.attempt,
    workflow: parts.plan.definition.name,
    ...ref,
  }
  return {
    signal,
    ...(deadline !== undefined && { deadline }),
    prior: priorCalls(parts.state, parts.journal.loaded, ref),
    async record(...together) {
      const events: RunEventBody[] = []
      for (const { body, ...fact } of together) {
        const event = { ...fact, ...ref } as RunEventBody
        events.push(body === undefined ? event : ({ ...event, body: await journal.spill(body) } as RunEventBody))
      }
      for (const event of events) journal.add(event)
      await journal.flushed()
    },
    recordLast: (fact) => last.push({ ...fact, ...ref } as RunEventBody),
    claim: (id) => parts.claim(id, ref),
    files: parts.files,
    versionOf: (model) => state.versions.get(model),
    budget: parts.budgetOf(ref.step),
    mask: parts.mask,
    progress: (news) => parts.progress(ref, news),
    labels: { ...labels, ...(parts.asked_by && { asked_by: parts.asked_by }) },
    earlier: parts.earlier,
  }
}

// ── rounds ──

async function writeRound(
  parts: WorkParts,
  ref: WorkRef,
  work: WorkState,
  round: number,
  result: Result,
): Promise<void> {
  const output = await parts.journal.spill(result.output ?? null)
  for (const fact of result.facts ?? []) parts.journal.add(fact)
  const attempts = work.attempts - work.rounds.reduce((sum, known) => sum + known.attempts, 0)
  const cost_usd = addCost(result.cost_usd ?? roundCost(work), result.asked_usd ?? 0)
  const event: EventOf<'round.settled'> = { type: 'round.settled', ...ref, round, output, attempts, cost_usd }
  if (result.model !== undefined) event.model = result.model
  if (result.saved_usd !== undefined) event.saved_usd = result.saved_usd
  if (result.files?.length) event.files = result.files
  await parts.journal.write(event)
}

/** What the calls of the round just made cost. */
function roundCost(work: WorkState): number | null {
  const before = work.rounds.reduce<number | null>((sum, round) => addCost(sum, round.cost_usd), 0)
  return work.cost_usd === null || before === null ? null : work.cost_usd - before
}

/** How the step ends after this round, or undefined when another one is due (ruling 13). */
function roundEnd(parts: WorkParts, step: PlanStep, work: WorkState, scope: Scope, round: number): Result | undefined {
  const max = step.definition.repeat?.max ?? 1
  const output = unspill(work.rounds.at(-1)?.output, parts.journal.loaded)
  const before = unspill(work.rounds.at(-2)?.output, parts.journal.loaded)
  const end: Result = { status: 'succeeded', output }
  if (work.model !== undefined) end.model = work.model
  if (work.files.length > 0) end.files = work.files
  if (step.until) {
    try {
      const cost = work.cost_usd
      const inRound = {
        ...scope,
        output,
        previous: before,
        cost,
        cost_usd: cost,
        latency_ms: parts.clock.now() - work.started_at,
      }
      if (truthy(evaluateExpression(step.until, inRound, evaluation(parts.state, work.started_at)))) return end
    } catch (error) {
      return { ...end, status: 'failed', error: toErrorData(error) }
    }
  }
  if (round < max) return undefined
  if (!step.until) return end
  const error = new NonRetryableError(
    'repeat_exhausted',
    `after ${max} rounds, "${step.until.source}" is still not true`,
    {
      hint: 'raise repeat.max, or make the condition easier to meet',
    },
  )
  return { ...end, status: 'failed', error: toErrorData(error) }
}

// ── the end ──

async function settled(parts: WorkParts, ref: WorkRef, work: WorkState, end: Result): Promise<WorkOutcome> {
  const facts = end.facts ?? []
  const { attempts, cost_usd } = withFacts(work, facts)
  const event: Settled = {
    type: 'step.settled',
    ...ref,
    status: end.status,
    attempts,
    latency_ms: Math.round(end.latency_ms ?? Math.max(0, parts.clock.now() - work.started_at)),
    cost_usd: addCost(addCost(cost_usd, end.cost_usd === undefined ? 0 : end.cost_usd), end.asked_usd ?? 0),
  }
  if (end.output !== undefined) {
    const spilled = parts.journal.spill(end.output)
    event.output = spilled instanceof Promise ? await spilled : spilled
  }
  if (end.error) event.error = { ...end.error, step: ref.step }
  if (end.model !== undefined) event.model = end.model
  if (end.cached) event.cached = true
  if (end.saved_usd !== undefined) event.saved_usd = end.saved_usd
  if (end.files?.length) event.files = end.files
  return { kind: 'settled', facts, event }
}

/** What the work came to, counting the facts that are not folded yet. */
function withFacts(work: WorkState, facts: readonly RunEventBody[]): { attempts: number; cost_usd: number | null } {
  let { attempts, cost_usd } = work
  for (const fact of facts) {
    if (fact.type !== 'call.settled') continue
    // Given up before, and taken up again: it is one attempt, and its last word counts.
    const before = work.calls.find(({ call }) => call === fact.call)?.settled
    if (!before) attempts += 1
    cost_usd = addCost(cost_usd, before ? difference(fact.cost_usd, before.cost_usd) : fact.cost_usd)
  }
  return { attempts, cost_usd }
}

/** Whether a piece of work can be done in the very turn it is started: pure data, no waiting. */
export function isInstant(step: PlanStep): boolean {
  return step.definition.action.kind === 'value' && !step.definition.repeat
}
