/** `agents search`: models at Replicate, by words. */
import { mostFound, searchModels } from '../../../../app/actions/agents/search.ts'
import { UsageError } from '../../../../domain/errors.ts'
import { defined } from '../../../../std/defined.ts'
import { appOptions, configOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { flag, oneOrMore, wholeNumber } from '../../option.ts'
import { priceText } from '../../output/price-text.ts'
import { oneLine } from '../../output/printable.ts'
import { formatCount } from '../../output/quantity.ts'
import { roomFor, tableLines } from '../../output/table.ts'

export const search = defineCommand({
  description:
    'Searches the public models of Replicate (or of the sandbox), best first. What is found can be called by its name at once, or written into the configuration with `agents import`.',
  args: { query: oneOrMore('what to look for, in a few words') },
  options: {
    limit: wholeNumber('-n, --limit <n>', `how many to show at most, up to ${mostFound} (default: 20)`, 1),
    sandbox: appOptions.sandbox,
    ...configOptions,
    json: flag('--json', 'print {models}'),
  },
  examples: [{ command: 'replicate-agent agents search "remove background" --sandbox', what: 'models for a job' }],
  async run(context, given) {
    const { query: words, limit = 20 } = given
    if (limit > mostFound) throw new UsageError(`--limit takes a number from 1 to ${mostFound}, not "${limit}"`)
    const app = await context.app(given)
    const query = words.join(' ')
    const found = await context.call(app, searchModels, { query, limit })
    if (context.json) return context.printJson(found)
    if (found.models.length === 0) {
      context.note(`nothing was found for "${oneLine(query, 60)}": fewer or other words may find more`)
      return undefined
    }
    const { style } = context
    const rows = found.models.map(({ name, run_count, description = '', price }) => [
      style.bold(name),
      run_count === undefined ? '' : formatCount(run_count),
      price ? priceText(price.rates && defined(price.rates), price.hardware) : style.dim('?'),
      description,
    ])
    const right = { align: 'right' } as const
    const columns = [{ header: 'model' }, { header: 'runs', ...right }, { header: 'price' }, { header: 'description' }]
    const room = roomFor(rows, columns.length - 1, context.stdout.columns ?? 100)
    const lines = tableLines(
      rows.map((row) => [...row.slice(0, -1), style.dim(oneLine(row.at(-1) ?? '', room))]),
      columns,
      style.dim,
    )
    for (const line of lines) context.print(line)
    context.note('')
    context.note(style.dim(`next: replicate-agent agents import ${found.models[0]?.name}`))
    return undefined
  },
})
