/** `agents show`: one agent, or one model with its inputs. */
import { showAgent } from '../../../../app/actions/agents/show.ts'
import { appOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { flag, required } from '../../option.ts'
import { printable } from '../../output/printable.ts'
import { formatAge } from '../../output/quantity.ts'
import { schemaLines } from '../../output/schema-lines.ts'

export const show = defineCommand({
  description:
    'Shows an agent of the configuration or of the workflows here, or a model with the inputs that it takes, as Replicate (or the sandbox) describes it.',
  args: { agent: required('an agent, or owner/name of a model') },
  options: {
    json: flag('--json', 'print it as JSON'),
    refresh: flag('--refresh', 'ask again, however new what is known is'),
    ...appOptions,
  },
  examples: [
    { command: 'replicate-agent agents show black-forest-labs/flux-schnell --sandbox', what: 'what a model takes' },
  ],
  async run(context, given) {
    const app = await context.app(given)
    const { agent, refresh } = given
    const shown = await context.call(app, showAgent, { agent, refresh })
    for (const { name, read_at, failure } of shown.models) {
      if (failure === undefined) continue
      const age = formatAge(Date.parse(read_at), context.clock.now())
      context.warn(`${name} is shown as it was ${age}: it could not be read again: ${failure}`)
    }
    if (context.json) return context.printJson(shown)
    const { style } = context
    context.print(style.bold(shown.name))
    if (shown.agent) context.print(JSON.stringify(shown.agent, null, 2))
    for (const { name, description, version, input_schema } of shown.models) {
      if (name !== shown.name) context.print(`\n${style.bold(name)}`)
      if (description !== undefined) context.print(printable(description))
      if (version !== undefined) context.print(style.dim(`version ${version}`))
      for (const line of schemaLines(input_schema, style, context.stdout.columns ?? 100)) context.print(line)
    }
    return undefined
  },
})
