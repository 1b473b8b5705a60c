/** `agents show`: one agent, or one model with its inputs. */
import { showAgent } from '../../../../app/actions/agents/show.ts'
import { isObject } from '../../../../std/json.ts'
import { appOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { flag, required } from '../../option.ts'
import { oneLine, printable } from '../../output/printable.ts'
import type { Style } from '../../output/style.ts'
import { tableLines } from '../../output/table.ts'

export const show = defineCommand({
  description:
    'Shows an agent of the workflows here, or a model with the inputs that it takes, as Replicate (or the sandbox) describes it.',
  args: { agent: required('an agent, or owner/name of a model') },
  options: { json: flag('--json', 'print it as JSON'), ...appOptions },
  examples: [
    { command: 'replicate-agent agents show black-forest-labs/flux-schnell --sandbox', what: 'what a model takes' },
  ],
  async run(context, given) {
    const app = await context.app(given)
    const shown = await context.call(app, showAgent, { agent: given.agent })
    if (context.json) return context.printJson(shown)
    const { style } = context
    context.print(style.bold(shown.name))
    if (shown.agent) context.print(JSON.stringify(shown.agent, null, 2))
    for (const { name, description, version, input_schema } of shown.models) {
      if (name !== shown.name) context.print(`\n${style.bold(name)}`)
      if (description !== undefined) context.print(printable(description))
      if (version !== undefined) context.print(style.dim(`version ${version}`))
      for (const line of inputLines(input_schema, style)) context.print(line)
    }
    return undefined
  },
})

function inputLines(schema: Readonly<Record<string, unknown>> | undefined, style: Style): string[] {
  const properties = schema?.['properties']
  if (!isObject(properties)) return []
  const needed = Array.isArray(schema?.['required']) ? schema['required'] : []
  const rows = Object.entries(properties).map(([name, property]) => {
    const { type, description, default: preset } = isObject(property) ? property : {}
    return [
      `  ${name}`,
      typeof type === 'string' ? type : '',
      needed.includes(name)
        ? style.yellow('required')
        : preset === undefined
          ? ''
          : style.dim(`= ${oneLine(JSON.stringify(preset), 20)}`),
      style.dim(oneLine(typeof description === 'string' ? description : '', 80)),
    ]
  })
  return ['', style.bold('inputs'), ...tableLines(rows, [{}, {}, {}, {}], style.dim)]
}
