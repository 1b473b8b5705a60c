/**
 * Drives one run from its state to its end: the only loop.
 *
 * Invariants, cited below and by tests:
 *  1. An event is durable before anything that depends on it happens. A turn of the loop takes in what happened,
 *     decides what follows, makes both durable in one commit, and only then lets the decided things begin.
 *  2. A step starts as soon as its needs are settled: a ready queue, critical path first. No slow sibling holds up
 *     an unrelated branch.
 *  3. A settled step run never runs again in the same `run.attempt`.
 *  4. A call whose intent is journaled is taken up again, not made again: `work.ts` hands what the journal knows
 *     of it to the executor, and the target looks before it creates.
 *  5. One process drives a run: every commit is fenced by the lease. A driver that lost it writes nothing more.
 *  6. A run is driven by its own copy of the definition.
 *  7. Cancelling stops new steps, cancels what is in flight at its target, runs `finally`, and ends `cancelled`.
 *     Abandoning journals nothing and cancels nothing: the run stays resumable.
 */
import { CancelledError, type ErrorData, TimeoutError } from '../domain/errors.ts'
import type { EventOf, RunCommand, WorkRef } from '../domain/events.ts'
import type { Json, JsonObject } from '../std/json.ts'
import { type Alarms, createAlarms } from './alarms.ts'
import { answerApproval, approvalOf, expireApproval, openApprovals } from './approval.ts'
import { concludeRun, statusOfSteps } from './conclude.ts'
import { cancelledWork, failedWork, notBegun, waitsInFinally } from './endings.ts'
import {
  createFanOut,
  type FanOut,
  FanOuts,
  fanResult,
  isDone,
  listOf,
  peekItem,
  scopeOfItem,
  takeItem,
} from './fan-out.ts'
import { evaluation, judgeCondition, judgeStep } from './gate.ts'
import { Inbox, type Message } from './inbox.ts'
import type { Plan, PlanStep } from './plan.ts'
import { comesBefore, createSchedule, peekReady, type Schedule, settleStep, takeReady } from './scheduler.ts'
import { type Scope, type ScopeParts, scopeOfStep } from './scope.ts'
import { isSettled, type RunState, type StepState, workOf } from './state.ts'
import { keyOf, Units } from './units.ts'
import { isInstant, perform, type WorkOutcome, type WorkParts } from './work.ts'

export interface DriveParts extends WorkParts {
  inputs: JsonObject
  env: Record<string, string>
  max_concurrency: number
  /** Commands left for this run; `commandsDone` marks them as taken. */
  commands(): Promise<{ id: number; command: RunCommand }[]>
  commandsDone(ids: number[]): Promise<void>
  /** Pauses the nested runs that are being driven. */
  pauseChildren(by: string): void
  /** Whether a child run that waits has been given an answer meanwhile. */
  hasNews(childId: string): Promise<boolean>
}

/** How often commands of other processes are looked for, milliseconds. */
const pollEveryMs = 250
/** Instant pieces of work begun in one turn, so that a turn stays short. */
const instantPerTurn = 1_000

export class RunDriver {
  readonly #parts: DriveParts
  readonly #scope: ScopeParts
  /** What is in flight, and what was decided in this turn: it begins once that is durable (invariant 1). */
  readonly #units = new Units()
  readonly #fans = new FanOuts()
  /** Work whose child run waits for an approval. */
  readonly #parked = new Map<string, WorkRef>()
  readonly #over = new AbortController()
  readonly #alarms: Alarms
  readonly #inbox = new Inbox()
  #more = false
  #schedule: Schedule

  constructor(parts: DriveParts) {
    this.#parts = parts
    const { plan, state, inputs, env, journal } = parts
    this.#scope = { plan, state, inputs, env, loaded: journal.loaded }
    this.#alarms = createAlarms(parts.clock, this.#over.signal)
    this.#schedule = scheduleOf(plan, state, this.#phase)
  }

