/** `agents show`: one agent with its policies, or one model with its inputs. */
import { showAgent } from '../../../../app/actions/agents/show.ts'
import type { OutputOf } from '../../../../app/action.ts'
import { defined } from '../../../../std/defined.ts'
import { formatDuration } from '../../../../std/duration.ts'
import { appOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import type { CommandContext } from '../../context.ts'
import { flag, required } from '../../option.ts'
import { placeText } from '../../output/place-text.ts'
import { originText, priceText } from '../../output/price-text.ts'
import { oneLine, printable } from '../../output/printable.ts'
import { count, formatAge, formatCount, formatUsd, shortModel } from '../../output/quantity.ts'
import { schemaLines } from '../../output/schema-lines.ts'
import { type Column, roomOn, tableLines } from '../../output/table.ts'

type Shown = OutputOf<typeof showAgent>

export const show = defineCommand({
  description:
    'Shows an agent of the configuration or of the workflows here: its candidates with their prices, every policy with where it is written, and what it takes. Or a model, as Replicate (or the sandbox) describes it.',
  args: { agent: required('an agent, or owner/name of a model') },
  options: {
    json: flag('--json', 'print it as JSON'),
    refresh: flag('--refresh', 'ask again, however new what is known is'),
    ...appOptions,
  },
  examples: [
    { command: 'replicate-agent agents show black-forest-labs/flux-schnell --sandbox', what: 'what a model takes' },
  ],
  async run(context, given) {
    const app = await context.app(given)
    const { agent, refresh } = given
    const shown = await context.call(app, showAgent, { agent, refresh })
    for (const { name, read_at, failure } of shown.models) {
      if (failure === undefined) continue
      const age = formatAge(Date.parse(read_at), context.clock.now())
      context.warn(`${name} is shown as it was ${age}: it could not be read again: ${failure}`)
    }
    if (context.json) return context.printJson(shown)
    for (const line of linesOf(shown, context)) context.print(line)
    return undefined
  },
})

function linesOf(shown: Shown, context: CommandContext): string[] {
  const { style, cwd, stdout } = context
  const { description, defaults, input_schema } = (shown.agent ?? {}) as Record<string, never>
  const place = placeText(shown.place, cwd)
  const [only] = shown.models
  const told = description ?? (shown.models.length === 1 ? only?.description : undefined)
  const lines = [`${style.bold(shown.name)}${place === '' ? '' : `  ${style.dim(place)}`}`]
  if (told !== undefined) lines.push(printable(told))
  lines.push(...candidateLines(shown, context), ...policyLines(shown, context))
  if (defaults !== undefined && Object.keys(defaults).length > 0)
    lines.push('', style.bold('defaults'), ...pairs(defaults))
  // An agent of several models has a schema of its own, or takes what each of them takes.
  const schema = input_schema ?? only?.input_schema
  lines.push(...schemaLines(schema, style, stdout.columns ?? 100))
  return lines
}

/** Model, price, where the price is from, what was seen, lock, runs, latest version, when that was read. */
const candidateColumns: Column[] = [
  { least: 22, keepsEnd: true },
  {},
  { spare: 2 },
  { least: 30 },
  {},
  { spare: 4 },
  { spare: 3 },
  { spare: 5 },
]

function candidateLines({ candidates, models }: Shown, context: CommandContext): string[] {
  const { style, stdout } = context
  const rows = candidates.map((candidate) => {
    const { model, seen, locked } = candidate
    const info = models.find(({ name }) => name === model || model.startsWith(`${name}:`))
    return [
      `  ${shortModel(model)}`,
      ...priceCells(candidate, context),
      seen ? seenText(seen) : '',
      locked === undefined ? '' : `locked ${locked.slice(0, 8)}`,
      ...infoCells(info, context),
    ]
  })
  if (rows.length === 0) return []
  return ['', style.bold('calls'), ...tableLines(rows, candidateColumns, style.dim, roomOn(stdout))]
}

/** `12 calls, 1 failed, ⌀ 1.2s, $0.0030, quality 0.81` */
function seenText({ calls, failures, ms, usd, quality }: NonNullable<Shown['candidates'][number]['seen']>): string {
  const parts = [count(calls, 'call')]
  if (failures > 0) parts.push(`${failures} failed`)
  parts.push(`⌀ ${ms === null ? '?' : formatDuration(Math.round(ms))}`, formatUsd(usd))
  if (quality !== null) parts.push(`quality ${quality.toFixed(2)}`)
  return parts.join(', ')
}

function priceCells({ price }: Shown['candidates'][number], { style, cwd }: CommandContext): [string, string] {
  if (!price) return [style.dim('no price is known'), '']
  const from = originText(defined({ ...price.from }), cwd)
  const colour = price.old ? style.yellow : style.dim
  return [
    priceText(price.rates && defined(price.rates), price.hardware),
    colour(price.as_of === undefined ? from : `${from}, ${price.as_of}`),
  ]
}

function infoCells(info: Shown['models'][number] | undefined, { style, clock }: CommandContext): string[] {
  if (!info) return []
  const { run_count, version, read_at } = info
  return [
    run_count === undefined ? '' : `${formatCount(run_count)} runs`,
    version === undefined ? '' : style.dim(`latest ${version.slice(0, 8)}`),
    style.dim(`read ${formatAge(Date.parse(read_at), clock.now())}`),
  ]
}

function policyLines({ policies = [] }: Shown, { style, cwd, stdout }: CommandContext): string[] {
  const rows = policies.map(({ key, value, place }) => {
    const shown = value === null ? 'none' : typeof value === 'string' ? value : JSON.stringify(value)
    const text = oneLine(shown === '[]' ? 'none' : shown, 60)
    return place
      ? [`  ${key}`, text, style.dim(placeText(place, cwd))]
      : [`  ${key}`, style.dim(text), style.dim('default')]
  })
  const columns = [{}, { least: 24 }, { least: 10 }]
  return rows.length === 0 ? [] : ['', style.bold('policies'), ...tableLines(rows, columns, style.dim, roomOn(stdout))]
}

function pairs(values: Readonly<Record<string, unknown>>): string[] {
  const rows = Object.entries(values).map(([name, value]) => [`  ${name}`, oneLine(JSON.stringify(value), 80)])
  return tableLines(rows, [{}, {}], (text) => text)
}
