/** What came of tests, for CI: JUnit XML, marks and a summary on the pages of GitHub Actions. */
import { toErrorData } from '../../domain/errors.ts'
import { ProblemsError } from '../../domain/problem.ts'
import { formatDuration } from '../../std/duration.ts'
import { type GithubLog, withHint } from './github/github-log.ts'
import type { JunitCase, JunitReport } from './output/junit.ts'
import { shortPath } from './output/problem.ts'
import { count } from './output/quantity.ts'
import type { TestedCase, TestedFile, TestReport } from './output/test-lines.ts'

/** A suite for each file. */
export function testsAsJunit({ files }: TestReport, cwd: string): JunitReport {
  const suites = files.map((file) => ({
    name: file.workflow,
    file: shortPath(file.file, cwd),
    time_s: file.duration_ms / 1_000,
    cases: file.cases.map((one) => caseAsJunit(one, file, cwd)),
  }))
  return { name: 'workflow tests', suites }
}

const outcomes = {
  passed: 'passed',
  failed: 'failed',
  error: 'error',
  skipped: 'skipped',
  not_run: 'skipped',
} as const satisfies Record<TestedCase['status'], JunitCase['outcome']>

function caseAsJunit(one: TestedCase, { file, workflow }: TestedFile, cwd: string): JunitCase {
  const { name, line, status, duration_ms, failures, reason } = one
  const [first] = failures
  const message = first?.message ?? reason ?? (status === 'not_run' ? 'an earlier test failed' : undefined)
  return {
    ...{ name, classname: workflow, time_s: duration_ms / 1_000, outcome: outcomes[status] },
    ...{ file: shortPath(file, cwd), line },
    ...(message !== undefined && { message }),
    ...(failures.length > 0 && { text: failures.map((failure) => failureText(failure, cwd)).join('\n\n') }),
  }
}

type TestFailure = TestedCase['failures'][number]

function failureText({ message, details, hint, file, line, column }: TestFailure, cwd: string): string {
  const help = hint === undefined ? [] : [`help: ${hint}`]
  return [message, ...details, ...help, `at ${shortPath(file, cwd)}:${line}:${column}`].join('\n')
}

/** Tests that could not be begun: a case for each problem. */
export function errorAsJunit(error: unknown, cwd: string): JunitReport {
  const { message, hint } = toErrorData(error)
  const problems = error instanceof ProblemsError ? error.problems : [{ message, hint, file: undefined, line: 0 }]
  const cases = problems.map((problem): JunitCase => ({
    ...{ name: 'the tests can be read', classname: 'workflow tests', time_s: 0, outcome: 'error' },
    ...{ message: problem.message, text: withHint(problem.message, problem.hint) },
    ...(problem.file !== undefined && { file: shortPath(problem.file, cwd), line: problem.line }),
  }))
  return { name: 'workflow tests', suites: [{ name: 'workflow tests', time_s: 0, cases }] }
}

/** Marks every failure where it is expected otherwise, and adds a summary to the job's page. */
export function tellGithub(github: GithubLog, report: TestReport): void {
  for (const { cases } of report.files) {
    for (const { name, failures } of cases) {
      for (const { message, details, hint, file, line, column } of failures)
        github.annotate('error', withHint([message, ...details].join('\n'), hint), { title: name, file, line, column })
    }
  }
  github.append('GITHUB_STEP_SUMMARY', summaryOf(report))
}

function summaryOf({ files, passed, failed, skipped, duration_ms, coverage }: TestReport): string {
  const covered = coverage ? ` · ${coverage.percent} % of ${count(coverage.total, 'branch', 'branches')}` : ''
  const rows = files.map(({ workflow, cases }) => {
    const of = (...statuses: TestedCase['status'][]) => cases.filter(({ status }) => statuses.includes(status)).length
    return `| ${workflow} | ${of('passed')} | ${of('failed', 'error')} | ${of('skipped', 'not_run')} |`
  })
  return [
    `### ${failed > 0 ? `✗ ${count(failed, 'test')} failed` : `✓ ${count(passed, 'test')} passed`}`,
    '',
    `${count(passed + failed + skipped, 'test')} of workflows · ${formatDuration(duration_ms)}${covered}`,
    '',
    '| workflow | passed | failed | left out |',
    '|---|---|---|---|',
    ...rows,
    '',
    '',
  ].join('\n')
}
