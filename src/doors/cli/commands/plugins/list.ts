/** `plugins list`: the plugins that are asked about calls, or those that could be. */
import { listPlugins } from '../../../../app/actions/plugins/list.ts'
import type { OutputOf } from '../../../../app/action.ts'
import { formatDuration } from '../../../../std/duration.ts'
import { configOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import type { CommandContext } from '../../context.ts'
import { flag } from '../../option.ts'
import { shortPath } from '../../output/problem.ts'
import { tableLines } from '../../output/table.ts'

type Listed = OutputOf<typeof listPlugins>

export const list = defineCommand({
  description:
    'Lists the plugins that the configuration names, in the order in which they are asked before a call, with their hooks, what they do when they fail, and their options. With --available: those that are built in or installed (packages with the keyword replicate-agent-plugin); they do nothing until the configuration names them.',
  args: {},
  options: {
    ...configOptions,
    available: flag('--available', 'those that are built in or installed, in use or not'),
    json: flag('--json', 'print {plugins}, with --available {plugins, available}'),
  },
  examples: [
    { command: 'replicate-agent plugins list', what: 'what is asked about every call' },
    { command: 'replicate-agent plugins list --available', what: 'what could be' },
  ],
  async run(context, given) {
    const app = await context.app({ config: given.config })
    const listed = await context.call(app, listPlugins, { available: given.available ?? false })
    if (context.json) return context.printJson(listed)
    if (listed.available) printAvailable(listed.available, context)
    else printUsed(listed.plugins, context)
    return undefined
  },
})

function printUsed(plugins: Listed['plugins'], context: CommandContext): void {
  if (plugins.length === 0) {
    context.note('no plugin is configured; `plugins list --available` shows what there is')
    return
  }
  const rows = plugins.map(({ name, version, from, file, hooks, on_error, timeout_ms, options }) => [
    version === undefined ? name : `${name} ${version}`,
    from === 'built_in' ? 'built in' : shortPath(file ?? from, context.cwd),
    hooks.filter((hook) => hook !== 'setup' && hook !== 'teardown').join(' '),
    `${on_error}, ${formatDuration(timeout_ms)}`,
    Object.keys(options as object).length === 0 ? '' : JSON.stringify(options),
  ])
  const columns = [
    { header: 'plugin' },
    { header: 'from', least: 12, keepsEnd: true },
    { header: 'hooks', least: 12, spare: 1 },
    { header: 'fails' },
    { header: 'options', least: 10, spare: 2 },
  ]
  for (const line of tableLines(rows, columns, context.style.dim)) context.print(line)
}

function printAvailable(available: NonNullable<Listed['available']>, context: CommandContext): void {
  const { style } = context
  const rows = available.map(({ name, version, from, folder, configured, description }) => [
    configured ? style.green('✓') : ' ',
    version === undefined ? name : `${name} ${version}`,
    from === 'built_in' ? 'built in' : shortPath(folder ?? from, context.cwd),
    description ?? '',
  ])
  const columns = [
    { header: '' },
    { header: 'plugin' },
    { header: 'from', least: 12, keepsEnd: true },
    { header: 'what it does', spare: 1 },
  ]
  for (const line of tableLines(rows, columns, style.dim)) context.print(line)
}
