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
import { asError } from '../std/as-error.ts'
import type { JsonObject } from '../std/json.ts'
import { type Alarms, createAlarms } from './running/alarms.ts'
import { answerApproval, expireApproval, openApprovals } from './running/approval.ts'
import { Board } from './running/board.ts'
import { concludeRun, statusOfSteps } from './running/conclude.ts'
import { cancelledWork, waitsInFinally } from './running/endings.ts'
import { Inbox, type Message } from './running/inbox.ts'
import { peekReady } from './scheduler.ts'
import type { ScopeParts } from './running/scope.ts'
import { Starter } from './running/start.ts'
import { addCost, openCall, type RunState, workOf } from './state.ts'
import { keyOf } from './running/units.ts'
import { perform, type WorkOutcome, type WorkParts } from './running/work.ts'

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

export class RunDriver {
  readonly #parts: DriveParts
  readonly #scope: ScopeParts
  readonly #board: Board
  readonly #starter: Starter
  /** Work whose child run waits for an approval. */
  readonly #parked = new Map<string, WorkRef>()
  readonly #over = new AbortController()
  readonly #alarms: Alarms
  readonly #inbox = new Inbox()
  /** More may start in the next turn. */
  #more = false
  /** Why everything was cancelled. */
  #halted: Error | undefined

