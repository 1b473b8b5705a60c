/** `workflows validate`: everything that is wrong with workflow files. */
import { validateWorkflows } from '../../../../app/actions/workflows/validate.ts'
import { appOptions, configOptions, pinOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { flag, oneOrMore } from '../../option.ts'
import { complaintLines, complaintOf } from '../../output/problem.ts'
import { count } from '../../output/quantity.ts'

export const validate = defineCommand({
  description: 'Checks workflow files and lists everything that is wrong with them, each with its place and what to do.',
  args: { workflow: oneOrMore('files, or names of workflows in the nearest `workflows` folder') },
  options: {
    ...pinOptions,
    sandbox: appOptions.sandbox,
    json: flag('--json', 'print {valid, problems}'),
    ...configOptions,
  },
  examples: [
    { command: 'replicate-agent workflows validate workflows/*.yaml', what: 'several files at once' },
    { command: 'replicate-agent validate product_photo --json', what: 'by name, for a program' },
  ],
  async run(context, given) {
    const { workflow } = given
    const app = await context.app(given)
    const { valid, problems } = await context.call(app, validateWorkflows, { workflows: workflow })
    for (const problem of problems) context.github?.problem(problem)
    if (context.json) context.printJson({ valid, problems })
    else {
      for (const problem of problems) context.note([...complaintLines(complaintOf(problem), context.errorStyle, context.cwd), ''].join('\n'))
      const errors = problems.filter(({ severity }) => severity === 'error').length
      const warnings = problems.length - errors
      const found = [errors > 0 ? count(errors, 'error') : '', warnings > 0 ? count(warnings, 'warning') : ''].filter((text) => text !== '')
      const files = count(workflow.length, 'workflow')
      if (valid) context.print(`${files} checked: ${found.length > 0 ? found.join(', ') : 'no problems'}`)
      else context.note(`${files} checked: ${found.join(', ')}`)
    }
    return valid ? 0 : 3
  },
})
