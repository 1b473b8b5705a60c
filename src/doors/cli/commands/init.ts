/** `init`: writes a first workflow. */
import { initProject } from '../../../app/actions/project/init.ts'
import { defined } from '../../../std/defined.ts'
import { defineCommand } from '../command.ts'
import { flag, optional, text } from '../option.ts'
import { shortPath } from '../output/problem.ts'

export const init = defineCommand({
  description:
    'Writes a small workflow that runs as it is into `workflows`, and says how to run it. Nothing is ever overwritten.',
  args: { name: optional('the name of the workflow (default: hello)') },
  options: {
    folder: text('--folder <folder>', 'the project (default: here)'),
    json: flag('--json', 'print {file, name}'),
  },
  examples: [
    { command: 'replicate-agent init', what: 'workflows/hello.yaml' },
    { command: 'replicate-agent init poster', what: 'workflows/poster.yaml' },
  ],
  async run(context, given) {
    const app = await context.app()
    const made = await context.call(app, initProject, defined({ name: given.name, folder: given.folder }))
    if (context.json) return context.printJson(made)
    const { style } = context
    const change = given.folder === undefined ? '' : `cd ${given.folder} && `
    const next = [
      ['run it, without a token', `${change}replicate-agent run ${made.name} --sandbox`],
      ['see what it would do', `${change}replicate-agent workflows plan ${made.name}`],
    ]
    context.print(`wrote ${style.bold(shortPath(made.file, context.cwd))}`)
    for (const [what, command] of next) context.print(`\n${style.dim(`# ${what}`)}\n${command}`)
    return undefined
  },
})
