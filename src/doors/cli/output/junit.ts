/** Results as JUnit XML, the form that every CI system reads. */

export interface JunitReport {
  name: string
  suites: readonly JunitSuite[]
}

export interface JunitSuite {
  name: string
  /** As CI should show it: relative to the repository. */
  file?: string
  time_s: number
  cases: readonly JunitCase[]
}

export interface JunitCase {
  name: string
  /** What CI groups cases by. */
  classname: string
  time_s: number
  /** `failed` is what was judged and found wrong, `error` what could not be judged. */
  outcome: 'passed' | 'failed' | 'error' | 'skipped'
  /** One line: why it is not passed. */
  message?: string
  /** Everything there is to say about it; only of `failed` and `error`. */
  text?: string
  file?: string
  /** From 1. */
  line?: number
  stdout?: string
}

const elements = { failed: 'failure', error: 'error', skipped: 'skipped' } as const

export function junitXml(report: JunitReport): string {
  const all = report.suites.flatMap(({ cases }) => cases)
  const time_s = report.suites.reduce((sum, suite) => sum + suite.time_s, 0)
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name: report.name, ...totals(all), time: seconds(time_s) })}>`,
    ...report.suites.flatMap(suiteLines),
    '</testsuites>',
    '',
  ].join('\n')
}

function suiteLines({ name, file, time_s, cases }: JunitSuite): string[] {
  const about = { name, file, ...totals(cases), time: seconds(time_s) }
  return [`  <testsuite${attributes(about)}>`, ...cases.flatMap(caseLines), '  </testsuite>']
}

function caseLines({ name, classname, time_s, outcome, message, text, file, line, stdout }: JunitCase): string[] {
  const head = `    <testcase${attributes({ name, classname, time: seconds(time_s), file, line })}`
  const inside: string[] = []
  if (outcome !== 'passed') {
    const element = elements[outcome]
    const open = `      <${element}${attributes({ message })}`
    const says = outcome === 'skipped' ? undefined : text
    inside.push(says === undefined ? `${open}/>` : `${open}>${escaped(says)}</${element}>`)
  }
  if (stdout !== undefined && stdout !== '') inside.push(`      <system-out>${escaped(stdout)}</system-out>`)
  return inside.length === 0 ? [`${head}/>`] : [`${head}>`, ...inside, '    </testcase>']
}

function totals(cases: readonly JunitCase[]) {
  const of = (outcome: JunitCase['outcome']) => cases.filter((one) => one.outcome === outcome).length
  return { tests: cases.length, failures: of('failed'), errors: of('error'), skipped: of('skipped') }
}

function seconds(time_s: number): string {
  return time_s.toFixed(3)
}

function attributes(values: Readonly<Record<string, string | number | undefined>>): string {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}="${escaped(String(value)).replaceAll('\n', '&#10;').replaceAll('\t', '&#9;')}"`)
    .join('')
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  // A parser would make it a newline.
  '\r': '&#13;',
}

/** XML 1.0 has no way to write most control characters, not even as entities: a visible stand-in takes their place. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, (found) =>
      String.fromCharCode(0x2400 + found.charCodeAt(0)),
    )
    .replaceAll(/[\ufffe\uffff]/g, '\ufffd')
    .replaceAll(/[&<>"\r]/g, (found) => entities[found] as string)
}
