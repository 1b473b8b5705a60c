/** `router reset`: forgets what was learned of models. */
import type { OutputOf } from '../../../../app/action.ts'
import { resetRouter } from '../../../../app/actions/router/reset.ts'
import { UsageError } from '../../../../domain/errors.ts'
import { defined } from '../../../../std/defined.ts'
import { appOptions, configOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { confirm } from '../../confirm.ts'
import type { CommandContext } from '../../context.ts'
import { flag, optional, text } from '../../option.ts'
import { count, shortModel } from '../../output/quantity.ts'
import { tableLines } from '../../output/table.ts'

type Forgotten = OutputOf<typeof resetRouter>['forgotten']

export const reset = defineCommand({
  description:
    'Forgets what calls taught about the models of an agent, or of all agents, so that the router begins anew. A file that `router export` wrote before does not bring it back.',
  args: { agent: optional('default: all of them') },
  options: {
    model: text('--model <model>', 'only this one: owner/name for every version, or owner/name:version'),
    sandbox: flag('--sandbox', 'what calls in the sandbox taught'),
    ...configOptions,
    checkpointDir: appOptions.checkpointDir,
    yes: flag('-y, --yes', 'do not ask'),
    json: flag('--json', 'print {file, forgotten}; needs --yes'),
  },
  examples: [
    { command: 'replicate-agent router reset writer', what: 'one agent; asks first' },
    { command: 'replicate-agent router reset writer --model openai/gpt-4o-mini --yes', what: 'one of its models' },
  ],
  async run(context, given) {
    const app = await context.app(given)
    const { agent, model, sandbox, yes } = given
    const call = (dry_run: boolean) =>
      context.call(app, resetRouter, { ...defined({ agent, model }), sandbox, dry_run })
    const plan = await call(true)
    if (plan.forgotten.length === 0) {
      if (context.json) context.printJson(plan)
      else context.note('there is nothing to forget')
      return undefined
    }
    if (!yes && !(await agreed(context, plan.forgotten))) return undefined
    const done = await call(false)
    if (context.json) return context.printJson(done)
    context.print(`forgot ${whatOf(done.forgotten)}`)
    return undefined
  },
})

async function agreed(context: CommandContext, forgotten: Forgotten): Promise<boolean> {
  if (context.json || context.stdout.isTTY !== true) {
    throw new UsageError(`this would forget ${whatOf(forgotten)}`, { hint: 'add --yes to do it without being asked' })
  }
  const rows = forgotten.map(({ agent, model, calls }) => [agent, shortModel(model), String(calls)])
  const columns = [{ header: 'agent' }, { header: 'model' }, { header: 'calls', align: 'right' as const }]
  for (const line of tableLines(rows, columns, context.style.dim)) context.print(line)
  if (await confirm(context, `forget ${whatOf(forgotten)}?`)) return true
  context.note('nothing was forgotten')
  return false
}

function whatOf(forgotten: Forgotten): string {
  const calls = forgotten.reduce((sum, one) => sum + one.calls, 0)
  const agents = new Set(forgotten.map(({ agent }) => agent))
  const whose = agents.size === 1 ? `agent "${[...agents].join('')}"` : count(agents.size, 'agent')
  return `what ${count(calls, 'call')} taught of ${count(forgotten.length, 'model')} of ${whose}`
}
