/** `plugins check`: whether plugins can be used. */
import { checkPlugins } from '../../../../app/actions/plugins/check.ts'
import { defined } from '../../../../std/defined.ts'
import type { Json } from '../../../../std/json.ts'
import { configOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { readPairs } from '../../json-argument.ts'
import { flag, optional, texts } from '../../option.ts'
import { complaintLines } from '../../output/problem.ts'
import { count } from '../../output/quantity.ts'

export const check = defineCommand({
  description:
    'Loads plugins, checks their options by their own schema, sets them up, puts a sample call and a sample step through each, and tears them down. Nothing is called and nothing is paid. Exits 1 when it finds anything.',
  args: { plugin: optional('a built-in plugin, a package or a path; without it, all that are configured') },
  options: {
    ...configOptions,
    option: texts('--option <key=value>', 'an option of the plugin that is named: JSON, else text; may be repeated'),
    json: flag('--json', 'print {ok, plugins, findings}'),
  },
  examples: [
    { command: 'replicate-agent plugins check', what: 'all that are configured' },
    { command: 'replicate-agent plugins check ./guard.mjs', what: 'one that you write' },
    { command: 'replicate-agent plugins check cost_cap --option max_usd=2', what: 'with its options' },
  ],
  async run(context, given) {
    const app = await context.app({ config: given.config })
    const pairs = Object.entries(readPairs(given.option, '--option'))
    const options = Object.fromEntries(pairs.map(([key, text]) => [key, valueOf(text)]))
    const report = await context.call(app, checkPlugins, { ...defined({ plugin: given.plugin }), options })
    const code = report.ok ? 0 : 1
    if (context.json) {
      context.printJson(report)
      return code
    }
    const { style, errorStyle, cwd } = context
    for (const { name, tried } of report.plugins) {
      const isBad = tried.some(({ outcome }) => outcome === 'failed')
      context.print(`${isBad ? style.red('✗') : style.green('✓')} ${style.bold(name)}`)
      for (const { hook, outcome, ms } of tried)
        context.print(`  ${hook.padEnd(18)} ${outcome === 'ok' ? `${ms.toFixed(ms < 10 ? 2 : 0)} ms` : outcome}`)
    }
    for (const { message, hint, file, line, column } of report.findings) {
      const place = file === undefined ? undefined : { file, line: line ?? 1, column: column ?? 1 }
      context.note(
        complaintLines({ severity: 'error', message, ...defined({ hint, place }) }, errorStyle, cwd).join('\n'),
      )
    }
    const checked =
      report.plugins.length === 0 && report.ok
        ? 'no plugin is configured'
        : `${count(report.plugins.length, 'plugin')} checked`
    if (report.ok) context.print(checked)
    else context.note(`${checked}, ${count(report.findings.length, 'fault')}`)
    return code
  },
})

function valueOf(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}
