/** What the calls of the audit log cost, attempt by attempt, each once. */
import type { Spending } from '../costs/spending.ts'
import { bare, type CallLogReader, type LoggedCall } from './filter.ts'

export interface AuditSpending extends Pick<Spending, 'time' | 'status' | 'usd'> {
  model: string | null
  call: LoggedCall
}

/**
 * Of a call that was taken up after a crash, the process before may have told of the same attempts: what was told last
 * counts.
 */
export async function* spendingOf(log: CallLogReader): AsyncGenerator<AuditSpending> {
  const toldLast = new Map<string, number>()
  for await (const calls of log.calls({ containing: '"resumed":true' })) {
    for (const { resumed, attempts, seq } of calls) if (resumed) for (const { id } of attempts) toldLast.set(id, seq)
  }
  for await (const calls of log.calls()) {
    for (const call of calls) {
      const own = call.attempts.filter(({ id }) => (toldLast.get(id) ?? call.seq) === call.seq)
      yield* own.flatMap((attempt) => attemptSpending(attempt, call) ?? [])
      const { cache, cost, model = null } = call
      if (cache === 'hit')
        yield { time: Date.parse(call.time), status: 'cached', usd: cost.saved_usd ?? null, model, call }
    }
  }
}

/** Undefined: it failed before anything was sent. */
function attemptSpending(
  { time, model, status, cost_usd, answer_usd, sent }: LoggedCall['attempts'][number],
  call: LoggedCall,
): AuditSpending | undefined {
  // What a judge cost is in a record of its own.
  const usd = answer_usd === undefined ? cost_usd : answer_usd
  return sent || usd !== 0 ? { time: Date.parse(time), status, usd, model: bare(model), call } : undefined
}
