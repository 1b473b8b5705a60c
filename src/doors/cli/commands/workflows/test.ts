/** `workflows test`: runs the tests of workflows in the sandbox. */
import { resolve } from 'node:path'
import { testWorkflows } from '../../../../app/actions/workflows/test.ts'
import type { App } from '../../../../app/app.ts'
import { CancelledError, UsageError } from '../../../../domain/errors.ts'
import { defined } from '../../../../std/defined.ts'
import { configOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import type { CommandContext } from '../../context.ts'
import { flag, negatedFlag, percent, text, wholeNumber, zeroOrMore } from '../../option.ts'
import { junitXml, type JunitReport } from '../../output/junit.ts'
import { coverageLines, testedCaseLines, type TestReport, totalsLine } from '../../output/test-lines.ts'
import { writeWhole } from '../../output/write-whole.ts'
import { type StopSignal, stopCodes } from '../../surroundings.ts'
import { errorAsJunit, tellGithub, testsAsJunit } from '../../test-reports.ts'

export const test = defineCommand({
  description:
    'Runs `*.test.yaml` files: each case runs its workflow in a state folder and a sandbox of its own, without a token and without cost. docs/testing.md says what a case can hold.',
  args: {
    file: zeroOrMore('test files, workflows, or folders (default: all tests here and in the nearest `workflows` folder)'),
  },
  options: {
    ...configOptions,
    name: text('--name <text>', 'only cases whose name holds this text'),
    jobs: wholeNumber('--jobs <n>', 'how many cases run at once (default: 4)', 1),
    bail: flag('--bail', 'begin nothing more after the first failure'),
    watch: flag('--watch', 'run tests again when a file changes that they depend on'),
    coverage: negatedFlag('--no-coverage', 'do not list the branches that no case has taken'),
    minCoverage: percent('--min-coverage <percent>', 'fail when fewer of the branches are taken'),
    keep: flag('--keep', 'keep the state folder of each case, to look into with `runs show`'),
    junit: text('--junit <file>', 'write the results to this file, as JUnit XML'),
    json: flag('--json', 'print one JSON object at the end'),
  },
  examples: [
    { command: 'replicate-agent workflows test', what: 'every test here' },
    { command: 'replicate-agent workflows test product_photo --name "first model"', what: 'some cases of one workflow' },
    { command: 'replicate-agent workflows test --watch', what: 'again after every change' },
    { command: 'replicate-agent workflows test --min-coverage 90 --junit tests.xml', what: 'in CI' },
  ],
  async run(context, given) {
    assertFitting(given)
    const app = await context.app({ config: given.config })
    if (!given.watch) return untilStopped(context, (signal) => testOnce(context, app, given, given.file, signal))
    const { watchTests } = await import('../../watch-tests.ts')
    return watchTests(context, app, {
      written: given.file,
      run: (files, signal) => testOnce(context, app, given, files, signal),
    })
  },
})

interface TestChoice {
  file: string[]
  name: string | undefined
  jobs: number | undefined
  bail: boolean
  watch: boolean
  coverage: boolean
  minCoverage: number | undefined
  keep: boolean
  junit: string | undefined
  json: boolean
}

function assertFitting({ watch, json, name, minCoverage, keep }: TestChoice): void {
  const not = (one: string, other: string, why: string) => new UsageError(`${one} and ${other} don't go together: ${why}`)
  if (watch && json) throw not('--watch', '--json', 'it prints one object')
  if (watch && keep) throw not('--watch', '--keep', 'every run of the tests would leave its folders behind')
  if (name !== undefined && minCoverage !== undefined)
    throw not('--name', '--min-coverage', 'some of the cases say nothing about coverage')
}

async function untilStopped(context: CommandContext, run: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const over = new AbortController()
  let stopped: StopSignal | undefined
  const unsubscribe = context.onStop((signal) => {
    stopped ??= signal
    over.abort(new CancelledError('the tests were stopped', { code: 'interrupted' }))
  })
  try {
    return await run(over.signal)
  } catch (error) {
    if (stopped === undefined) throw error
    context.report(error)
    return stopCodes[stopped]
  } finally {
    unsubscribe()
  }
}

/** Gives the exit code. */
async function testOnce(
  context: CommandContext,
  app: App,
  given: TestChoice,
  files: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  const { name, jobs, bail, keep, json, junit } = given
  const { style, cwd } = context
  const show = { style, cwd, columns: context.stdout.columns ?? 160 }
  const write = async (report: JunitReport) => {
    if (junit !== undefined) await writeWhole(resolve(cwd, junit), junitXml(report))
  }
  let report: TestReport
  let last: string | undefined
  try {
    const input = { files: [...files], bail, keep, ...defined({ name, jobs }) }
    report = await context.call(app, testWorkflows, input, {
      signal,
      tested(one, file) {
        if (json) return
        if (last !== undefined && file !== last) context.print()
        for (const line of testedCaseLines(one, file, file !== last, show)) context.print(line)
        last = file
      },
    })
  } catch (error) {
    if (!signal.aborted) await write(errorAsJunit(error, cwd))
    throw error
  }
  await write(testsAsJunit(report, cwd))
  if (context.github) tellGithub(context.github, report)
  if (json) context.printJson(report)
  else {
    context.print()
    context.print(totalsLine(report, show))
    if (given.coverage) for (const line of coverageLines(report, show)) context.print(line)
  }
  return report.failed > 0 || isTooLittle(context, report, given.minCoverage) ? 1 : 0
}

function isTooLittle(context: CommandContext, { coverage }: TestReport, least: number | undefined): boolean {
  if (least === undefined || !coverage || coverage.percent >= least) return false
  const message = `the tests take ${coverage.percent} % of the branches, fewer than ${least} %`
  context.note(`${context.errorStyle.red.bold('error')}: ${message}`)
  context.github?.annotate('error', message)
  return true
}
