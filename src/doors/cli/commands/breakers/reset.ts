/** `breakers reset`: closes circuit breakers, and forgets what failed. */
import { resetBreakers } from '../../../../app/actions/breakers/reset.ts'
import { defined } from '../../../../std/defined.ts'
import { appOptions, configOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { flag, optional } from '../../option.ts'

export const reset = defineCommand({
  description:
    'Closes the circuit breaker of a model at once, without trial calls and without ramping up, and forgets what failed. What `breakers configure` set stays.',
  args: { model: optional('owner/name of a model, or a name that `breakers list` shows') },
  options: {
    all: flag('--all', 'all of them'),
    sandbox: flag('--sandbox', 'those of calls in the sandbox'),
    ...configOptions,
    checkpointDir: appOptions.checkpointDir,
    json: flag('--json', 'print {reset}'),
  },
  examples: [
    { command: 'replicate-agent breakers reset meta/meta-llama-3-8b-instruct', what: 'one of them' },
    { command: 'replicate-agent breakers reset --all', what: 'all of them' },
  ],
  async run(context, given) {
    const app = await context.app(given)
    const { model, all } = given
    const done = await context.call(app, resetBreakers, { ...defined({ breaker: model }), all })
    if (context.json) return context.printJson(done)
    if (done.reset.length === 0) context.note('there is nothing to reset')
    for (const { name, was } of done.reset) {
      const { style } = context
      context.print(
        `${style.bold(name.replace(/^model:/, ''))}  ${style.green('closed')}  ${style.dim(`was ${was.replace('_', ' ')}`)}`,
      )
    }
    return undefined
  },
})
