/** How calls went, by the audit log: how often they failed, how long they took, how many came from the cache. */
import { z } from 'zod'
import { quantile } from '../../../std/quantile.ts'
import { defineAction } from '../../action.ts'
import { filterFields, type LoggedCall, openCallLog } from '../../audit/filter.ts'

export const statsParts = ['agent', 'model'] as const

const ms = z.number().nullable()
const figures = {
  calls: z.number(),
  succeeded: z.number(),
  failed: z.number(),
  cancelled: z.number(),
  stopped: z.number(),
  refused: z.number().describe('by a plugin'),
  withheld: z.number().describe('by a plugin, after they were answered'),
  error_rate: z.number().nullable().describe('of those that succeeded or failed'),
  attempts: z.number(),
  cached: z.number(),
  cache_rate: z.number().nullable().describe('of those that asked the cache'),
  latency_ms: z
    .object({ p50: ms, p95: ms, p99: ms })
    .describe('of those that succeeded and were not answered from the cache'),
  waiting_ms: z.object({ p95: ms }).describe('for limits, bulkhead and budget, of the same'),
}

export const auditStats = defineAction({
  noun: 'audit',
  verb: 'stats',
  summary: 'calls, errors, percentiles of latency and cache hits, by agent or model',
  input: z.object({ ...filterFields, by: z.enum(statsParts).default('agent') }),
  output: z.object({
    since: z.iso.datetime(),
    until: z.iso.datetime(),
    by: z.enum(statsParts),
    sandbox: z.boolean(),
    rows: z.array(z.object({ key: z.string().nullable(), ...figures })).describe('the most called first'),
    total: z.object(figures),
    unreadable_lines: z.array(z.string()),
  }),
  async run(app, { by, ...filter }, context) {
    const log = openCallLog(app, filter, context)
    const rows = new Map<string | null, Tally>()
    const total = emptyTally()
    for await (const calls of log.calls()) {
      for (const call of calls) {
        for (const [key, part] of by === 'agent' ? [[call.agent, call] as const] : byModel(call)) {
          const row = rows.get(key) ?? emptyTally()
          rows.set(key, row)
          count(row, part)
        }
        count(total, call)
      }
    }
    return {
      since: new Date(log.since).toISOString(),
      until: new Date(log.until).toISOString(),
      ...{ by, sandbox: filter.sandbox },
      rows: [...rows]
        .toSorted(([a, left], [b, right]) => right.calls - left.calls || ((a ?? '') < (b ?? '') ? -1 : 1))
        .map(([key, tally]) => ({ key, ...figuresOf(tally) })),
      total: figuresOf(total),
      unreadable_lines: log.unreadable,
    }
  },
})

/** A model that failed, so that another one was called, failed; the call is of the one that answered. */
function byModel(call: LoggedCall): [string | null, LoggedCall][] {
  const { model = null, attempts } = call
  const of = (name: string | null) => attempts.filter((attempt) => attempt.model === name)
  const others = new Set(attempts.map((attempt) => attempt.model).filter((name) => name !== model))
  return [
    [model, { ...call, attempts: of(model) }],
    ...[...others].map((name): [string, LoggedCall] => [name, { ...call, ...endOf(of(name)), cache: 'off' }]),
  ]
}

function endOf(attempts: LoggedCall['attempts']): Pick<LoggedCall, 'status' | 'attempts'> {
  return { attempts, status: attempts.at(-1)?.status === 'cancelled' ? 'cancelled' : 'failed' }
}

interface Tally extends Record<LoggedCall['status'], number> {
  calls: number
  attempts: number
  cached: number
  asked: number
  latencies: number[]
  waits: number[]
}

const emptyTally = (): Tally => ({
  ...{ calls: 0, succeeded: 0, failed: 0, cancelled: 0, stopped: 0, refused: 0, withheld: 0 },
  ...{ attempts: 0, cached: 0, asked: 0, latencies: [], waits: [] },
})

function count(tally: Tally, { status, attempts, cache, latency }: LoggedCall): void {
  tally.calls += 1
  tally[status] += 1
  tally.attempts += attempts.length
  if (cache !== 'off') tally.asked += 1
  if (cache === 'hit') tally.cached += 1
  else if (status === 'succeeded') {
    tally.latencies.push(latency.total_ms)
    tally.waits.push(latency.waiting_ms)
  }
}

function figuresOf({ asked, latencies, waits, ...counts }: Tally) {
  const { succeeded, failed, cached } = counts
  const rate = (part: number, whole: number) => (whole === 0 ? null : part / whole)
  const at = (share: number, values: readonly number[]) => quantile(values, share) ?? null
  return {
    ...counts,
    error_rate: rate(failed, succeeded + failed),
    cache_rate: rate(cached, asked),
    latency_ms: { p50: at(0.5, latencies), p95: at(0.95, latencies), p99: at(0.99, latencies) },
    waiting_ms: { p95: at(0.95, waits) },
  }
}
