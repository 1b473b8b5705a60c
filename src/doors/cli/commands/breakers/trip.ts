/** `breakers trip`: opens a circuit breaker by hand. */
import { tripBreaker } from '../../../../app/actions/breakers/trip.ts'
import { defined } from '../../../../std/defined.ts'
import { appOptions, configOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { duration, flag, required } from '../../option.ts'
import { nameText, nextText, stateText } from './breaker-lines.ts'

export const trip = defineCommand({
  description:
    'Opens the circuit breaker of a model by hand: from now on, agents with a `breaker` send nothing to it, in runs that are under way, too. It stays open until `breakers reset`; with --for, trial calls are let through after that time.',
  args: { model: required('owner/name of a model, or a name that `breakers list` shows') },
  options: {
    for: duration('--for <duration>', 'for so long, and then let trial calls through'),
    sandbox: flag('--sandbox', 'that of calls in the sandbox'),
    ...configOptions,
    checkpointDir: appOptions.checkpointDir,
    json: flag('--json', 'print it as JSON'),
  },
  examples: [
    {
      command: 'replicate-agent breakers trip meta/meta-llama-3-8b-instruct --for 10m',
      what: 'leave it alone for a while',
    },
  ],
  async run(context, given) {
    const app = await context.app(given)
    const shown = await context.call(app, tripBreaker, {
      breaker: given.model,
      ...defined({ for_ms: given.for }),
    })
    if (context.json) return context.printJson(shown)
    context.print(`${context.style.bold(nameText(shown))}  ${stateText(shown, context)}  ${nextText(shown)}`)
    return undefined
  },
})
