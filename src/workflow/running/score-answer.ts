/** What an answer is worth, by its agent's own measure: an expression over it, or another agent that is asked. */
import { isResumable } from '../../domain/budget.ts'
import { ReplicateAgentError, type ErrorData, NonRetryableError } from '../../domain/errors.ts'
import type { WorkRef } from '../../domain/events.ts'
import type { QualityScore } from '../../domain/routing.ts'
import type { Answer, CallContext, CallSpec, Scored } from '../../executor/contract.ts'
import { evaluateExpression } from '../../expression/evaluate.ts'
import { abortReason } from '../../std/abort.ts'
import type { Clock } from '../../std/clock.ts'
import { sha256 } from '../../std/hash.ts'
import type { Json } from '../../std/json.ts'
import { numberIn } from '../../std/number-in.ts'
import type { Plan } from '../plan.ts'
import { type CompiledQuality, judgeReference } from '../planning/quality.ts'
import { renderTemplate } from '../template.ts'
import type { ChildCall, ChildEnd } from './work.ts'

export interface ScoringParts {
  plan: Plan
  ref: WorkRef
  /** Of the run that a judge is asked in: the same answer has the same one, so that it is never paid for twice. */
  childId: string
  signal: AbortSignal
  now: number
  /** In [0, 1): whether a sampled judge sees this answer; undefined: it sees all of them. */
  draw: number | undefined
  runChild(child: ChildCall): Promise<ChildEnd>
}

type Scorer = NonNullable<CallContext['score']>

/** Undefined: nothing scores the answers of any agent in the chain. `childId`: of runs nested in this piece of work. */
export function scorerOf(
  parts: Pick<ScoringParts, 'plan' | 'ref' | 'childId' | 'runChild'> & { clock: Clock },
  { chain }: Pick<CallSpec, 'chain'>,
): Scorer | undefined {
  const { plan, clock } = parts
  if (!chain.some(({ name }) => plan.quality(name))) return undefined
  return (answer, signal) => {
    const childId = `${parts.childId}-judge${answer.call}`
    const isCascade = plan.definition.agents[answer.agent]?.routing?.strategy === 'cascade'
    const draw = isCascade ? undefined : shareOf(childId)
    return scoreAnswer({ ...parts, childId, signal, now: clock.now(), draw }, answer)
  }
}

/** In [0, 1): as if drawn, but the same for the same text, so that an answer is not judged anew after a crash. */
function shareOf(text: string): number {
  return Number.parseInt(sha256(text).slice(0, 12), 16) / 2 ** 48
}

/**
 * Undefined: nothing scores this agent's answers, or its judge is not asked about this one. Throws the signal's reason,
 * and what stops the run (a spent budget, say). An answer that could not be scored is not accepted.
 */
export async function scoreAnswer(parts: ScoringParts, answer: Answer): Promise<Scored | undefined> {
  const quality = parts.plan.quality(answer.agent)
  if (!quality) return undefined
  const { input, output, model, cost_usd, latency_ms } = answer
  const scope = { input, output, model, cost_usd, cost: cost_usd, latency_ms }
  const { expression, judge } = quality
  if (expression)
    return accepted(quality, { ...scoreFrom(() => evaluateExpression(expression, scope, parts)), by: 'expression' }, 0)
  if (!judge || (parts.draw ?? -1) >= judge.sample) return undefined
  const end = await askJudge(parts, answer, renderTemplate(judge.input, scope, parts))
  if (end.status !== 'succeeded') {
    return accepted(
      quality,
      { score: null, problem: `the judge failed: ${end.error.message}`, by: 'judge' },
      end.cost_usd,
    )
  }
  const { output: verdict = null } = end.outputs
  const read = () => (judge.score ? evaluateExpression(judge.score, { output: verdict }, parts) : numberIn(verdict))
  return accepted(quality, { ...scoreFrom(read), by: 'judge' }, end.cost_usd)
}

async function askJudge(
  { ref, childId, signal, runChild }: ScoringParts,
  { agent, files }: Answer,
  request: Json,
): Promise<Exclude<ChildEnd, { status: 'waiting' }>> {
  const workflow = judgeReference(agent)
  const end = await runChild({ ref, childId, signal, workflow, inputs: { request }, retry: false, judged: files })
  if (signal.aborted) throw abortReason(signal)
  if (end.status === 'succeeded') return end
  const { error } = end
  if (error && (end.status === 'waiting' || isResumable(error))) throw thrown(error)
  if (end.status === 'waiting') throw new NonRetryableError('internal', 'a judge waits for nobody')
  return end
}

function thrown({ code, message, retryable, ...rest }: ErrorData): ReplicateAgentError {
  return new ReplicateAgentError(code, message, { ...rest, retryable })
}

function accepted({ accept }: CompiledQuality, score: QualityScore, judging_usd: number | null): Scored {
  if (accept === undefined) return { ...score, judging_usd }
  return { ...score, judging_usd, accepted: score.score !== null && score.score >= accept }
}

function scoreFrom(read: () => Json): Pick<QualityScore, 'score' | 'problem'> {
  try {
    const value = read()
    if (typeof value === 'boolean') return { score: value ? 1 : 0 }
    if (typeof value === 'number' && value >= 0 && value <= 1) return { score: value }
    return { score: null, problem: `a score is a number from 0 to 1, not ${JSON.stringify(value).slice(0, 100)}` }
  } catch (error) {
    if (error instanceof ReplicateAgentError) return { score: null, problem: error.message }
    throw error
  }
}
