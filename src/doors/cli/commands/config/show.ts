/** `config show`: the configuration as it holds here. */
import { relative } from 'node:path'
import { showConfig, type SourceShape } from '../../../../app/actions/config/show.ts'
import { appOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { flag } from '../../option.ts'
import { oneLine } from '../../output/printable.ts'
import { tableLines } from '../../output/table.ts'

export const show = defineCommand({
  description:
    'Shows every value of the configuration as it holds here, and where it came from: a file, the environment, .env, this command line, or the default. Secrets are masked.',
  args: {},
  options: {
    sources: flag('--sources', 'also the values that another layer overrides'),
    json: flag('--json', 'print {files, env_file, values}'),
    ...appOptions,
  },
  examples: [
    { command: 'replicate-agent config show', what: 'what holds in this folder' },
    { command: 'replicate-agent config show --sources', what: 'with what other files say' },
  ],
  async run(context, given) {
    const app = await context.app(given)
    const shown = await context.call(app, showConfig, { sources: given.sources })
    if (context.json) return context.printJson(shown)
    const { style, cwd } = context
    const near = (file: string) => shorter(file, cwd)
    const files = [...shown.files.map(({ file }) => file), ...(shown.env_file === null ? [] : [shown.env_file])]
    context.note(files.length === 0 ? 'no configuration file, no .env' : `read: ${files.map(near).join(', ')}`)
    const rows = shown.values.map(({ key, value, source, overridden }) => [
      overridden ? style.dim(key) : style.bold(key),
      overridden ? style.dim(valueText(value)) : valueText(value),
      style.dim(overridden ? `${sourceText(source, near)}, overridden` : sourceText(source, near)),
    ])
    for (const line of tableLines(rows, [{}, {}, {}], style.dim)) context.print(line)
    return undefined
  },
})

const widest = 60

function valueText(value: unknown): string {
  return oneLine(typeof value === 'string' && value !== '' ? value : JSON.stringify(value), widest)
}

/** The shorter of the path and the one from here. */
function shorter(file: string, cwd: string): string {
  const near = relative(cwd, file)
  return near !== '' && near.length < file.length ? near : file
}

function sourceText(source: SourceShape, near: (file: string) => string): string {
  switch (source.kind) {
    case 'default':
      return 'default'
    case 'option':
      return 'command line'
    case 'program':
      return 'program'
    case 'environment':
      return `environment: ${source.name}`
    case 'env_file':
      return `${near(source.file)}${source.line === undefined ? '' : `:${source.line}`}`
    case 'file': {
      const { file, line, variables } = source
      return `${near(file)}:${line}${variables ? ` (${variables.join(', ')})` : ''}`
    }
  }
}
