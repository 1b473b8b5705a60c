/** `budgets set`: writes a budget into the configuration. */
import { setBudget } from '../../../../app/actions/budgets/set.ts'
import { UsageError } from '../../../../domain/errors.ts'
import { defined } from '../../../../std/defined.ts'
import { isObject, type Json } from '../../../../std/json.ts'
import { configOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { choice, dollars, flag, required } from '../../option.ts'
import { capText } from '../../output/budget-lines.ts'
import { shortPath } from '../../output/problem.ts'

export const set = defineCommand({
  description:
    "Writes a budget into the project's replicate-agent.yaml when there is one, else into the user's. It holds from the next call on; a run that was stopped by it can be resumed.",
  args: { name: required('day, month, per_run or per_call') },
  options: {
    ...configOptions,
    hard: dollars('--hard <usd>', 'refuse what would pass it'),
    soft: dollars('--soft <usd>', 'warn when it is passed'),
    unset: flag('--unset', 'take the budget out'),
    scope: choice('--scope <where>', "the project's configuration, or the user's", ['project', 'user']),
    json: flag('--json', 'print {name, file, scope, created, before, after}'),
  },
  examples: [
    { command: 'replicate-agent budgets set day --hard 20 --soft 15', what: 'for each day' },
    { command: 'replicate-agent budgets set month --hard 200 --scope user', what: 'for all projects of yours' },
    { command: 'replicate-agent budgets set day --unset', what: 'as if it had never been said' },
  ],
  async run(context, given) {
    const { name, hard, soft, unset, scope } = given
    if (name === '') throw new UsageError('say which budget: day, month, per_run or per_call')
    const app = await context.app({ config: given.config })
    const report = await context.call(app, setBudget, { name, unset, ...defined({ hard, soft, scope }) })
    if (context.json) return context.printJson(report)
    const { style, cwd } = context
    const was = report.before === undefined ? '' : style.dim(` (was ${textOf(report.before)})`)
    const said = report.after === undefined ? 'no budget any more' : textOf(report.after)
    context.print(`${style.bold(report.name)}  ${said}${was}  ${style.dim(shortPath(report.file, cwd))}`)
    return undefined
  },
})

function textOf(value: Json): string {
  if (typeof value === 'number') return capText({ hard_usd: value })
  const { soft, hard } = isObject(value) ? value : {}
  return capText(defined({ soft_usd: Number(soft) || undefined, hard_usd: Number(hard) || undefined }))
}
