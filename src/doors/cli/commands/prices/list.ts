/** `prices list`: what models and hardware cost. */
import { listPrices } from '../../../../app/actions/prices/list.ts'
import type { OutputOf } from '../../../../app/action.ts'
import { defined } from '../../../../std/defined.ts'
import { configOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import type { CommandContext } from '../../context.ts'
import { flag, text } from '../../option.ts'
import { originText, plainUsd, priceText } from '../../output/price-text.ts'
import { roomOn, tableLines } from '../../output/table.ts'

type Prices = OutputOf<typeof listPrices>

export const list = defineCommand({
  description:
    'Lists what models cost, since when that is known, and where it stands. What is not listed has an unknown price. A day in yellow is old.',
  args: {},
  options: {
    ...configOptions,
    model: text('--model <pattern>', 'only models whose names have this in them; * is any text'),
    hardware: flag('--hardware', 'what a second on each machine costs, in place of models'),
    json: flag('--json', 'print {prices, hardware, max_age_days}'),
  },
  examples: [
    { command: 'replicate-agent prices list', what: 'all that is known' },
    { command: "replicate-agent prices list --model 'meta/*'", what: 'of one owner' },
    { command: 'replicate-agent prices list --hardware', what: 'of machines, by the second' },
  ],
  async run(context, given) {
    const app = await context.app({ config: given.config })
    const prices = await context.call(app, listPrices, defined({ model: given.model }))
    if (context.json) return context.printJson(prices)
    const rows = given.hardware ? hardwareRows(prices, context) : modelRows(prices, context)
    if (rows.length === 0) {
      context.note(`no price is known of models like "${given.model ?? ''}"`)
      return undefined
    }
    const columns = [
      { header: given.hardware ? 'hardware' : 'model', least: 20, keepsEnd: true },
      { header: 'price', least: 24 },
      { header: 'as of' },
      { header: 'from', spare: 1 },
    ]
    for (const line of tableLines(rows, columns, context.style.dim, roomOn(context.stdout))) context.print(line)
    return undefined
  },
})

function modelRows({ prices }: Prices, context: CommandContext): string[][] {
  return prices.map((price) => [
    price.model,
    priceText(price.rates && defined(price.rates), price.hardware),
    ...standing(price, context),
  ])
}

function hardwareRows({ hardware }: Prices, context: CommandContext): string[][] {
  return hardware.map((price) => [price.sku, `${plainUsd(price.usd_per_second)} a second`, ...standing(price, context)])
}

function standing(
  { as_of, old, from }: Prices['prices'][number] | Prices['hardware'][number],
  { style, cwd }: CommandContext,
): string[] {
  const day = as_of ?? '?'
  return [old ? style.yellow(day) : day, style.dim(originText(from, cwd))]
}
