/** An agent as it is written: in workflows, in the configuration and by the SDK alike. */
import { z } from 'zod'
import { targetKinds } from '../../domain/definition.ts'
import { versionPins } from '../../domain/version-pin.ts'
import { duration, fields, longestId, mustBe, namePattern, schemaField, strict, text, words } from '../spec-fields.ts'
import { breakerSpec } from './breaker-spec.ts'
import { agentBudgetSpec } from './budget-spec.ts'
import { bulkheadSpec } from './bulkhead-spec.ts'
import { hedgeSpec } from './hedge-spec.ts'
import { cacheSpec } from './cache-spec.ts'
import { fallbackSpec, retrySpec } from './policy-spec.ts'
import { agentLimitsSpec } from './limits.ts'
import { priceSpec } from './price-spec.ts'
import { qosSpec, routingSpec } from './routing-spec.ts'

export const modelPattern = /^[A-Za-z0-9][A-Za-z0-9._-]*\/[A-Za-z0-9][A-Za-z0-9._-]*(:[A-Za-z0-9._-]+)?$/
const deploymentPattern = /^[A-Za-z0-9][A-Za-z0-9._-]*\/[A-Za-z0-9][A-Za-z0-9._-]*$/

export const modelName = z.string({ error: mustBe.model }).regex(modelPattern, { error: mustBe.model })

export const agentSpec = strict(
  'agent',
  {
    model: modelName.describe('The model: owner/name or owner/name:version.').optional(),
    models: z
      .array(modelName, { error: 'must be a list of models' })
      .min(1, { error: 'must name at least one model' })
      .register(...words('Candidate models; `routing` says how one of them is chosen.'))
      .optional(),
    candidates: z
      .array(modelName, { error: 'must be a list of models' })
      .min(1, { error: 'must name at least one model' })
      .register(...words('The same as `models`.'))
      .optional(),
    deployment: z
      .string({ error: 'must be a deployment: owner/name' })
      .regex(deploymentPattern, { error: 'must be a deployment: owner/name' })
      .register(...words('A deployment, owner/name, in place of a model.'))
      .optional(),
    function: z
      .string({ error: 'must be the name of a function' })
      .min(1, { error: 'must be the name of a function' })
      .register(...words('A function that the program registered, in place of a model.'))
      .optional(),
    target: z
      .enum(targetKinds, { error: `must be one of ${targetKinds.join(', ')}` })
      .register(
        ...words('What makes the call, if you want to say so: `model`, `deployment` and `function` do already.'),
      )
      .optional(),
    description: text('What the agent does.').optional(),
    tags: z
      .array(
        z
          .string({ error: 'must be a word' })
          .max(longestId, { error: 'is too long' })
          .regex(namePattern, { error: 'must be a word: letters, digits, dots, dashes and _' }),
        { error: 'must be a list of words' },
      )
      .register(...words('Words to find it by: `agents list --tag WORD`.'))
      .optional(),
    defaults: fields('Input that is sent unless a step gives its own.').optional(),
    input_schema: schemaField('A JSON Schema of the input.').optional(),
    retry: retrySpec.optional(),
    timeout: duration('How long a call may take, all attempts together.').optional(),
    cache: cacheSpec.optional(),
    hedge: hedgeSpec.optional(),
    breaker: breakerSpec.optional(),
    fallback: fallbackSpec.optional(),
    routing: routingSpec.optional(),
    qos: qosSpec.optional(),
    price: priceSpec.optional(),
    limits: agentLimitsSpec.optional(),
    bulkhead: bulkheadSpec.optional(),
    budget: agentBudgetSpec.optional(),
    version_pin: z
      .enum(versionPins, { error: `must be one of ${versionPins.join(', ')}` })
      .register(
        ...words(
          'Which version of its models a run takes. latest (the default): the newest. exact: the one in replicate-agent.lock. minor: that one, or a newer one that is compatible.',
        ),
      )
      .optional(),
  },
  'Something that can be called: one of `model`, `models`, `deployment`, `function`, with its policies.',
  'must be a mapping, as in `writer: {model: owner/name}`',
)

export const agentsSpec = (description: string) =>
  z
    .record(
      z
        .string()
        .max(longestId, { error: 'is too long' })
        .regex(namePattern, { error: 'must be letters, digits, dots, dashes and _' }),
      agentSpec,
      { error: 'must be a mapping of names to agents' },
    )
    .register(...words(description))

export type AgentSpec = z.infer<typeof agentSpec>
