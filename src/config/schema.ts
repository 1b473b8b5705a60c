/** `replicate-agent.yaml` as it is written: the zod schema behind loading, and behind the published JSON Schema. */
import { z } from 'zod'
import { generalBreakerSpec, providerBreakerSpec } from '../documents/agent/breaker-spec.ts'
import { bulkheadSpec } from '../documents/agent/bulkhead-spec.ts'
import { amountFields, callFields } from '../documents/agent/limits.ts'
import { routingSpec } from '../documents/agent/routing-spec.ts'
import { agentsSpec } from '../documents/agent/spec.ts'
import { budgetsSpec } from './budgets.ts'
import { duration, fields, number, strict, text, whole, words } from '../documents/spec-fields.ts'
import { cacheSettingsSpec } from './cache.ts'
import { auditSpec } from './audit.ts'
import { pricesSpec } from './prices/spec.ts'

const modelError = 'must be a model: owner/name'
const modelOnly = z.string().regex(/^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/, { error: modelError })

const durabilities = ['full', 'normal'] as const

const storeSpec = strict(
  'store',
  {
    url: text('The store of runs, such as sqlite:PATH. By default the file store.db in `home`.').optional(),
    home: text(
      'The state folder: store, files of runs, data of the sandbox. A path is relative to this file.',
    ).optional(),
    durability: z
      .enum(durabilities, { error: `must be ${durabilities.join(' or ')}` })
      .register(...words('full (the default): what was acknowledged survives power loss; normal: a crash.'))
      .optional(),
  },
  'Where runs and their files are kept.',
)

const limitsSpec = strict(
  'client_limits',
  {
    replicate: strict(
      'replicate_limits',
      {
        creates_per_minute: whole(2, 1_000_000, 'Predictions that are created in a minute. 600 by default.').optional(),
        burst: whole(1, 1_000_000, 'Of these, how many may be created at once: a tenth of them by default.').optional(),
        requests_per_minute: whole(
          2,
          1_000_000,
          'Other requests in a minute: polls, files, searches. 3,000 by default.',
        ).optional(),
        ...amountFields,
        bulkhead: bulkheadSpec.optional(),
      },
      'Of calls to Replicate, over all processes with the same token.',
    ).optional(),
    models: z
      .record(
        modelOnly,
        strict('model_limits', { ...callFields, bulkhead: bulkheadSpec.optional() }, 'Of calls to a model.'),
        { error: 'must be a mapping of models to their limits' },
      )
      .register(...words('Of calls to models, owner/name, whatever agent they belong to.'))
      .optional(),
  },
  'What this program holds back by itself.',
)

const discoverySpec = strict(
  'discovery',
  {
    ttl: duration(
      'How long what was read of a model (description, inputs, runs, version) is used before it is read again: 24h by default.',
    ).optional(),
  },
  'What is kept of what Replicate says of models.',
)

const providersSpec = strict(
  'providers',
  {
    replicate: strict(
      'provider',
      { breaker: providerBreakerSpec.optional() },
      'What holds for all calls to it.',
    ).optional(),
  },
  'What holds for whole providers.',
)

const pluginSpec = strict(
  'plugin',
  {
    name: text('A built-in plugin, or an installed package.').optional(),
    path: text('A file (.js, .mjs or .ts), or the folder of a package; relative to this file.').optional(),
    options: fields('What the plugin takes; `plugins list` shows what holds.').optional(),
    on_error: z
      .enum(['open', 'closed'], { error: 'must be open or closed' })
      .register(...words('When it fails: closed fails what it was asked about, open goes on without it.'))
      .optional(),
    timeout: duration('Of each of its hooks: 5s by default.').optional(),
    order: number('Lower ones are asked first before a call, and last after it; in place of its own.').optional(),
  },
  'A plugin that is in use.',
).superRefine(({ name, path }, context) => {
  if ((name === undefined) !== (path === undefined)) return
  const what = name === undefined ? 'has neither a `name` nor a `path`' : 'has both a `name` and a `path`'
  context.addIssue({ code: 'custom', message: `${what}: give it one`, params: { code: 'wrong_plugin' } })
})

const pluginsSpec = z
  .array(
    z.union([text('A built-in plugin, a package, or a path.'), pluginSpec], {
      error: 'must be the name of a plugin, or a mapping with `name` or `path`',
    }),
    {
      error: 'must be a list, as in `plugins: [pii_mask]`',
    },
  )
  .register(...words('Plugins that are asked about every call and step, in this order.'))

export const configSpec = strict(
  undefined,
  {
    agents: agentsSpec('Agents that every workflow may name.').optional(),
    breaker: generalBreakerSpec.optional(),
    budgets: budgetsSpec.optional(),
    cache: cacheSettingsSpec.optional(),
    audit: auditSpec.optional(),
    discovery: discoverySpec.optional(),
    limits: limitsSpec.optional(),
    store: storeSpec.optional(),
    plugins: pluginsSpec.optional(),
    prices: pricesSpec.optional(),
    providers: providersSpec.optional(),
    routing: routingSpec.describe('How agents choose among their candidates that say nothing else.').optional(),
  },
  'The configuration of replicate-agent.',
)

export type ConfigSpec = z.infer<typeof configSpec>
