/** The figures as tables, each beside the bar that it has to meet. */
import type { StartResult } from './startup.ts'
import { digits, type Spread } from './statistics.ts'
import type { StepResult } from './steps.ts'

export interface Verdict {
  what: string
  measured: string
  bar: string
  met: boolean
}

/** Absolute bars hold on the reference machine; on a disk that flushes in 40 µs a chain may cost 0.15 ms. */
const bars = { fan: 0.1, chainOverFloor: 0.11, ratio: 0.15, version: 20, validate: 80 }

export function verdictsOf(steps: readonly StepResult[], starts: readonly StartResult[]): Verdict[] {
  const verdicts: Verdict[] = []
  for (const { workload, kind, ours, ratio, overFloor } of steps) {
    if (kind !== 'value') continue
    const what = nameOf({ workload, kind })
    if (workload === 'fan')
      verdicts.push({
        what,
        measured: `${digits(ours.median)} ms a step`,
        bar: `<= ${bars.fan}`,
        met: ours.median <= bars.fan,
      })
    else {
      const bar = `<= raw fdatasync + ${bars.chainOverFloor}`
      verdicts.push({
        what,
        measured: `fdatasync ${signed(overFloor)} ms a step`,
        bar,
        met: overFloor <= bars.chainOverFloor,
      })
    }
    if (ratio !== undefined) {
      verdicts.push({
        what: `${what}, of LangGraph's time`,
        measured: `${digits(ratio)}x`,
        bar: `<= ${bars.ratio}x`,
        met: ratio <= bars.ratio,
      })
    }
  }
  for (const [at, { what, over }] of starts.entries()) {
    const bar = at === 0 ? bars.version : bars.validate
    verdicts.push({ what, measured: `bare node ${signed(over, 1)} ms`, bar: `<= + ${bar}`, met: over <= bar })
  }
  return verdicts
}

export function report(steps: readonly StepResult[], starts: readonly StartResult[]): string {
  const parts: string[] = []
  parts.push(
    table(
      ['figure', 'measured', 'bar', ''],
      verdictsOf(steps, starts).map(({ what, measured, bar, met }) => [
        what,
        measured,
        bar,
        met ? 'met' : '**missed**',
      ]),
    ),
  )
  if (steps.length > 0) {
    const rows = steps.map((result) => [
      nameOf(result),
      spreadOf(result.ours),
      result.langgraph ? spreadOf(result.langgraph) : '–',
      result.ratio === undefined ? '–' : `${digits(result.ratio)}x`,
      spreadOf(result.floor),
      signed(result.overFloor),
      result.bytes.toFixed(0),
    ])
    const head = [
      'milliseconds a step',
      'replicate-agent',
      'LangGraph.js',
      'ratio',
      'raw fdatasync',
      'ours − fdatasync',
      'journal bytes a step',
    ]
    parts.push(table(head, rows))
  }
  if (starts.length > 0) {
    const rows = starts.map(({ what, ours, bare, over }) => [
      what,
      spreadOf(ours, 1),
      spreadOf(bare, 1),
      signed(over, 1),
    ])
    parts.push(table(['milliseconds to start and end', 'replicate-agent', 'bare node', 'difference'], rows))
  }
  return parts.join('\n\n')
}

function nameOf({ workload, kind }: Pick<StepResult, 'workload' | 'kind'>): string {
  return workload === 'fan' ? `fan-out of 100 \`${kind}\` steps + join` : `chain of 200 \`${kind}\` steps`
}

function spreadOf({ median, min, max }: Spread, count = 3): string {
  return `${digits(median, count)} [${digits(min, count)}–${digits(max, count)}]`
}

function signed(value: number, count = 3): string {
  return `${value < 0 ? '−' : '+'} ${digits(Math.abs(value), count)}`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
