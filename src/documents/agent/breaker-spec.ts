/** When calls are kept from a model that fails, as written → as kept. */
import { z } from 'zod'
import { type BreakerPolicy, defaultBreaker } from '../../domain/definition.ts'
import { strict, whole, words } from '../spec-fields.ts'

const secondsError = 'must be a number of seconds, more than 0'
const seconds = (description: string) =>
  z
    .number({ error: secondsError })
    .positive({ error: secondsError })
    .register(...words(description))

const most = 1_000_000

export const breakerSpec = z
  .union(
    [
      z.boolean(),
      strict(
        'breaker',
        {
          failure_threshold: whole(1, most, 'So many failures within the window open it; 5 by default.').optional(),
          window_seconds: seconds('How long a failure counts; 60 by default.').optional(),
          cooldown_seconds: seconds('How long nothing is called; 60 by default.').optional(),
          half_open_probes: whole(1, most, 'So many calls may then be on their way at once; 1 by default.').optional(),
          success_threshold: whole(1, most, 'So many of them must succeed to close it; 1 by default.').optional(),
          fallback_agent: z
            .string({ error: 'must be the name of an agent or model' })
            .min(1, { error: 'must be the name of an agent or model' })
            .register(...words("Another way to write the agent's `fallback`."))
            .optional(),
        },
        'Keeps calls from a model that fails.',
      ),
    ],
    { error: 'must be true, false or a mapping, as in `breaker: {failure_threshold: 5}`' },
  )
  .register(...words('Keeps calls from a model that fails, and tries a few after a while. Off by default.'))

type BreakerSpec = z.infer<typeof breakerSpec>

/** Undefined: it is off. */
export function normaliseBreaker(written: BreakerSpec): BreakerPolicy | undefined {
  if (written === false) return undefined
  if (written === true) return defaultBreaker
  const policy = { ...defaultBreaker }
  if (written.failure_threshold !== undefined) policy.failure_threshold = written.failure_threshold
  if (written.window_seconds !== undefined) policy.window_ms = written.window_seconds * 1_000
  if (written.cooldown_seconds !== undefined) policy.cooldown_ms = written.cooldown_seconds * 1_000
  if (written.half_open_probes !== undefined) policy.half_open_probes = written.half_open_probes
  if (written.success_threshold !== undefined) policy.success_threshold = written.success_threshold
  return policy
}
