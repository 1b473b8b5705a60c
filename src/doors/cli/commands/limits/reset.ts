/** `limits reset`: forgets how much of limits is used. */
import { resetLimits } from '../../../../app/actions/limits/reset.ts'
import { UsageError } from '../../../../domain/errors.ts'
import { defined } from '../../../../std/defined.ts'
import { configOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { flag, optional } from '../../option.ts'
import { count } from '../../output/quantity.ts'

export const reset = defineCommand({
  description:
    'Forgets how much of a limit is used, what was used too much, pauses that a server asked for, and who has places: as if nothing had been called yet. Calls that wait go within a minute.',
  args: { name: optional('an agent, owner/name, or replicate') },
  options: {
    all: flag('--all', 'of all of them'),
    ...configOptions,
    sandbox: flag('--sandbox', 'of calls in the sandbox'),
    json: flag('--json', 'print {reset}'),
  },
  examples: [
    { command: 'replicate-agent limits reset replicate', what: 'a pause that was asked for in error' },
    { command: 'replicate-agent limits reset --all', what: 'everything' },
  ],
  async run(context, given) {
    const { name, all } = given
    if ((name === undefined) !== all) {
      throw new UsageError(all ? 'there is a name, and --all' : 'nothing says which limit is to be reset', {
        hint: 'give it a name, as `limits list` has it, or --all',
      })
    }
    const app = await context.app(given)
    const done = await context.call(app, resetLimits, defined({ name }))
    if (context.json) return context.printJson(done)
    context.print(done.reset === 0 ? 'nothing of it was in use' : `${count(done.reset, 'limit')} reset`)
    return undefined
  },
})
