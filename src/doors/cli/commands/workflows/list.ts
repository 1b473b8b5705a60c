/** `workflows list`: the workflows that can be named from here. */
import { listWorkflowFiles } from '../../../../app/actions/workflows/list.ts'
import { appOptions, configOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { flag } from '../../option.ts'
import { oneLine } from '../../output/printable.ts'
import { shortPath } from '../../output/problem.ts'
import { count } from '../../output/quantity.ts'
import { tableLines } from '../../output/table.ts'

export const list = defineCommand({
  description: 'Lists the workflows of the nearest `workflows` folder, upwards from here.',
  args: {},
  options: { sandbox: appOptions.sandbox, json: flag('--json', 'print {workflows}'), ...configOptions },
  examples: [{ command: 'replicate-agent workflows list', what: 'what can be run by name here' }],
  async run(context, { config }) {
    const app = await context.app({ config })
    const { workflows } = await context.call(app, listWorkflowFiles, {})
    if (context.json) return context.printJson({ workflows })
    if (workflows.length === 0) {
      context.note('there is no workflow in a `workflows` folder here or above; `replicate-agent init` writes one')
      return undefined
    }
    const { style } = context
    const rows = workflows.map(({ name, version, description, file, problems }) => [
      style.bold(name),
      version ?? '',
      problems > 0 ? style.red(count(problems, 'problem')) : '',
      oneLine(description ?? '', 70),
      style.dim(shortPath(file, context.cwd)),
    ])
    const columns = [{ header: 'name' }, { header: 'version' }, { header: 'problems' }, { header: 'description' }, { header: 'file' }]
    for (const line of tableLines(rows, columns, style.dim)) context.print(line)
    return undefined
  },
})
