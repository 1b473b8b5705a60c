/** The user's own price table: a YAML or JSON file, model → price, that comes before the built-in one. */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import type { Price } from '../domain/definition.ts'
import { ConfigurationError } from '../domain/errors.ts'
import { defined } from '../std/defined.ts'

const usd = z.number().nonnegative().optional()
const pricesShape = z.record(
  z.string().regex(/^[^\s/]+\/[^\s/]+$/, 'is no `owner/name`'),
  z.strictObject({
    usd_per_call: usd,
    usd_per_second: usd,
    usd_per_output: usd,
    usd_per_input_token: usd,
    usd_per_output_token: usd,
    usd_per_input_character: usd,
  }),
)

/** Throws ConfigurationError `invalid_config`. */
export async function readPrices(file: string): Promise<Record<string, Price>> {
  try {
    const { parse } = await import('yaml')
    const checked = pricesShape.safeParse(parse(await readFile(file, 'utf8')))
    if (checked.success)
      return Object.fromEntries(Object.entries(checked.data).map(([model, price]) => [model, defined(price)]))
    const [issue] = checked.error.issues
    throw new ConfigurationError('invalid_config', `${file}: ${issue?.path.join('.')}: ${issue?.message}`, {
      hint: 'write `owner/name: {usd_per_second: 0.001}`; also usd_per_call, usd_per_output, usd_per_input_token, usd_per_output_token, usd_per_input_character',
    })
  } catch (cause) {
    if (cause instanceof ConfigurationError) throw cause
    throw new ConfigurationError('invalid_config', `the price table ${file} can't be read`, { cause })
  }
}
