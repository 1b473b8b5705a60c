/** `hedge` of an agent: as written → as kept; what it can not be had with is reported. */
import { z } from 'zod'
import type { AgentDefinition } from '../../domain/definition.ts'
import { type HedgePolicy, hedgedTargets } from '../../domain/hedge.ts'
import type { RetryPolicy } from '../../domain/retry-policy.ts'
import { parseDuration } from '../../std/duration.ts'
import type { Report } from '../loading.ts'
import { strict, whole, words } from '../spec-fields.ts'
import type { Path } from '../yaml-places.ts'

const afterError = 'must be a duration, as in 2s, or a percentile of earlier answers, as in p95'
const percentile = /^p([1-9]\d?)$/

export const hedgeSpec = strict(
  'hedge',
  {
    after: z
      .union(
        [
          z
            .string()
            .refine((text) => percentile.test(text) || parseDuration(text) !== undefined, { error: afterError }),
          z.number().min(0, { error: afterError }),
        ],
        {
          error: afterError,
        },
      )
      .register(
        ...words('How long an answer may take before the call is made once more: 2s, or p95 of earlier answers.'),
      ),
    max: whole(1, 10, 'Calls besides the first; 1 by default.').optional(),
  },
  'Makes a call that takes long once more, takes the first answer, and cancels the other. Off by default.',
  'must be a mapping, as in `hedge: {after: 2s}`',
)

export function normaliseHedge({ after, max = 1 }: z.infer<typeof hedgeSpec>): HedgePolicy {
  const share = percentile.exec(String(after))?.[1]
  return { after: share === undefined ? { ms: parseDuration(after) as number } : { percentile: Number(share) }, max }
}

/** A call that would be paid twice is not hedged, and one that has a single attempt can't be. */
export function checkHedge({ hedge, target }: AgentDefinition, retry: RetryPolicy, path: Path, report: Report): void {
  if (!hedge) return
  if (!hedgedTargets.has(target)) {
    report([...path, 'hedge'], {
      code: 'contradiction',
      message: 'a model is not hedged: a prediction that is made twice is paid twice',
      hint: 'leave it out; `retry.attempt_timeout` cancels what takes too long, and tries it again',
      at: 'key',
    })
  } else if (retry.attempts === 1) {
    report([...path, 'hedge'], {
      code: 'contradiction',
      message: 'a hedged call is an attempt, too, and `retry.attempts` is 1',
      hint: 'give it 2 attempts',
      at: 'key',
    })
  }
}
