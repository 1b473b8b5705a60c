/** Writes a price where it belongs: into the project's configuration, else the user's. */
import { z } from 'zod'
import { builtInHardware } from '../../../config/prices/built-in.ts'
import { priceSpec, skuPattern } from '../../../documents/agent/price-spec.ts'
import { modelPattern } from '../../../documents/agent/spec.ts'
import { type Entry, putEntry } from '../../../documents/put-entry.ts'
import { nameOf } from '../../../executor/routing/arm-key.ts'
import { UsageError } from '../../../domain/errors.ts'
import { ageDays, type Price, type PriceBook, units } from '../../../domain/price.ts'
import { defined } from '../../../std/defined.ts'
import type { Json, JsonObject } from '../../../std/json.ts'
import { suggest } from '../../../std/suggest.ts'
import { defineAction } from '../../action.ts'
import type { App } from '../../app.ts'
import { configScopes as scopes, makeFolderOf, placeOfConfig } from '../../imported/place-of-config.ts'
import { openPrices } from '../../open-prices.ts'
import { priceShape, shownPrice } from '../../prices/price-shape.ts'
import { modelsUsedHere } from '../../prices/prices-here.ts'

const dollars = z.number().nonnegative().optional()

export const setPrice = defineAction({
  noun: 'prices',
  verb: 'set',
  summary: 'write a price into the configuration, or take it out',
  input: z.object({
    model: z.string().optional().describe('owner/name; absent: the price is that of `hardware`'),
    rates: z.strictObject(Object.fromEntries(units.map((unit) => [`usd_per_${unit}`, dollars] as const))).default({}),
    hardware: z.string().optional().describe('what the model runs on; without a model: what is priced'),
    as_of: z.string().optional().describe('YYYY-MM-DD; default: today'),
    source: z
      .string()
      .max(1_000)
      .regex(/^[^\p{Cc}]*$/u, 'must be one line of text')
      .optional(),
    unset: z.boolean().default(false),
    scope: z.enum(scopes).optional().describe("default: the project's configuration if there is one, else the user's"),
  }),
  output: z.object({
    name: z.string(),
    file: z.string(),
    scope: z.enum([...scopes, 'named']),
    created: z.boolean(),
    before: z.json().optional().describe('what was written there'),
    after: z.json().optional(),
    /** Of a model: the price that holds now; absent: nobody knows one. It may stand in a stronger place. */
    holds: priceShape.optional(),
  }),
  async run(app, input, context) {
    const book = await app.prices()
    const entry = entryOf(input, book, app.clock.now())
    const name = entry.path.at(-1) as string
    const { file, scope } = await placeOfConfig(app, input.scope)
    let before: Json | undefined
    const { changeConfig } = await import('../../imported/change-config.ts')
    await makeFolderOf(file)
    const created = await changeConfig(app, file, async (text) => {
      const put = putEntry(text, entry, file)
      before = put.before
      if (input.unset && before === undefined) throw nothingThere(name, file, book)
      return put.text
    })
    const now = await bookNow(app)
    const holds = input.model === undefined ? undefined : now.find({ model: input.model })
    if (holds && !input.unset && !('file' in holds.from && holds.from.file === file)) {
      const place = 'file' in holds.from ? `${holds.from.file}:${holds.from.line}` : 'another place'
      context.warn(`the price of ${name} in ${place} comes before this one`)
    }
    if (!holds && !input.unset && input.model !== undefined)
      context.warn(`${file} is not read here: another configuration is`)
    for (const agent of input.unset ? [] : await agentsWithOwn(app, input.model))
      context.warn(`agent "${agent}" has a price of its own for ${name}, which comes before this one`)
    return {
      ...{ name, file, scope, created },
      ...defined({ before, after: entry.value }),
      ...(holds && { holds: shownPrice(name, holds, now, app.clock.now()) }),
    }
  },
})

type Wanted = z.output<typeof setPrice.input>

