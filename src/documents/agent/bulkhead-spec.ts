/** How many calls are under way at once, and how many wait: as written, and as kept. */
import type { z } from 'zod'
import type { Bulkhead } from '../../domain/rate-limit.ts'
import type { Report } from '../loading.ts'
import { duration, strict, whole } from '../spec-fields.ts'
import type { Path } from '../yaml-places.ts'
import { milliseconds } from './policies.ts'

export const bulkheadSpec = strict(
  'bulkhead',
  {
    max_concurrent: whole(1, 10_000, 'Calls that are under way at once, over all runs and processes.'),
    max_queue: whole(
      0,
      1_000_000,
      'Calls of a process that wait for a place; a further one fails. All of them by default.',
    ).optional(),
    queue_timeout: duration(
      'A call that waited so long fails. By default it waits until its own `timeout`.',
    ).optional(),
  },
  'How many calls are under way at once; those beyond it wait or fail.',
  'must be a mapping, as in `bulkhead: {max_concurrent: 4, max_queue: 20}`',
)

type BulkheadSpec = z.infer<typeof bulkheadSpec>

export function normaliseBulkhead({ max_concurrent, max_queue, queue_timeout }: BulkheadSpec): Bulkhead {
  return {
    max_concurrent,
    ...(max_queue !== undefined && { max_queue }),
    ...(queue_timeout !== undefined && { queue_timeout_ms: milliseconds(queue_timeout) }),
  }
}

/** Of an agent: `limits.max_concurrency` is the short way to write it. */
export function agentBulkhead(
  {
    bulkhead,
    limits,
  }: { bulkhead?: BulkheadSpec | undefined; limits?: { max_concurrency?: number | undefined } | undefined },
  path: Path,
  report: Report,
): Bulkhead | undefined {
  const short = limits?.max_concurrency
  if (bulkhead && short !== undefined) {
    const message = '`max_concurrency` and `bulkhead` say the same thing twice'
    report([...path, 'limits', 'max_concurrency'], { code: 'contradiction', message, hint: 'leave one out', at: 'key' })
  }
  if (bulkhead) return normaliseBulkhead(bulkhead)
  return short === undefined ? undefined : { max_concurrent: short }
}
