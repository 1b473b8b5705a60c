/** The policies of calls as they are written, for agents and steps alike. */
import { z } from 'zod'
import { type FailureClass, failureClasses } from '../../domain/errors.ts'
import { between, duration, oneOrMore, strict, whole, words } from '../spec-fields.ts'

const mostAttempts = 100

const jitterKinds = ['full', 'equal', 'decorrelated', 'none'] as const
const classesError = `must be classes of failure: ${failureClasses.join(', ')}`

const backoff = {
  attempts: whole(1, mostAttempts, 'How often it is tried at most, the first call included.').optional(),
  base_delay: duration('The delay before the second attempt; it doubles with each.').optional(),
  max_delay: duration('No delay is longer.').optional(),
  jitter: z
    .enum(jitterKinds, { error: `must be one of ${jitterKinds.join(', ')}` })
    .register(
      ...words('How delays are spread: full (the default) is uniform(0, min(max_delay, base_delay · 2^attempt)).'),
    )
    .optional(),
}

const classRetrySpec = strict(
  'class_retry',
  backoff,
  'What differs after failures of one class.',
  'must be a mapping, as in `server: {attempts: 5}`',
)

const retryBudgetSpec = z
  .union(
    [
      z.literal(false),
      strict(
        'retry_budget',
        {
          ratio: between(0, 100, 'Retries for each call of the last minute; 0.5 by default.').optional(),
          min_per_minute: whole(
            0,
            1_000_000,
            'So many are made however few calls there were; 60 by default.',
          ).optional(),
        },
        'Keeps retries a share of calls.',
      ),
    ],
    { error: 'must be false or a mapping, as in `budget: {ratio: 0.2, min_per_minute: 10}`' },
  )
  .register(
    ...words(
      'Keeps the retries of a model a share of its calls in this process, so that a storm of failures grows no worse. false: no such bound.',
    ),
  )

export const retrySpec = strict(
  'retry',
  {
    ...backoff,
    on: z
      .union(
        [z.enum(failureClasses, { error: classesError }), z.array(z.enum(failureClasses, { error: classesError }))],
        { error: classesError },
      )
      .register(...words('Which failures are tried again; those under `by_class` are so anyway.'))
      .optional(),
    by_class: strict(
      'retry_by_class',
      Object.fromEntries(failureClasses.map((name) => [name, classRetrySpec.optional()])) as Record<
        FailureClass,
        z.ZodOptional<typeof classRetrySpec>
      >,
      'What differs after failures of a class.',
      'must be a mapping of classes, as in `by_class: {server: {attempts: 5}}`',
    ).optional(),
    budget: retryBudgetSpec.optional(),
    attempt_timeout: duration(
      'How long one attempt may take from when it is sent; it is then cancelled, and tried again if `on` has timeout.',
    ).optional(),
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
export type ClassRetrySpec = z.infer<typeof classRetrySpec>
export type DurationSpec = string | number
