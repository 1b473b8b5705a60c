/** Questions that plugins ask agents about a call: each in a run nested in the one of the call. */
import { CancelledError, ReplicateAgentError } from '../../domain/errors.ts'
import type { WorkRef } from '../../domain/events.ts'
import type { CallContext } from '../../executor/contract.ts'
import { abortReason } from '../../std/abort.ts'
import { hashJson } from '../../std/hash.ts'
import { addCost } from '../state.ts'
import type { WorkParts } from './work.ts'

export interface Questions {
  ask: NonNullable<CallContext['ask']>
  /** What they cost so far, dollars; null: unknown. */
  spent(): number | null
}

/** `childId`: of runs nested in this piece of work: the same question has the same one, so that it is paid once. */
export function questionsOf(parts: WorkParts, ref: WorkRef, childId: string): Questions | undefined {
  const { planOfQuestion } = parts
  if (!planOfQuestion) return undefined
  let spent: number | null = 0
  const paid = new Set<string>()
  return {
    spent: () => spent,
    async ask({ agent, input, asked_by }, signal) {
      const id = `${childId}-${asked_by.at(-1) ?? 'plugin'}-${hashJson({ agent, input }).slice(0, 12)}`
      const plan = planOfQuestion(agent, Object.keys(input))
      const inputs = { request: input }
      const child = { ref, childId: id, workflow: agent, plan, inputs, retry: false, judged: [], asked_by, signal }
      const end = await parts.runChild(child)
      if (signal.aborted) throw abortReason(signal)
      if (end.status === 'waiting' && !end.error) throw new CancelledError('the question waits for somebody')
      const cost_usd = end.status === 'waiting' ? 0 : end.cost_usd
      if (!paid.has(id)) spent = addCost(spent, cost_usd)
      paid.add(id)
      if (end.status === 'succeeded') return { output: end.outputs['output'] ?? null, cost_usd }
      const { code, message, retryable, ...rest } = end.error as NonNullable<typeof end.error>
      throw new ReplicateAgentError(code, message, { ...rest, retryable })
    },
  }
}
