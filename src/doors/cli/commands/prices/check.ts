/** `prices check`: what of the prices needs a look. */
import { checkPrices } from '../../../../app/actions/prices/check.ts'
import { appOptions, configOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { flag } from '../../option.ts'
import { shortPath } from '../../output/problem.ts'
import { count } from '../../output/quantity.ts'

export const check = defineCommand({
  description:
    'Finds prices that are old, have no date, or are far from what calls cost lately, models of the workflows and agents here that have no price, and hardware that nobody knows. Exits 0 whatever it finds, unless --strict is given.',
  args: {},
  options: {
    ...configOptions,
    strict: flag('--strict', 'exit 1 when it finds anything'),
    json: flag('--json', 'print {ok, findings, models}'),
    store: appOptions.store,
    checkpointDir: appOptions.checkpointDir,
  },
  examples: [
    { command: 'replicate-agent prices check', what: 'now and then, and before a large budget' },
    { command: 'replicate-agent prices check --strict', what: 'for CI' },
  ],
  async run(context, given) {
    const app = await context.app(given)
    const report = await context.call(app, checkPrices, {})
    const code = given.strict && !report.ok ? 1 : 0
    if (context.json) {
      context.printJson(report)
      return code
    }
    const { style, cwd } = context
    for (const { message, hint, file, line, used_by } of report.findings) {
      const place = file === undefined ? '' : `${style.dim(`${shortPath(file, cwd)}:${line ?? 1}:`)} `
      const users = used_by.length === 0 ? '' : style.dim(` (used by ${used_by.join(', ')})`)
      context.print(`${style.yellow('!')} ${place}${message}${users}`)
      context.print(`  ${style.cyan('help')}: ${hint}`)
    }
    if (report.findings.length > 0) context.print()
    const models = `${count(report.models, 'model')} of the workflows and agents here`
    context.print(
      report.ok ? `nothing to look at: ${models}` : `${count(report.findings.length, 'thing')} to look at; ${models}`,
    )
    return code
  },
})
