/** `config check`: everything that is wrong with the configuration. */
import { checkConfig } from '../../../../app/actions/config/check.ts'
import { configOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { flag, zeroOrMore } from '../../option.ts'
import { complaintLines, complaintOf } from '../../output/problem.ts'
import { count } from '../../output/quantity.ts'

export const check = defineCommand({
  description:
    'Checks the configuration that is found here, or the files given, and lists everything that is wrong, each with its place and what to do. Exits 3 when there is an error; warnings stop nothing.',
  args: { file: zeroOrMore('files to check, each by itself; without any, the configuration that is found here') },
  options: { json: flag('--json', 'print {valid, files, problems}'), ...configOptions },
  examples: [
    { command: 'replicate-agent config check', what: 'what holds in this folder' },
    { command: 'replicate-agent config check deploy/*.yaml --json', what: 'files, for a program' },
  ],
  async run(context, { file, config }) {
    const app = await context.app({ config })
    const { valid, files, problems } = await context.call(app, checkConfig, { files: file })
    for (const problem of problems) context.github?.problem(problem)
    if (context.json) context.printJson({ valid, files, problems })
    else {
      for (const problem of problems)
        context.note([...complaintLines(complaintOf(problem), context.errorStyle, context.cwd), ''].join('\n'))
      const errors = problems.filter(({ severity }) => severity === 'error').length
      const found = [count(errors, 'error'), count(problems.length - errors, 'warning')].filter(
        (text) => !text.startsWith('0 '),
      )
      const checked =
        files.length === 0 ? 'there is no configuration file here' : `${count(files.length, 'file')} checked`
      const line =
        files.length === 0 && problems.length === 0 ? checked : `${checked}: ${found.join(', ') || 'no problems'}`
      if (valid) context.print(line)
      else context.note(line)
    }
    return valid ? 0 : 3
  },
})
