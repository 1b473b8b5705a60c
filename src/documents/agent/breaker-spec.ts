/** When calls are kept from what fails, as it is written. */
import { z } from 'zod'
import { breakerCriteria, countedClasses } from '../../domain/breaker.ts'
import { between, strict, whole, words } from '../spec-fields.ts'

const secondsError = 'must be a number of seconds, more than 0'
const seconds = (description: string) =>
  z
    .number({ error: secondsError })
    .positive({ error: secondsError })
    .register(...words(description))

const most = 1_000
const rate = (description: string) => between(0.001, 1, description)

/** Why a class never counts (ruling 44). */
const never: Readonly<Record<string, string>> = {
  rate_limited: 'never counts: a 429 tells of the rate of calls, and pauses what is limited, not the model',
  authentication: 'never counts: a 401 or 403 tells of the token, not of the model',
  payment_required: 'never counts: a 402 tells of the account, not of the model',
  validation: 'never counts: a 422 tells of the input, not of the model',
  cancelled: 'never counts: what was called off says nothing of the model',
}

const criterionError = `must be one of ${breakerCriteria.join(', ')}`
const classError = ({ input }: { input?: unknown }) =>
  (typeof input === 'string' ? never[input] : undefined) ?? `must be one of ${countedClasses.join(', ')}`

/** What holds for whole providers, too. */
const shared = {
  criterion: z
    .enum(breakerCriteria, { error: criterionError })
    .register(
      ...words(
        'What opens it. failures (the default): so many within the window; consecutive: so many in a row; count: their share of the last calls; sampling: their share within the window.',
      ),
    )
    .optional(),
  failure_threshold: whole(1, most, 'Of failures and consecutive: so many failures open it; 5 by default.').optional(),
  window_seconds: seconds('Of failures and sampling: how long a call counts; 60 by default.').optional(),
  failure_rate: rate('Of count and sampling: the share of failures that opens it; 0.5 by default.').optional(),
  minimum_calls: whole(1, most, 'Of count and sampling: with fewer calls it stays closed; 10 by default.').optional(),
  window_calls: whole(1, most, 'Of count: so many calls count; 20 by default.').optional(),
  cooldown_seconds: seconds(
    'How long nothing is called; 60 by default, or as long as the server says if that is less.',
  ).optional(),
  half_open_probes: whole(1, most, 'So many calls may then be on their way at once; 1 by default.').optional(),
  success_threshold: whole(1, most, 'So many of them must succeed to close it; 1 by default.').optional(),
  ramp_seconds: z
    .number({ error: 'must be a number of seconds' })
    .min(0, { error: 'must be 0 or more seconds' })
    .register(
      ...words(
        'Over so long after closing its share of calls grows to all of them, where another candidate or a fallback can answer the rest; 30 by default.',
      ),
    )
    .optional(),
}

const ofModels = {
  ...shared,
  slow_call_seconds: seconds('A call that takes longer is slow; by default none is.').optional(),
  slow_call_rate: rate(
    'Of count and sampling: the share of slow calls that opens it; 0.5 by default. In the others a slow call is a failure.',
  ).optional(),
  on: z
    .array(z.enum(countedClasses, { error: classError }), { error: 'must be a list of classes of failure' })
    .min(1, { error: 'must name at least one class of failure' })
    .register(...words('Classes of failure that count; by default timeout, network, server and resource_exhausted.'))
    .optional(),
}

const what = 'must be true, false or a mapping, as in `breaker: {failure_threshold: 5}`'
const agentError = 'must be the name of an agent or model'

/** Of an agent. */
export const breakerSpec = z
  .union(
    [
      z.boolean(),
      strict(
        'breaker',
        {
          ...ofModels,
          fallback_agent: z
            .string({ error: agentError })
            .min(1, { error: agentError })
            .register(...words("Another way to write the agent's `fallback`."))
            .optional(),
        },
        'Keeps calls from a model that fails.',
      ),
    ],
    { error: what },
  )
  .register(...words('Keeps calls from a model that fails, and tries a few after a while. Off by default.'))

/** What somebody may set for a breaker that is in use. */
export const breakerSettings = strict(undefined, ofModels, 'Keys of a circuit breaker.')

/** Of all agents that say nothing else. */
export const generalBreakerSpec = z
  .union([z.boolean(), strict('breaker_of_all', ofModels, 'Keeps calls from models that fail.')], { error: what })
  .register(...words('The circuit breaker of agents that say nothing else. Off by default.'))

/** Keys that a provider's breaker does not have. */
export const keysOfModelsOnly = Object.keys(ofModels).filter((key) => !Object.hasOwn(shared, key))

/** Of a provider as a whole. */
export const providerBreakerSpec = z
  .union([z.boolean(), strict('breaker_of_provider', shared, 'Keeps calls from a provider that fails.')], {
    error: what,
  })
  .register(...words('Keeps all calls from it when it does not answer, or with errors of its own. Off by default.'))

export type BreakerSpec = z.infer<typeof breakerSpec>
