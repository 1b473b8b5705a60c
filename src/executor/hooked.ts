/** Takes a call through the plugins: before a candidate is chosen for it, and with what came of it. */
import type { CallLog } from '../domain/call-report.ts'
import { isCalledOff, NonRetryableError, ReplicateAgentError, StoreError, toErrorData } from '../domain/errors.ts'
import type { AgentContext, AgentResult, CallHooks, Entered, HookedCall } from '../plugins/plugin.ts'
import { abortReason } from '../std/abort.ts'
import type { JsonObject } from '../std/json.ts'
import type { RetryPolicy } from '../domain/retry-policy.ts'
import type { CallContext, CallOutcome, CallSpec, Candidate } from './contract.ts'
import { stopsRun } from './failure.ts'
import { reported } from './reported.ts'
import { aborted } from './tries.ts'
import type { Work } from './work.ts'

type Answered = Extract<CallOutcome, { status: 'succeeded' }>

/**
 * What is sent, and answered to that, is what the call log is told of; whether it was refused or withheld, too.
 */
export async function hooked<W extends Work>(
  hooks: CallHooks | undefined,
  log: CallLog | undefined,
  work: W,
  go: (work: W) => Promise<CallOutcome>,
): Promise<CallOutcome> {
  if (!hooks) return reported(log, work, go)
  const asking = new Asking(work)
  const isMade = work.context.prior.open !== undefined
  let entered: Entered
  try {
    entered = await hooks.enter(asking.call(), isMade)
    if (asking.fatal) await entered.failed({ ...toErrorData(asking.fatal), cost_usd: 0, spent_usd: 0 })
    asking.assertGoingOn()
  } catch (thrown) {
    const error = asking.fatal ?? thrown
    // Nobody has said what of its input may be sent or told.
    const bare = { ...work, spec: { ...work.spec, input: {} } }
    if (!isMade || isOver(work)) return reported(log, bare, async () => endedBy(work, error))
    await reported(log, bare, async (inner) => (await takenToItsEnd(inner, go)) ?? endedBy(inner, error))
    return endedBy(work, error)
  }
  return within(entered, asking, log, work, go)
}

/** A call that was let through. */
async function within<W extends Work>(
  entered: Entered,
  asking: Asking,
  log: CallLog | undefined,
  work: W,
  go: (work: W) => Promise<CallOutcome>,
): Promise<CallOutcome> {
  const { input, refusal } = entered
  let end: CallOutcome | undefined
  try {
    const told = await reported(log, input ? { ...work, spec: { ...work.spec, input } } : work, async (inner) => {
      const made = refusal ? await takenToItsEnd(inner, go) : await go(inner)
      const outcome = made ?? endedBy(inner, refusal)
      end = await left(entered, asking, inner, outcome)
      return end.status === 'succeeded' ? outcome : end
    })
    return end ?? (await left(entered, asking, work, told))
  } catch (error) {
    await entered.failed({ ...toErrorData(error), cost_usd: null, spent_usd: null })
    throw error
  }
}

/** What the plugins make of how it ended. */
async function left(entered: Entered, asking: Asking, work: Work, outcome: CallOutcome): Promise<CallOutcome> {
  if (outcome.status !== 'succeeded') {
    const failure = 'error' in outcome ? outcome.error : cancelled
    await entered.failed({ ...failure, ...moneyOf(work, outcome) })
    return outcome
  }
  try {
    const output = await entered.answered(resultOf(work, outcome))
    asking.assertGoingOn()
    return { ...outcome, output }
  } catch (error) {
    return endedBy(work, asking.fatal ?? error)
  }
}

const cancelled = toErrorData(new NonRetryableError('cancelled', 'the call was cancelled'))

function resultOf(work: Work, outcome: Answered): AgentResult {
  const { output, files, model, latency_ms, attempts, cached } = outcome
  return { output, files, model: model ?? null, latency_ms, attempts, cached, ...moneyOf(work, outcome) }
}

function moneyOf({ context: { prior } }: Work, { cost_usd }: Pick<CallOutcome, 'cost_usd'>) {
  const before = prior.cost_usd
  return { cost_usd, spent_usd: cost_usd === null || before === null ? null : cost_usd - before }
}

