/** The policies of calls as they are written, for agents and steps alike. */
import { z } from 'zod'
import { failureClasses } from '../../domain/errors.ts'
import { duration, oneOrMore, strict, whole, words } from '../spec-fields.ts'

const mostAttempts = 100

const jitterKinds = ['full', 'equal', 'decorrelated', 'none'] as const
const classesError = `must be classes of failure: ${failureClasses.join(', ')}`

export const retrySpec = strict(
  'retry',
  {
    attempts: whole(1, mostAttempts, 'How often it is tried at most, the first call included.').optional(),
    base_delay: duration('The delay before the second attempt; it doubles with each.').optional(),
    max_delay: duration('No delay is longer.').optional(),
    jitter: z
      .enum(jitterKinds, { error: `must be one of ${jitterKinds.join(', ')}` })
      .register(
        ...words('How delays are spread: full (the default) is uniform(0, min(max_delay, base_delay · 2^attempt)).'),
      )
      .optional(),
    on: z
      .union(
        [z.enum(failureClasses, { error: classesError }), z.array(z.enum(failureClasses, { error: classesError }))],
        { error: classesError },
      )
      .register(...words('Which failures are tried again.'))
      .optional(),
  },
  'What happens after a failed call.',
  'must be a mapping, as in `retry: {attempts: 3}`',
)

export const fallbackSpec = oneOrMore(
  z.string({ error: 'must be the name of an agent or model' }),
  'must be a list of agents or models',
  'Agents or models that are tried in order after this one has failed.',
)

export type RetrySpec = z.infer<typeof retrySpec>
export type DurationSpec = string | number
