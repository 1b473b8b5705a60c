/** `workflows test`: runs the tests of workflows in the sandbox. */
import { testWorkflows } from '../../../../app/actions/workflows/test.ts'
import { CancelledError } from '../../../../domain/errors.ts'
import { defined } from '../../../../std/defined.ts'
import { defineCommand } from '../../command.ts'
import { flag, text, wholeNumber, zeroOrMore } from '../../option.ts'
import { coverageLines, testedFileLines, totalsLine } from '../../output/test-lines.ts'

export const test = defineCommand({
  description:
    'Runs `*.test.yaml` files: each case runs its workflow in a state folder and a sandbox of its own, without a token and without cost.',
  args: { file: zeroOrMore('test files, workflows, or folders (default: all tests here and in the nearest `workflows` folder)') },
  options: {
    name: text('--name <text>', 'only cases whose name holds this text'),
    jobs: wholeNumber('--jobs <n>', 'how many cases run at once (default: 4)', 1),
    bail: flag('--bail', 'begin nothing more after the first failure'),
    keep: flag('--keep', 'keep the state folder of each case, to look into with `runs show`'),
    json: flag('--json', 'print one JSON object at the end'),
  },
  examples: [
    { command: 'replicate-agent workflows test', what: 'every test here' },
    { command: 'replicate-agent workflows test product_photo --name "first model"', what: 'some cases of one workflow' },
    { command: 'replicate-agent workflows test --bail --keep', what: 'stop at the first failure, and keep its run' },
  ],
  async run(context, { file: files, name, jobs, bail, keep, json }) {
    const app = await context.app()
    const over = new AbortController()
    const unsubscribe = context.onStop(() => over.abort(new CancelledError('the tests were stopped', { code: 'interrupted' })))
    const show = { style: context.style, cwd: context.cwd, columns: context.stdout.columns ?? 100 }
    try {
      const report = await context.call(app, testWorkflows, { files, bail, keep, ...defined({ name, jobs }) }, {
        signal: over.signal,
        tested: (file) => {
          if (!json) for (const line of testedFileLines(file, show)) context.print(line)
        },
      })
      if (json) context.printJson(report)
      else for (const line of [totalsLine(report, show), ...coverageLines(report, show)]) context.print(line)
      return report.failed > 0 ? 1 : 0
    } finally {
      unsubscribe()
    }
  },
})