/** This process only leaves the call: it says nothing about it. */
function isOver({ deadline: { signal } }: Work): boolean {
  return signal.aborted && !isCalledOff(abortReason(signal))
}

/**
 * A call that was made is paid for, or has to be cancelled where it runs; but nothing else is made for it. Undefined: it
 * turned out that it never was made.
 */
async function takenToItsEnd<W extends Work>(
  work: W,
  go: (work: W) => Promise<CallOutcome>,
): Promise<CallOutcome | undefined> {
  const { spec, context } = work
  const { prior } = context
  const never = new NonRetryableError('plugin_failed', 'nothing new may be made for this call')
  const attempts = spec.chain.map((_, at) => Math.max(at === prior.open?.candidate ? 0 : 1, prior.attempts[at] ?? 0))
  try {
    return await go({
      ...work,
      spec: { ...spec, retry: once(spec.retry), chain: spec.chain.map(calledOnce) },
      context: {
        ...context,
        prior: { ...prior, attempts },
        async record(...facts) {
          if (facts.some((fact) => fact.type === 'call.intended' && fact.body !== prior.open?.body)) throw never
          return context.record(...facts)
        },
      },
    })
  } catch (error) {
    if (error === never) return undefined
    throw error
  }
}

function once({ by_class: _classes, ...retry }: RetryPolicy): RetryPolicy {
  return { ...retry, on: [] }
}

function calledOnce(candidate: Candidate): Candidate {
  return candidate.retry ? { ...candidate, retry: once(candidate.retry) } : candidate
}

function endedBy(work: Work, error: unknown): CallOutcome {
  if (error instanceof StoreError) throw error
  if (error instanceof ReplicateAgentError && stopsRun(error)) return work.ledger.ended('stopped', error)
  const off = work.deadline.signal.aborted ? aborted(work) : undefined
  if (off) return off
  if (error instanceof ReplicateAgentError) return work.ledger.ended('failed', error)
  throw error
}

/** What the plugins are told of a call and may ask about it. */
class Asking {
  readonly #work: Work
  /** What stops the run, whatever a plugin made of it. */
  fatal: Error | undefined

  constructor(work: Work) {
    this.#work = work
  }

  assertGoingOn(): void {
    if (this.fatal !== undefined) throw this.fatal
  }

  call(): HookedCall {
    const { context, spec, deadline } = this.#work
    return {
      context: contextOf(spec, context),
      signal: deadline.signal,
      asked_by: context.labels.asked_by ?? [],
      earlier: context.earlier ?? [],
      estimate: (input) => this.#estimate(input),
      ask: async (question, signal) => {
        if (!context.ask) throw new NonRetryableError('configuration', 'no agent can be asked here')
        try {
          return await context.ask(question, signal)
        } catch (error) {
          if (error instanceof StoreError || (error instanceof ReplicateAgentError && stopsRun(error)))
            this.fatal ??= error
          throw error
        }
      },
    }
  }

  /** The most that any candidate of the agent may cost: nobody knows yet which of them is chosen. */
  async #estimate(input: JsonObject): Promise<number | null> {
    const { spec, targets, deadline, clock } = this.#work
    const left = deadline.at === undefined ? {} : { timeout_ms: Math.max(0, deadline.at - clock.now()) }
    let most = 0
    for (const candidate of spec.chain.filter(({ name }) => name === spec.chain[0]?.name)) {
      const target = await targets(candidate.target)
      const usd = await target.estimate(candidate, { ...candidate.defaults, ...input }, left)
      if (usd === null) return null
      most = Math.max(most, usd)
    }
    return most
  }
}

function contextOf({ chain, input }: CallSpec, { labels }: CallContext): AgentContext {
  const { run_id, root = run_id, attempt = 1, workflow, step, index, round } = labels
  return {
    call: [run_id, attempt, step, index ?? '', round ?? ''].join('/'),
    run_id,
    root_run_id: root,
    run_attempt: attempt,
    workflow,
    step,
    ...(index !== undefined && { index }),
    ...(round !== undefined && { round }),
    agent: chain[0]?.name ?? '',
    models: Object.freeze(chain.map(({ model }) => model)),
    input,
  }
}