  get #state(): RunState {
    return this.#parts.state
  }

  get #phase(): 'steps' | 'finally' {
    return this.#state.finalising ? 'finally' : 'steps'
  }

  cancel(by: string): void {
    this.#inbox.post({ kind: 'cancel', by })
  }

  pause(by: string): void {
    this.#inbox.post({ kind: 'pause', by })
  }

  /** Ends at once with `reason`: nothing more is journaled, nothing is cancelled at its target (invariant 7). */
  abandon(reason: Error): void {
    this.#parts.journal.close(reason)
    this.#units.abort(reason)
    this.#inbox.post({ kind: 'crash', error: reason })
  }

  /** Resolves when the run is settled or waits. Rejects when it was abandoned or its journal can't be written. */
  async drive(): Promise<void> {
    this.#setAlarms()
    try {
      this.#takeUpAgain()
      await this.#takeCommands()
      while (!(await this.#turn())) {
        if (!this.#more) await this.#inbox.wait()
      }
    } catch (error) {
      this.abandon(error instanceof Error ? error : new Error(String(error)))
      throw error
    } finally {
      this.#over.abort(new CancelledError('the run is over'))
    }
  }

  /** Takes in what happened, decides, commits, begins (invariant 1). True when the run is settled or waits. */
  async #turn(): Promise<boolean> {
    for (const message of this.#inbox.take()) {
      if (message.kind === 'poll') await this.#takeCommands()
      else this.#takeIn(message)
    }
    this.#startWork()
    await this.#parts.journal.flushed()
    this.#beginDecided()
    if (this.#units.size > 0 || !this.#inbox.isEmpty || this.#more) return false
    return this.#rest()
  }

  // ── what happened ──

  #takeIn(message: Exclude<Message, { kind: 'poll' }>): void {
    switch (message.kind) {
      case 'crash':
        throw message.error
      case 'work':
        return this.#takeOutcome(message.ref, message.outcome)
      case 'cancel':
        return this.#cancelAll(message.by)
      case 'pause':
        return this.#pauseAll(message.by)
      case 'expired':
        return this.#settleAll(expireApproval(this.#state, message.ref, this.#parts.clock.now()))
      case 'timeout':
        return this.#timeOut()
    }
  }

  #takeOutcome(ref: WorkRef, outcome: WorkOutcome): void {
    this.#units.remove(ref)
    const fan = this.#fans.of(ref)
    if (fan) fan.inFlight -= 1
    if (outcome.kind === 'parked') return this.#park(ref)
    if (outcome.kind === 'paused') return this.#pauseAll('a nested run')
    for (const fact of outcome.facts) this.#parts.journal.add(fact)
    if (outcome.kind === 'settled') this.#settle(outcome.event)
    else this.#stop(ref, outcome.error)
  }

  #settleAll(events: readonly (EventOf<'step.settled'> | EventOf<'approval.answered'>)[]): void {
    for (const event of events) {
      if (event.type === 'step.settled') this.#settle(event)
      else this.#parts.journal.add(event)
    }
  }

  #settle(event: EventOf<'step.settled'>): void {
    this.#parts.journal.add(event)
    const fan = this.#fans.of(event)
    if (!fan) {
      settleStep(this.#schedule, event.step)
      return
    }
    fan.settled += 1
    const { on_error, foreach } = fan.step.definition
    if (event.status === 'failed' && on_error === 'fail' && foreach?.fail_fast && !fan.closed) {
      fan.closed = true
      this.#units.abort(new CancelledError(`item ${event.index} failed`), event.step)
    }
    this.#settleFan(fan)
  }

  #settleFan(fan: FanOut): void {
    const step = this.#state.steps.get(fan.step.id) as StepState
    if (!isDone(fan, step) || !this.#fans.delete(fan)) return
    this.#parts.journal.add(fanResult(fan, step, this.#parts.clock.now()))
    settleStep(this.#schedule, fan.step.id)
  }

  #park(ref: WorkRef): void {
    if (this.#phase === 'finally') this.#settle(waitsInFinally(this.#state, ref))
    else if (this.#halting()) this.#decideAgain(ref)
    else this.#parked.set(keyOf(ref), ref)
  }

  /** Authentication, no credit, budget: what is in flight ends, nothing new starts (rulings 18, 47). */
  #stop(ref: WorkRef, error: ErrorData): void {
    if (!this.#state.stopping) this.#parts.journal.add({ type: 'run.stopping', error })
    // A refused budget created nothing: the work begins anew at a resume. Otherwise its call is taken up again.
    if (error.code === 'budget_exceeded' || this.#phase === 'finally')
      this.#settle(cancelledWork(this.#state, ref, error))
  }

  #pauseAll(by: string): void {
    if (this.#state.pausing || this.#phase === 'finally') return
    this.#parts.journal.add({ type: 'run.pausing', by })
    this.#parts.pauseChildren(by)
  }

  #cancelAll(by: string): void {
    if (this.#state.cancelling || this.#phase === 'finally') return
    this.#parts.journal.add({ type: 'run.cancelling', by })
    this.#halt(new CancelledError(`cancelled by ${by}`))
  }

  #timeOut(): void {
    if (this.#halting() || this.#phase === 'finally') return
    const after = this.#parts.plan.definition.timeout_ms ?? 0
    this.#parts.journal.add({ type: 'run.timed_out', after_ms: after })
    this.#halt(new TimeoutError(`the workflow took longer than ${after} ms`))
  }

  #halting(): boolean {
    return this.#state.cancelling || this.#state.timed_out_ms !== undefined
  }

  /** Cancels everything that has begun; what has not begun stays so. */
  #halt(reason: Error): void {
    // Child runs that wait are gone into once more, to be cancelled themselves.
    for (const ref of this.#parked.values()) this.#decideAgain(ref)
    this.#parked.clear()
    this.#units.abort(reason)
    this.#endWaiting()
  }

  /** Nothing more will begin: approvals and fan-outs that still wait are settled as cancelled. */
  #endWaiting(): void {
    for (const fan of this.#fans.all()) fan.closed = true
    for (const ref of openApprovals(this.#state)) this.#settle(cancelledWork(this.#state, ref))
    for (const fan of this.#fans.all()) this.#settleFan(fan)
  }

  // ── what follows ──

  /** Fills free slots with what comes first, ready steps or items of fan-outs, until nothing may start (invariant 2). */
  #startWork(): void {
    this.#more = false
    const { pausing, stopping } = this.#state
    if (this.#phase === 'steps' && (pausing || stopping || this.#halting())) return
    for (let begun = 0; begun < instantPerTurn; begun += 1) {
      const free = this.#units.slots < this.#parts.max_concurrency
      const fan = this.#nextFan(free)
      const ready = peekReady(this.#schedule)
      if (fan && (ready === undefined || !comesBefore(this.#schedule, ready, fan.step.id))) this.#startItem(fan)
      else if (ready !== undefined && (free || !takesSlot(this.#step(ready)))) {
        takeReady(this.#schedule)
        this.#startStep(this.#step(ready))
      } else if (fan) this.#startItem(fan)
      else return
    }
    this.#more = true
  }

  #nextFan(free: boolean): FanOut | undefined {
    const { steps } = this.#state
    return this.#fans.next(
      (fan) => (free || isInstant(fan.step)) && peekItem(fan, steps.get(fan.step.id) as StepState) !== undefined,
      (a, b) => comesBefore(this.#schedule, a.step.id, b.step.id),
    )
  }

  #startStep(step: PlanStep): void {
    const { plan, clock, journal } = this.#parts
    let scope: Scope | undefined
    const scopeOnce = () => (scope ??= scopeOfStep(this.#scope, step))
    const gate = judgeStep(plan, this.#state, step, scopeOnce, clock.now())
    if (!gate.open) return this.#settle(notBegun(this.#state, { step: step.id }, gate))
    journal.add({ type: 'step.started', step: step.id })
    if (step.definition.foreach) this.#expand(step, scopeOnce())
    else this.#decide(step, { step: step.id }, scopeOnce())
  }

  /** Lists the items of a foreach; at a resume the same values give the same list. */
  #expand(step: PlanStep, scope: Scope): void {
    const state = this.#state.steps.get(step.id) as StepState
    let list: Json[]
    try {
      list = listOf(step, scope, evaluation(this.#state, state.started_at))
    } catch (error) {
      return this.#settle(failedWork(this.#state, { step: step.id }, error))
    }
    if (state.count === undefined)
      this.#parts.journal.add({ type: 'foreach.expanded', step: step.id, count: list.length })
    const fan = createFanOut(step, list, scope, state)
    this.#fans.add(fan)
    this.#settleFan(fan)
  }

  #startItem(fan: FanOut): void {
    const { index, begun } = takeItem(fan)
    const ref = { step: fan.step.id, index }
    const scope = scopeOfItem(fan, index)
    if (!begun) {
      if (fan.step.condition?.perItem) {
        const gate = judgeCondition(fan.step, this.#state, scope, this.#parts.clock.now())
        if (!gate.open) return this.#settle(notBegun(this.#state, ref, gate))
      }
      this.#parts.journal.add({ type: 'step.started', ...ref })
    }
    this.#decide(fan.step, ref, scope)
  }

  /** Lets a piece of work begin at the end of this turn; an approval is asked for instead. */
  #decide(step: PlanStep, ref: WorkRef, scope: Scope): void {
    if (step.definition.action.kind === 'approval') return this.#ask(step, ref, scope)
    this.#units.add(step, ref, scope)
    const fan = this.#fans.of(ref)
    if (fan) fan.inFlight += 1
  }

  #decideAgain(ref: WorkRef): void {
    const fan = this.#fans.of(ref)
    const step = this.#step(ref.step)
    this.#decide(
      step,
      ref,
      fan && ref.index !== undefined ? scopeOfItem(fan, ref.index) : scopeOfStep(this.#scope, step),
    )
  }

  #ask(step: PlanStep, ref: WorkRef, scope: Scope): void {
    try {
      const event = approvalOf(step, ref, scope, this.#state, this.#parts.clock.now())
      this.#parts.journal.add(event)
      this.#expireAt(ref, event.expires_at)
    } catch (error) {
      this.#settle(failedWork(this.#state, ref, error))
    }
  }

  #beginDecided(): void {
    for (const { step, ref, scope, controller } of this.#units.takeDecided()) {
      perform(this.#parts, step, ref, scope, controller.signal).then(
        (outcome) => this.#inbox.post({ kind: 'work', ref, outcome }),
        (error) => this.#inbox.post({ kind: 'crash', error }),
      )
    }
  }

  // ── rest ──

  /** Nothing is in flight and nothing may start: the run waits, goes over to `finally`, or is settled. */
  async #rest(): Promise<boolean> {
    if (await this.#takeCommands()) return false
    if (this.#phase === 'finally') return this.#settleRun()
    const { stopping, pausing } = this.#state
    if (stopping && stopping.code !== 'budget_exceeded') return this.#wait('resume', stopping)
    if (!this.#halting() && !stopping) {
      const waits = this.#parked.size > 0 || openApprovals(this.#state).length > 0
      if (pausing && (waits || this.#fans.size > 0 || peekReady(this.#schedule) !== undefined))
        return this.#wait('resume')
      if (waits) return this.#wait('approval')
    }
    this.#endWaiting()
    this.#parts.journal.add({ type: 'run.finalising', status: statusOfSteps(this.#parts.plan, this.#state) })
    this.#schedule = scheduleOf(this.#parts.plan, this.#state, 'finally')
    this.#more = true
    return false
  }

  async #wait(waitingFor: 'approval' | 'resume', error?: ErrorData): Promise<true> {
    const event: EventOf<'run.waiting'> = { type: 'run.waiting', waiting_for: waitingFor }
    if (error) event.error = error
    await this.#parts.journal.write(event, {
      status: 'waiting',
      waiting_for: waitingFor,
      cost_usd: this.#state.cost_usd,
    })
    return true
  }

  async #settleRun(): Promise<true> {
    const { journal, clock } = this.#parts
    const { status, outputs, error } = concludeRun(this.#scope, clock.now())
    const cost = this.#state.cost_usd
    const event: EventOf<'run.settled'> = {
      type: 'run.settled',
      status,
      outputs: await journal.spill(outputs),
      cost_usd: cost,
    }
    if (error) event.error = error
    await journal.write(event, { status, waiting_for: undefined, cost_usd: cost })
    return true
  }

  // ── commands, timers, resuming ──

  /** Does what other processes asked for; true when there was something. */
  async #takeCommands(): Promise<boolean> {
    let changed = false
    const commands = await this.#parts.commands()
    for (const { command } of commands) {
      if (command.type === 'cancel') this.#cancelAll(command.by)
      else if (command.type === 'pause') this.#pauseAll(command.by)
      else this.#settleAll(answerApproval(this.#parts.plan, this.#state, command, this.#parts.clock.now()))
      changed = true
    }
    if (changed) {
      await this.#parts.journal.flushed()
      await this.#parts.commandsDone(commands.map(({ id }) => id))
    }
    for (const [key, ref] of this.#parked) {
      const child = workOf(this.#state, ref)?.child_run_id
      if (child === undefined || !(await this.#parts.hasNews(child))) continue
      this.#parked.delete(key)
      this.#decideAgain(ref)
      changed = true
    }
    if (changed) this.#more = true
    return changed
  }

  #setAlarms(): void {
    this.#alarms.every(pollEveryMs, () => this.#inbox.post({ kind: 'poll' }))
    const { clock, plan } = this.#parts
    const timeout = plan.definition.timeout_ms
    if (timeout !== undefined)
      this.#alarms.at(clock.now() + timeout - this.#state.active_ms, () => this.#inbox.post({ kind: 'timeout' }))
    for (const ref of openApprovals(this.#state)) this.#expireAt(ref, workOf(this.#state, ref)?.approval?.expires_at)
  }

  #expireAt(ref: WorkRef, time: number | undefined): void {
    if (time !== undefined) this.#alarms.at(time, () => this.#inbox.post({ kind: 'expired', ref }))
  }

  /** Work that had begun before this process goes on where it was (invariants 3 and 4). */
  #takeUpAgain(): void {
    for (const [id, state] of this.#state.steps) {
      const step = this.#parts.plan.steps.get(id)
      if (!step || isSettled(state) || state.approval) continue
      if (step.definition.foreach) this.#expand(step, scopeOfStep(this.#scope, step))
      else this.#decideAgain({ step: id })
    }
  }

  #step(id: string): PlanStep {
    return this.#parts.plan.steps.get(id) as PlanStep
  }
}

/** Starting a foreach, an approval or pure data takes no slot; their items and calls do. */
function takesSlot(step: PlanStep): boolean {
  return !isInstant(step) && !step.definition.foreach && step.definition.action.kind !== 'approval'
}

/** What is left to do of a phase: settled steps count as done, begun ones are not started again (invariant 3). */
function scheduleOf(plan: Plan, state: RunState, phase: 'steps' | 'finally'): Schedule {
  const steps = [...plan.steps.values()].filter((step) => step.group === phase)
  const settled = new Set<string>()
  const begun = new Set<string>()
  for (const [id, step] of state.steps) (isSettled(step) ? settled : begun).add(id)
  const needs = steps.map((step) => ({ id: step.id, needs: step.needs.map((need) => need.id) }))
  return createSchedule(needs, settled, begun, (id) => plan.steps.get(id)?.rank ?? 0)
}
