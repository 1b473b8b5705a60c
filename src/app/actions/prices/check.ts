/** What of the prices needs a look: old ones, missing ones, and those that what was paid does not bear out. */
import { z } from 'zod'
import {
  ageDays,
  costOfAmounts,
  type FoundPrice,
  isOld,
  type PriceBook,
  type PriceOrigin,
} from '../../../domain/price.ts'
import { suggest } from '../../../std/suggest.ts'
import { defined } from '../../../std/defined.ts'
import { defineAction } from '../../action.ts'
import { meansOfModels, type ModelMeans } from '../../means-of-models.ts'
import { modelsUsedHere, type UsedModel } from '../../prices/prices-here.ts'

const kinds = ['missing', 'unknown_hardware', 'differs', 'old', 'future', 'undated'] as const

const findingShape = z.object({
  kind: z.enum(kinds),
  /** Absent: it is about the built-in list, or about hardware. */
  model: z.string().optional(),
  message: z.string(),
  hint: z.string(),
  used_by: z.array(z.string()).describe('workflows'),
  file: z.string().optional(),
  line: z.number().optional(),
})
type Finding = z.infer<typeof findingShape>

export const checkPrices = defineAction({
  noun: 'prices',
  verb: 'check',
  summary: 'find prices that are old, missing, or not what calls really cost',
  input: z.object({}),
  output: z.object({ ok: z.boolean(), findings: z.array(findingShape), models: z.number().describe('used here') }),
  async run(app) {
    const book = await app.prices()
    const now = app.clock.now()
    const meansOf = await meansOfModels(app, 'real')
    const used = await modelsUsedHere(app)
    const findings = [
      ...used.flatMap((one) => findingsOf(one, book, meansOf(one.candidate.model), now)),
      ...writtenFindings(book, used, now),
      ...builtInFindings(book, used, now),
    ]
    const order = (finding: Finding) => kinds.indexOf(finding.kind)
    return {
      ok: findings.length === 0,
      findings: findings.toSorted((a, b) => order(a) - order(b)),
      models: new Set(used.map(({ candidate }) => candidate.model)).size,
    }
  },
})

// ── of what is used here ──

function findingsOf({ candidate, used_by }: UsedModel, book: PriceBook, means: ModelMeans, now: number): Finding[] {
  const { model } = candidate
  const price = book.find(candidate)
  const set = `prices set ${model} --per-second 0.001`
  if (!price) {
    const message = `nobody knows what ${candidate.deployment ? 'the deployment ' : ''}${model} costs`
    return [{ kind: 'missing', model, message, hint: `say it with \`${set}\`, or give its agent a \`price\``, used_by }]
  }
  if (!price.rates) return [unknownHardware(model, price, book, used_by)]
  const found: Finding[] = []
  const mean = differs(price, means)
  if (mean !== undefined) {
    const message = `calls of ${model} cost $${mean.paid.toPrecision(2)} on average, and by its price they would cost $${mean.priced.toPrecision(2)}`
    found.push({
      kind: 'differs',
      model,
      message,
      hint: 'look the price up again, and its unit',
      used_by,
      ...placeOf(price.from),
    })
  }
  // What users wrote is looked over as a whole.
  if (price.from.kind === 'agent' && price.as_of !== undefined) found.push(...dated(model, price, used_by, book, now))
  return found
}

function unknownHardware(
  model: string,
  { hardware = '', from }: FoundPrice,
  book: PriceBook,
  used_by: string[],
): Finding {
  const near = suggest(hardware, book.hardware.keys())
  return {
    ...{ kind: 'unknown_hardware', model, used_by, ...placeOf(from) },
    message: `${model} runs on "${hardware}", and nobody knows what that costs`,
    hint:
      near === undefined
        ? `say it with \`prices set --hardware ${hardware} --per-second 0.001\``
        : `did you mean "${near}"?`,
  }
}

/** So many times more, or less, is no chance. */
const farApart = 3
const fewestCalls = 3
/** That a call may ask for. */
const mostOutputs = 10

