/** `breakers list`: circuit breakers and how they stand. */
import { listBreakers } from '../../../../app/actions/breakers/list.ts'
import { appOptions, configOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { flag } from '../../option.ts'
import { breakerLines } from './breaker-lines.ts'

export const list = defineCommand({
  description:
    'Lists the circuit breakers that agents here ask for, and those that have a state: whether calls go through, how near they are to opening or why they opened, and what comes next.',
  args: {},
  options: {
    sandbox: flag('--sandbox', 'those of calls in the sandbox'),
    ...configOptions,
    checkpointDir: appOptions.checkpointDir,
    json: flag('--json', 'print {sandbox, breakers}'),
  },
  examples: [{ command: 'replicate-agent breakers list', what: 'of calls for real' }],
  async run(context, given) {
    const app = await context.app(given)
    const found = await context.call(app, listBreakers, {})
    if (context.json) return context.printJson(found)
    if (found.breakers.length === 0) {
      context.note(
        'no agent here asks for a circuit breaker: write `breaker: true` into one, or into the configuration',
      )
      return undefined
    }
    for (const line of breakerLines(found.breakers, context)) context.print(line)
    return undefined
  },
})
