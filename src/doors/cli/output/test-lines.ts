/** What came of tests, as lines for people: a mark for each case, what was expected and what came, totals, coverage. */
import type { OutputOf } from '../../../app/action.ts'
import type { testWorkflows } from '../../../app/actions/workflows/test.ts'
import { formatDuration } from '../../../std/duration.ts'
import { oneLine, printable } from './printable.ts'
import { complaintLines, shortPath } from './problem.ts'
import { count } from './quantity.ts'
import type { Style } from './style.ts'
import { tableLines } from './table.ts'

export type TestReport = OutputOf<typeof testWorkflows>
export type TestedFile = TestReport['files'][number]
export type TestedCase = TestedFile['cases'][number]

export interface TestShow {
  style: Style
  cwd: string
  columns: number
}

/** A line for the case, and below it what was wrong; `first`: of its file, which is named above it. */
export function testedCaseLines(one: TestedCase, file: string, first: boolean, show: TestShow): string[] {
  const head = first ? [show.style.bold(shortPath(file, show.cwd))] : []
  return [...head, caseLine(one, show), ...failureLines(one, show)]
}

const looks = {
  passed: { mark: '✓', colour: 'green' },
  failed: { mark: '✗', colour: 'red' },
  error: { mark: '✗', colour: 'red' },
  skipped: { mark: '–', colour: 'dim' },
  not_run: { mark: '·', colour: 'dim' },
} as const

function caseLine({ name, status, duration_ms, reason }: TestedCase, { style, columns }: TestShow): string {
  const { mark, colour } = looks[status]
  const text = oneLine(name, Math.max(40, columns - 20))
  const failed = status === 'failed' || status === 'error'
  const shown = failed ? style.red(text) : status === 'passed' ? text : style.dim(text)
  const note =
    status === 'skipped'
      ? `skipped${reason === undefined ? '' : `: ${oneLine(reason, 60)}`}`
      : status === 'not_run'
        ? 'not run'
        : formatDuration(duration_ms)
  return `  ${style[colour](mark)} ${shown}  ${style.dim(note)}`
}

function failureLines({ failures, home }: TestedCase, { style, cwd, columns }: TestShow): string[] {
  const lines = failures.flatMap(({ message, details, hint, file, line, column, source }) => [
    '',
    ...complaintLines({ severity: 'error', message, place: { file, line, column, source } }, style, cwd),
    ...details.map((detail) => detailLine(oneLine(detail, Math.max(80, columns - 10)), style)),
    ...(hint === undefined ? [] : [`${style.cyan('help')}: ${printable(hint)}`]),
  ])
  if (home !== undefined && failures.length > 0)
    lines.push(`${style.cyan('look')}: replicate-agent runs show test --checkpoint-dir ${home}`)
  return lines.length === 0 ? [] : [...lines.map((line) => (line === '' ? '' : `    ${line}`)), '']
}

/** `-` is what was expected, `+` what came. */
function detailLine(detail: string, style: Style): string {
  const text = `  ${detail}`
  if (detail.startsWith('- ')) return style.green(text)
  return detail.startsWith('+ ') ? style.red(text) : text
}

/** `12 passed, 1 failed of 13 tests in 2 files after 1.2s`. */
export function totalsLine(report: TestReport, { style }: Pick<TestShow, 'style'>): string {
  const { passed, failed, skipped, not_run, files, duration_ms } = report
  const parts = [
    failed > 0 ? style.red.bold(`${failed} failed`) : '',
    passed > 0 ? style.green(`${passed} passed`) : '',
    skipped > 0 ? style.dim(`${skipped} skipped`) : '',
    not_run > 0 ? style.dim(`${not_run} not run`) : '',
  ].filter(Boolean)
  const all = count(passed + failed + skipped + not_run, 'test')
  const tested = files.filter(({ cases }) => cases.length > 0).length
  return `${parts.join(', ')} of ${all} in ${count(tested, 'file')} after ${formatDuration(duration_ms)}`
}

const mostMissing = 40

/** A line for each workflow, and below it what no case has taken. */
export function coverageLines(report: TestReport, { style, cwd }: TestShow): string[] {
  const { coverage } = report
  if (!coverage || coverage.total === 0) return []
  const head = `${style.bold('branches')}  ${percentText(coverage.percent, style)}  ${coverage.covered} of ${coverage.total}`
  const lines = coverage.workflows.flatMap(({ file, covered, total, missing }) => [
    `  ${shortPath(file, cwd)}  ${style.dim(`${covered} of ${total}`)}`,
    ...tableLines(
      missing.map(({ step, message, line, column }) => [
        `    ${style.dim(`${line}:${column}`)}`,
        step,
        oneLine(message, 90),
      ]),
      [{}, {}, {}],
      style.dim,
    ),
  ])
  const shown = lines.slice(0, mostMissing)
  if (lines.length > mostMissing) shown.push(style.dim(`    … ${lines.length - mostMissing} more: --json has them all`))
  return ['', head, ...shown]
}

function percentText(percent: number, style: Style): string {
  const text = `${percent} %`
  return percent === 100 ? style.green(text) : style.yellow(text)
}
