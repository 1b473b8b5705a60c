/** `init`: writes a first workflow. */
import { initProject } from '../../../app/actions/project/init.ts'
import { defined } from '../../../std/defined.ts'
import { defineCommand } from '../command.ts'
import { flag, optional, text } from '../option.ts'
import { shortPath } from '../output/problem.ts'

export const init = defineCommand({
  description:
    'Writes a small workflow that runs as it is into `workflows`, or copies an example of the package there, and says how to run it. Nothing is ever overwritten.',
  args: { name: optional('the name of the workflow (default: hello)') },
  options: {
    folder: text('--folder <folder>', 'the project (default: here)'),
    example: text('--example <name>', 'copy this example, with its test and its inputs'),
    json: flag('--json', 'print {file, name, files}'),
  },
  examples: [
    { command: 'replicate-agent init', what: 'workflows/hello.yaml' },
    { command: 'replicate-agent init poster', what: 'workflows/poster.yaml' },
    { command: 'replicate-agent init --example deep_research', what: 'an example, with its texts' },
  ],
  async run(context, given) {
    const app = await context.app({ config: false })
    const { name, folder, example } = given
    const made = await context.call(app, initProject, defined({ name, folder, example }))
    if (context.json) return context.printJson(made)
    const { style } = context
    const change = folder === undefined ? '' : `cd ${folder} && `
    const next = [
      ['run it, without a token', `${change}replicate-agent run ${made.name} --sandbox`],
      ['see what it would do', `${change}replicate-agent workflows plan ${made.name}`],
    ]
    if (example !== undefined) next.push(['run its tests', `${change}replicate-agent workflows test`])
    const more = made.files.length - 1
    const besides = more > 0 ? ` and ${more === 1 ? 'its test' : `${more} files that it needs`}` : ''
    context.print(`wrote ${style.bold(shortPath(made.file, context.cwd))}${besides}`)
    for (const [what, command] of next) context.print(`\n${style.dim(`# ${what}`)}\n${command}`)
    return undefined
  },
})
