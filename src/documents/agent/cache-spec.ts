/** How answers are kept, as written → as kept. */
import { z } from 'zod'
import { cachePolicies } from '../../domain/cache.ts'
import type { CachePolicy } from '../../domain/definition.ts'
import { parseBytes } from '../../std/byte-size.ts'
import { parseDuration } from '../../std/duration.ts'
import type { Report } from '../loading.ts'
import { byteSize, duration, strict, whole, words } from '../spec-fields.ts'
import type { Path } from '../yaml-places.ts'

export const mostCached = 1_000_000_000

export const cacheSpec = z
  .union(
    [
      z.boolean(),
      strict(
        'cache_policy',
        {
          policy: z
            .enum(cachePolicies, { error: `must be one of ${cachePolicies.join(', ')}` })
            .register(
              ...words(
                'What goes first when there is no room: lru (the default) what was not used for longest, lfu what was used least often, fifo the oldest, ttl what expires soonest.',
              ),
            )
            .optional(),
          ttl: duration('How long an answer is kept; without it, for ever.').optional(),
          max_entries: whole(1, mostCached, 'How many answers of the agent are kept; without it, no limit.').optional(),
          max_bytes: byteSize('How much they may take, files included, as in 500MB; without it, no limit.').optional(),
        },
        'Keeps answers.',
      ),
    ],
    {
      error: 'must be true, false or a mapping, as in `cache: {ttl: 1h}`',
    },
  )
  .register(...words('Keeps the answer to the same input, and gives it again without a call. Off by default.'))

export type CacheSpec = z.infer<typeof cacheSpec>

/** What is written, over what the agent says. */
export function cachePolicy(written: CacheSpec, under: CachePolicy = {}): CachePolicy | false {
  if (typeof written === 'boolean') return written ? under : false
  const { policy, ttl, max_entries, max_bytes } = written
  return {
    ...under,
    ...(policy !== undefined && { policy }),
    ...(ttl !== undefined && { ttl_ms: parseDuration(ttl) as number }),
    ...(max_entries !== undefined && { max_entries }),
    ...(max_bytes !== undefined && { max_bytes: parseBytes(max_bytes) as number }),
  }
}

/** Of an agent; undefined: it is off. */
export function ownCache(written: CacheSpec | undefined, path: Path, report: Report): CachePolicy | undefined {
  const policy = cachePolicy(written ?? false)
  checkCache(policy, path, report)
  return policy || undefined
}

/** By what would it tell what expires soonest? */
export function checkCache(policy: CachePolicy | false | undefined, path: Path, report: Report): void {
  if (!policy || policy.policy !== 'ttl' || policy.ttl_ms !== undefined) return
  report([...path, 'policy'], {
    code: 'missing_field',
    message: '`policy: ttl` removes what expires soonest, but without a `ttl` nothing expires',
    hint: 'add a `ttl`, as in `cache: {policy: ttl, ttl: 1h}`',
  })
}