/** Throws UsageError for what is no price. */
function entryOf(input: Wanted, book: PriceBook, now: number): Entry {
  const path = pathOf(input)
  if (!input.unset) return { path, value: priceOf(input, book, now) as JsonObject }
  const { model, rates, hardware, as_of, source } = input
  const more = { ...rates, as_of, source, ...(model !== undefined && { hardware }) }
  if (Object.keys(defined(more)).length > 0) throw new UsageError('--unset takes a price out: give it no price besides')
  return { path, value: undefined }
}

function priceOf({ model, rates, hardware, source, ...given }: Wanted, book: PriceBook, now: number): Price {
  const { as_of = new Date(now).toISOString().slice(0, 10) } = given
  const price = defined({ ...rates, hardware: model === undefined ? undefined : hardware, as_of, source }) as Price
  const [issue] = priceSpec.safeParse(price).error?.issues ?? []
  if (issue) {
    const field = issue.path.length > 0 ? issue.path.join('.') : 'the price'
    throw new UsageError(`${field} ${issue.message}`, {
      hint: 'for instance: prices set owner/name --per-second 0.001',
    })
  }
  // Somewhere it is tomorrow already.
  if (ageDays(as_of, now) < -1)
    throw new UsageError(`${as_of} is still to come`, { hint: 'write the day on which it was looked up' })
  if (model === undefined) assertPerSecond(rates)
  else if (hardware !== undefined) assertKnown(hardware, book)
  return price
}

function pathOf({ model, hardware }: Wanted): Entry['path'] {
  if (model !== undefined) {
    if (modelPattern.test(model)) return ['prices', model]
    throw new UsageError(`"${model}" names no model`, { hint: 'write owner/name or owner/name:version' })
  }
  if (hardware === undefined) throw new UsageError('say what is priced: a model, or --hardware')
  if (skuPattern.test(hardware)) return ['prices', 'hardware', hardware]
  throw new UsageError(`"${hardware}" names no hardware`, {
    hint: `known are ${Object.keys(builtInHardware).join(', ')}`,
  })
}

function assertPerSecond(rates: Wanted['rates']): void {
  if (Object.keys(defined(rates)).join() === 'usd_per_second') return
  throw new UsageError('hardware is priced by the second', {
    hint: 'prices set --hardware gpu-h100 --per-second 0.0015',
  })
}

function assertKnown(hardware: string, { hardware: known }: PriceBook): void {
  if (known.has(hardware)) return
  const near = suggest(hardware, known.keys())
  throw new UsageError(`nobody knows what a second on "${hardware}" costs`, {
    hint:
      near === undefined
        ? `say it first: prices set --hardware ${hardware} --per-second 0.001`
        : `did you mean "${near}"? known are ${[...known.keys()].join(', ')}`,
  })
}

function nothingThere(name: string, file: string, { models, hardware }: PriceBook): UsageError {
  const known = models.get(name) ?? hardware.get(name)
  const hint =
    known?.from.kind === 'built_in'
      ? 'its price is a built-in one'
      : known && 'file' in known.from
        ? `it stands in ${known.from.file}:${known.from.line}`
        : undefined
  return new UsageError(`${file} says no price of ${name}`, { hint })
}

/** Names of agents here that say themselves what the model costs. */
async function agentsWithOwn(app: App, model: string | undefined): Promise<string[]> {
  if (model === undefined) return []
  const used = await modelsUsedHere(app)
  const own = used.filter(
    ({ candidate }) => candidate.price && [candidate.model, nameOf(candidate.model)].includes(model),
  )
  return [...new Set(own.map(({ candidate }) => candidate.name))]
}

async function bookNow(app: App): Promise<PriceBook> {
  const { openConfig } = await import('../../../config/open.ts')
  const named = (await app.config()).files.find(({ scope }) => scope === 'named')
  const config = await openConfig({ cwd: app.cwd, env: app.env, ...(named && { config: named.file }) })
  return openPrices({ env: app.env, cwd: app.cwd, configured: config?.prices ?? [] })
}