  constructor(parts: DriveParts) {
    this.#parts = parts
    const { plan, state, inputs, env, journal } = parts
    this.#scope = { plan, state, inputs, env, loaded: journal.loaded }
    this.#alarms = createAlarms(parts.clock, this.#over.signal)
    this.#board = new Board(parts)
    this.#starter = new Starter({
      ...parts,
      board: this.#board,
      scope: this.#scope,
      asked: (event) => this.#asked(event),
    })
  }

  get #state(): RunState {
    return this.#parts.state
  }

  get #phase(): 'steps' | 'finally' {
    return this.#board.phase
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
    this.#board.units.abort(reason)
    this.#inbox.post({ kind: 'crash', error: reason })
  }

  /** Resolves when the run is settled or waits. Rejects when it was abandoned or its journal can't be written. */
  async drive(): Promise<void> {
    this.#setAlarms()
    try {
      this.#starter.takeUpAgain()
      await this.#takeCommands()
      while (!(await this.#turn())) {
        if (!this.#more) await this.#inbox.wait()
      }
    } catch (error) {
      this.abandon(asError(error))
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
    this.#more = this.#mayStart() && this.#starter.startWork()
    await this.#parts.journal.flushed()
    this.#beginDecided()
    if (this.#board.units.size > 0 || !this.#inbox.isEmpty || this.#more) return false
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
    this.#board.units.remove(ref)
    const fan = this.#board.fans.of(ref)
    if (fan) fan.inFlight -= 1
    if (outcome.kind === 'parked') return this.#park(ref)
    if (outcome.kind === 'asked') return this.#asked(outcome.event)
    if (outcome.kind === 'paused') return this.#pauseAll('a nested run')
    for (const fact of outcome.facts) this.#parts.journal.add(fact)
    if (outcome.kind === 'settled') this.#board.settle(outcome.event)
    else this.#stop(ref, outcome)
  }

  #settleAll(events: readonly (EventOf<'step.settled'> | EventOf<'approval.answered'>)[]): void {
    for (const event of events) {
      if (event.type === 'step.settled') this.#board.settle(event)
      else this.#parts.journal.add(event)
    }
  }

  #park(ref: WorkRef): void {
    if (this.#phase === 'finally') this.#board.settle(waitsInFinally(this.#state, ref))
    else if (this.#halted) this.#callOff([ref], this.#halted)
    else this.#parked.set(keyOf(ref), ref)
  }

  /** Authentication, no credit, budget: what is in flight ends, nothing new starts (rulings 18, 47). */
  #stop(ref: WorkRef, { error, cost_usd = 0 }: { error: ErrorData; cost_usd?: number | null }): void {
    if (!this.#state.stopping) this.#parts.journal.add({ type: 'run.stopping', error })
    // A call whose outcome is open is taken up again at a resume. Where a budget refused a call, none was made.
    const isOpen = error.code !== 'budget_exceeded' || openCall(workOf(this.#state, ref)) !== undefined
    if (isOpen && this.#phase === 'steps') return
    const cancelled = cancelledWork(this.#state, ref, error)
    this.#board.settle({ ...cancelled, cost_usd: addCost(cancelled.cost_usd, cost_usd) })
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
    this.#halted = reason
    this.#callOff([...this.#parked.values(), ...this.#board.fans.takeAgain()], reason)
    this.#parked.clear()
    this.#board.endWaiting()
  }

  /** Nested runs that wait, and items not gone into again yet, are gone into once more, to be cancelled themselves. */
  #callOff(parked: readonly WorkRef[], reason: Error): void {
    for (const ref of parked) this.#starter.decideAgain(ref)
    this.#board.units.abort(reason)
  }

  // ── what follows ──

  #mayStart(): boolean {
    const { pausing, stopping } = this.#state
    return this.#phase === 'finally' || !(pausing || stopping || this.#halting())
  }

  #beginDecided(): void {
    for (const { step, ref, scope, controller } of this.#board.units.takeDecided()) {
      perform(this.#parts, step, ref, scope, controller.signal).then(
        (outcome) => this.#inbox.post({ kind: 'work', ref, outcome }),
        (error: unknown) => this.#inbox.post({ kind: 'crash', error }),
      )
    }
  }

  // ── rest ──

  /** Nothing is in flight and nothing may start: the run waits, goes over to `finally`, or is settled. */
  async #rest(): Promise<boolean> {
    if ((await this.#takeCommands()) || this.#expireOverdue()) return false
    if (this.#phase === 'finally') return this.#settleRun()
    const { stopping, pausing } = this.#state
    if (stopping && stopping.code !== 'budget_exceeded') return this.#wait('resume', stopping)
    if (!this.#halting() && !stopping) {
      const waits = this.#parked.size > 0 || openApprovals(this.#state).length > 0
      if (pausing && (waits || this.#board.fans.size > 0 || peekReady(this.#board.schedule) !== undefined))
        return this.#wait('resume')
      if (waits) return this.#wait('approval')
    }
    this.#board.endWaiting()
    this.#board.finalise(statusOfSteps(this.#parts.plan, this.#state))
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
      else if (command.type === 'feedback') this.#parts.journal.add({ ...command, type: 'feedback.given' })
      else this.#takeAnswer(command)
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
      this.#starter.decideAgain(ref)
      changed = true
    }
    if (changed) this.#more = true
    return changed
  }

  #takeAnswer(command: Extract<RunCommand, { type: 'answer' }>): void {
    const { plan, clock, hooks, journal } = this.#parts
    const events = answerApproval(plan, this.#state, command, clock.now())
    const answered = events.find((event) => event.type === 'approval.answered')
    if (!hooks || !answered?.approved) return this.#settleAll(events)
    // What is hooked into the step sees the answer first.
    journal.add(answered)
    const { step, index } = answered
    this.#starter.decideAgain(index === undefined ? { step } : { step, index })
  }

  #asked(event: EventOf<'approval.requested'>): void {
    this.#parts.journal.add(event)
    this.#expireAt(event, event.expires_at)
  }

  #setAlarms(): void {
    this.#alarms.every(pollEveryMs, () => this.#inbox.post({ kind: 'poll' }))
    const { clock, plan } = this.#parts
    const timeout = plan.definition.timeout_ms
    if (timeout !== undefined)
      this.#alarms.at(clock.now() + timeout - this.#state.active_ms, () => this.#inbox.post({ kind: 'timeout' }))
    for (const ref of openApprovals(this.#state)) this.#expireAt(ref, workOf(this.#state, ref)?.approval?.expires_at)
  }

  /** Alarms come late: what is overdue when the run would settle down to wait has expired. True when something had. */
  #expireOverdue(): boolean {
    const now = this.#parts.clock.now()
    const expired = openApprovals(this.#state).flatMap((ref) => expireApproval(this.#state, ref, now))
    this.#settleAll(expired)
    if (expired.length > 0) this.#more = true
    return expired.length > 0
  }

  #expireAt(ref: WorkRef, time: number | undefined): void {
    if (time !== undefined) this.#alarms.at(time, () => this.#inbox.post({ kind: 'expired', ref }))
  }
}
