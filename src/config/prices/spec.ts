/** Prices as a user writes them: the section `prices` of a configuration, and a file of their own. */
import { z } from 'zod'
import { priceSpec, provenance, rate, skuPattern } from '../../documents/agent/price-spec.ts'
import { whole, words } from '../../documents/spec-fields.ts'

export const defaultMaxAgeDays = 90

const modelPattern = /^[A-Za-z0-9][A-Za-z0-9._-]*\/[A-Za-z0-9][A-Za-z0-9._-]*(:[A-Za-z0-9._-]+)?$/

const hardwareSpec = z
  .record(
    z.string().regex(skuPattern, { error: 'must be the SKU of a machine, as in gpu-l40s' }),
    z.union(
      [
        rate('Dollars for each second.'),
        z.strictObject({ usd_per_second: rate('Dollars for each second.'), ...provenance }),
      ],
      { error: 'must be dollars for a second, or a mapping with `usd_per_second`' },
    ),
    { error: 'must be a mapping of machines to dollars for a second, as in `gpu-h100: 0.0015`' },
  )
  .register(...words('What a second on a machine costs, by its SKU; comes before the built-in list.'))

const own = {
  max_age_days: whole(
    0,
    100_000,
    `A price that is older is worth a warning. Default: ${defaultMaxAgeDays}.`,
  ).optional(),
  hardware: hardwareSpec.optional(),
}

const written = z
  .object(own, {
    error: (issue) => (issue.code === 'invalid_type' ? 'must be a mapping of models to prices' : undefined),
  })
  .catchall(priceSpec)
  .meta({ id: 'prices', description: 'What models and machines cost, where you know better than the built-in list.' })

/** Names with a slash are models; beside them stand `hardware` and `max_age_days`. */
export const pricesSpec = z.preprocess((value, context) => {
  // First of all: what is said of the values under a wrong name only follows from it.
  const keys = Object.keys(typeof value === 'object' && !Array.isArray(value) ? (value ?? {}) : {})
  const unknown = keys.filter((key) => !Object.hasOwn(own, key) && !modelPattern.test(key))
  if (unknown.length > 0)
    context.issues.push({ code: 'unrecognized_keys', keys: unknown, input: value as Record<string, unknown>, path: [] })
  return value
}, written)
export type PricesSpec = z.infer<typeof written>
