/** `plugins new`: writes the package of a plugin. */
import { newPlugin as action } from '../../../../app/actions/plugins/new.ts'
import { defined } from '../../../../std/defined.ts'
import { defineCommand } from '../../command.ts'
import { flag, required, text } from '../../option.ts'
import { shortPath } from '../../output/problem.ts'

export const newPlugin = defineCommand({
  description:
    'Writes the package of a plugin: a source in plain JavaScript that does something small, a test that passes as it is, a package.json with the keyword replicate-agent-plugin, and a README. Nothing is ever overwritten.',
  args: { name: required('of the plugin and its package: small letters, digits, _ and -') },
  options: {
    dir: text('--dir <folder>', 'where the package is made (default: a folder of its name)'),
    json: flag('--json', 'print {name, folder, files}'),
  },
  examples: [
    { command: 'replicate-agent plugins new short_inputs', what: 'the folder short_inputs' },
    { command: 'replicate-agent plugins new short_inputs --dir plugins/short', what: 'another one' },
  ],
  async run(context, given) {
    const app = await context.app({ config: false })
    const made = await context.call(app, action, { name: given.name, ...defined({ folder: given.dir }) })
    if (context.json) return context.printJson(made)
    const { style, cwd } = context
    const folder = shortPath(made.folder, cwd)
    const path = folder.startsWith('/') || folder.startsWith('.') ? folder : `./${folder}`
    context.print(`wrote ${style.bold(folder)}: ${made.files.map((file) => shortPath(file, made.folder)).join(', ')}`)
    const next = [
      ['put a sample call through it', `replicate-agent plugins check ${path}`],
      ['run its tests', `cd ${folder} && npm install && npm test`],
      ['have it asked about every call', `# replicate-agent.yaml\nplugins: [${path}]`],
    ]
    for (const [what, command] of next) context.print(`\n${style.dim(`# ${what}`)}\n${command}`)
    return undefined
  },
})