/** Of prices that can be reckoned without knowing what was asked: by call, output and second. */
function differs(
  { rates = {} }: FoundPrice,
  { paid: calls, usd, ms }: ModelMeans,
): { paid: number; priced: number } | undefined {
  const paid = calls >= fewestCalls ? usd : null
  // The time of a call is more than that of its prediction: to have paid less than that costs is nothing odd.
  const priced = costOfAmounts(rates, { call: 1, output: 1, second: (ms ?? 0) / 1_000 })
  if (!paid || !priced) return undefined
  const most = priced * farApart * (rates.usd_per_output ? mostOutputs : 1)
  const isFar = paid > most || (paid * farApart < priced && !rates.usd_per_second)
  return isFar ? { paid, priced } : undefined
}

// ── of what users wrote ──

function writtenFindings(book: PriceBook, used: readonly UsedModel[], now: number): Finding[] {
  const found: Finding[] = []
  for (const [model, price] of book.models) {
    if (price.from.kind === 'built_in') continue
    const used_by = usersOf(model, used)
    // What is used was told of above.
    if (!price.rates && used_by.length === 0) found.push(unknownHardware(model, price, book, used_by))
    found.push(...dated(model, price, used_by, book, now))
  }
  for (const [sku, price] of book.hardware)
    if (price.from.kind !== 'built_in') found.push(...dated(sku, price, [], book, now, 'hardware'))
  return found
}

function usersOf(model: string, used: readonly UsedModel[]): string[] {
  const users = used.filter(({ candidate }) => candidate.model === model || candidate.model.split(':')[0] === model)
  return [...new Set(users.flatMap(({ used_by }) => used_by))]
}

function dated(
  name: string,
  { as_of, from }: Pick<FoundPrice, 'as_of' | 'from'>,
  used_by: string[],
  book: PriceBook,
  now: number,
  what: 'model' | 'hardware' = 'model',
): Finding[] {
  const set = what === 'model' ? `prices set ${name}` : `prices set --hardware ${name}`
  const more = { ...(what === 'model' && { model: name }), used_by, ...placeOf(from) }
  if (as_of === undefined) {
    const message = `the price of ${name} has no date`
    return [{ kind: 'undated', message, hint: 'write `as_of: YYYY-MM-DD`, the day on which it was looked up', ...more }]
  }
  const days = ageDays(as_of, now)
  // Somewhere it is tomorrow already.
  if (days < -1) {
    const message = `the price of ${name} is of ${as_of}, which is still to come`
    return [{ kind: 'future', message, hint: 'write the day on which it was looked up', ...more }]
  }
  if (!isOld({ as_of }, book.max_age_days, now)) return []
  const message = `the price of ${name} is of ${as_of}, ${days} days ago`
  return [{ kind: 'old', message, hint: `look it up, and write it with \`${set} …\``, ...more }]
}

// ── of the built-in list ──

/** One finding for the list: its prices are all of one day. */
function builtInFindings(book: PriceBook, used: readonly UsedModel[], now: number): Finding[] {
  const old = used.filter(({ candidate }) => {
    const price = book.find(candidate)
    return price?.from.kind === 'built_in' && isOld(price, book.max_age_days, now)
  })
  const [first] = old
  const as_of = first && book.find(first.candidate)?.as_of
  if (as_of === undefined) return []
  const models = [...new Set(old.map(({ candidate }) => candidate.model))]
  return [
    {
      kind: 'old',
      message: `the built-in list is of ${as_of}, ${ageDays(as_of, now)} days ago; used here: ${models.join(', ')}`,
      hint: 'install a newer version, or write the prices of today with `prices set`',
      used_by: [...new Set(old.flatMap(({ used_by }) => used_by))],
    },
  ]
}

function placeOf(from: PriceOrigin): { file?: string; line?: number } {
  return 'file' in from ? defined({ file: from.file, line: from.line }) : {}
}
