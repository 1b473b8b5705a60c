/** `prices set`: writes a price into the configuration. */
import { setPrice } from '../../../../app/actions/prices/set.ts'
import { UsageError } from '../../../../domain/errors.ts'
import type { Rates, Unit } from '../../../../domain/price.ts'
import { defined } from '../../../../std/defined.ts'
import type { Json } from '../../../../std/json.ts'
import { configOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import type { CommandContext } from '../../context.ts'
import { flag, type OptionSpec, optional, text } from '../../option.ts'
import { originText, priceText } from '../../output/price-text.ts'
import { shortPath } from '../../output/problem.ts'

const zeros = { '': 0, k: 3, m: 6 } as const

/** Dollars for one, or for many as in `0.05/1M`. */
function rate(flags: `--${string}`, description: string): OptionSpec<number | undefined> {
  return {
    flags,
    description,
    parse(written) {
      const match = /^(\d*\.?\d+)(?:e(-?\d{1,3}))?(?:\/1?([km]))?$/i.exec(written)
      const [, digits = '', exponent = '0', many = ''] = match ?? []
      // In decimal, so that 0.05/1M is 5e-8, and not a little more.
      if (match) return Number(`${digits}e${Number(exponent) - zeros[many.toLowerCase() as keyof typeof zeros]}`)
      throw new UsageError(`${flags.split(' ')[0]} takes dollars, not "${written}"`, {
        hint: 'write 0.003; of tokens and characters also 0.05/1M or 0.03/1k',
      })
    },
  }
}

const rates = {
  perCall: rate('--per-call <usd>', 'dollars for each call'),
  perSecond: rate('--per-second <usd>', 'dollars for each second of prediction'),
  perImage: rate('--per-image <usd>', 'dollars for each output: an image, a video, …'),
  perOutputSecond: rate('--per-output-second <usd>', 'dollars for each second of video or sound that is put out'),
  perInputToken: rate('--per-input-token <usd>', 'dollars for each input token: 0.00000005, or 0.05/1M'),
  perOutputToken: rate('--per-output-token <usd>', 'dollars for each output token'),
  perInputCharacter: rate('--per-input-character <usd>', 'dollars for each character of input text: 0.03/1k'),
}

const unitOf: Readonly<Record<keyof typeof rates, Unit>> = {
  perCall: 'call',
  perSecond: 'second',
  perImage: 'output',
  perOutputSecond: 'output_second',
  perInputToken: 'input_token',
  perOutputToken: 'output_token',
  perInputCharacter: 'input_character',
}

export const set = defineCommand({
  description:
    "Writes a price into the project's replicate-agent.yaml when there is one, else into the user's. It replaces the whole price of that model; comments and layout of the file stay. Without a model, it prices a second on --hardware.",
  args: { model: optional('owner/name, or owner/name:version') },
  options: {
    ...configOptions,
    ...rates,
    hardware: text('--hardware <sku>', 'what the model runs on; without a model: what is priced'),
    asOf: text('--as-of <date>', 'the day on which it was looked up: YYYY-MM-DD (default: today)'),
    source: text('--source <text>', 'where it was found'),
    unset: flag('--unset', 'take the price out'),
    user: flag('--user', "into the user's configuration"),
    project: flag('--project', "into the project's; made here when there is none"),
    json: flag('--json', 'print {name, file, scope, created, before, after, holds}'),
  },
  examples: [
    { command: 'replicate-agent prices set acme/slow --per-second 0.001', what: 'by time' },
    {
      command: 'replicate-agent prices set acme/chat --per-input-token 0.05/1M --per-output-token 0.25/1M',
      what: 'by tokens',
    },
    {
      command: 'replicate-agent prices set --hardware gpu-h100 --per-second 0.0015 --source "our contract"',
      what: 'a machine',
    },
    { command: 'replicate-agent prices set acme/slow --unset', what: 'as if it had never been said' },
  ],
  async run(context, given) {
    const { model, hardware, asOf: as_of, source, unset, user, project } = given
    if (user && project) throw new UsageError('--user and --project name two places: give one')
    const app = await context.app({ config: given.config })
    const scope = user ? ('user' as const) : project ? ('project' as const) : undefined
    const report = await context.call(app, setPrice, {
      ...defined({ model, hardware, as_of, source, scope }),
      ...{ rates: ratesIn(given), unset },
    })
    if (context.json) return context.printJson(report)
    const { style, cwd } = context
    const { name, file, before, after, holds } = report
    const said = after === undefined ? 'no price any more' : writtenText(after)
    const was = before === undefined ? '' : style.dim(` (was ${writtenText(before)})`)
    context.print(`${style.bold(name)}  ${said}${was}  ${style.dim(shortPath(file, cwd))}`)
    if (after === undefined && holds) context.note(`now it is ${heldText(holds, context)}`)
    return undefined
  },
})

function ratesIn(given: { [K in keyof typeof rates]: number | undefined }): Rates {
  const all = Object.entries(unitOf).map(([option, unit]) => [`usd_per_${unit}`, given[option as keyof typeof rates]])
  return defined(Object.fromEntries(all) as Rates)
}

function writtenText(price: Json): string {
  if (typeof price === 'number') return priceText({ usd_per_second: price })
  const { hardware, ...parts } = price as Rates & { hardware?: string }
  const text = priceText(parts)
  return hardware === undefined ? text : [`on ${hardware}`, text].filter(Boolean).join(' + ')
}

function heldText(
  holds: NonNullable<(typeof setPrice)['output']['_output']['holds']>,
  { cwd }: CommandContext,
): string {
  return `${priceText(holds.rates && defined(holds.rates), holds.hardware)}, ${originText(holds.from, cwd)}`
}
