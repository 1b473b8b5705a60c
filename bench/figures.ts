/** What a part of the benchmarks measures: figures beside the bars that they have to meet, and tables behind them. */
import { digits, type Spread } from './statistics.ts'

export interface Figure {
  what: string
  measured: string
  bar: string
  met: boolean
}

export interface Table {
  head: readonly string[]
  rows: readonly (readonly string[])[]
}

export interface Part {
  title: string
  figures: Figure[]
  tables: Table[]
  /** What a reader has to know of how it was measured, and what was left out. */
  notes: string[]
}

/** What a part is given. */
export interface Bench {
  /** The project's folder. */
  root: string
  /** An empty one on a disk, removed at the end. */
  folder: string
  /** How often each contender has its turn. */
  pairs: number
  /** Whether peers take part. */
  peers: boolean
  /** Of real workflows, as JSON files; need not exist. */
  traces: string
  /** Of models on real prompts, as CSV files; need not exist. */
  outcomes: string
  /** Of the load. */
  seconds: number
  /** A trace of arrivals for the load; without one, each client goes on when its run has ended. */
  arrivals: string | undefined
  say(line: string): void
}

/** A figure that must not be over its bar. */
export function atMost(what: string, value: number, bar: number, unit: string, count = 2): Figure {
  return {
    what,
    measured: withUnit(digits(value, count), unit),
    bar: `<= ${withUnit(String(bar), unit)}`,
    met: value <= bar,
  }
}

export function atLeast(what: string, value: number, bar: number, unit: string): Figure {
  const measured = withUnit(thousands(value), unit)
  return { what, measured, bar: `>= ${withUnit(thousands(bar), unit)}`, met: value >= bar }
}

function withUnit(text: string, unit: string): string {
  return unit === 'x' ? `${text}x` : `${text} ${unit}`.trimEnd()
}

export function thousands(value: number): string {
  return Math.round(value).toLocaleString('en')
}

export function signed(value: number, count = 3): string {
  return `${value < 0 ? '−' : '+'} ${digits(Math.abs(value), count)}`
}

export function spreadText({ median, min, max }: Spread, count = 3): string {
  return `${digits(median, count)} [${digits(min, count)}–${digits(max, count)}]`
}

export function tableText({ head, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

export function figuresText(figures: readonly Figure[]): string {
  const rows = figures.map(({ what, measured, bar, met }) => [what, measured, bar, met ? 'met' : '**missed**'])
  return tableText({ head: ['figure', 'measured', 'bar', ''], rows })
}
