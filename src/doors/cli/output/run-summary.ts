/** What a person wants to know at the end of a run: outputs, files, cost, what went wrong, what to do next. */
import type { RunResult, StepResult } from '../../../domain/run.ts'
import { formatDuration } from '../../../std/duration.ts'
import type { Json } from '../../../std/json.ts'
import { complaintOfData } from '../errors.ts'
import { oneLine, printable } from './printable.ts'
import { complaintLines, shortPath } from './problem.ts'
import { cachedText, count, formatBytes, formatUsd, shortModel } from './quantity.ts'
import { coloured, marks, shownStatus } from './status.ts'
import type { Style } from './style.ts'
import { tableLines } from './table.ts'

export interface SummaryShow {
  style: Style
  cwd: string
  columns: number
}

/** One line: `✓ product_photo succeeded in 4.2s for $0.0123  run 01h…`. */
export function headline(run: RunResult, { style }: SummaryShow): string {
  const status = shownStatus(run)
  const mark = coloured(run.status, `${marks[run.status]} ${run.workflow} ${status}`, style)
  const steps = Object.values(run.steps)
  const cost = `${formatUsd(run.cost_usd)}${run.cost_usd === null ? ' (a price is unknown)' : ''}`
  const saved = savedBy(steps)
  const kept = saved === 0 ? '' : `, ${formatUsd(saved)} saved by the cache`
  return `${mark} after ${formatDuration(run.duration_ms)}, ${count(steps.length, 'step')}, ${cost}${kept}  ${style.dim(`run ${run.run_id}`)}`
}

/** What is known of what cached answers had cost. */
function savedBy(steps: readonly StepResult[]): number {
  const all = steps.flatMap(({ saved_usd, items = [] }) => [saved_usd, ...items.map((item) => item.saved_usd)])
  return all.reduce<number>((sum, saved) => sum + (saved ?? 0), 0)
}

export function outputLines(run: RunResult, show: SummaryShow): string[] {
  const entries = Object.entries(run.outputs)
  if (entries.length === 0) return []
  const files = new Set(filesOf(run).map(({ path }) => path))
  const width = Math.max(...entries.map(([name]) => name.length))
  return [
    '',
    show.style.bold('outputs'),
    ...entries.flatMap(([name, value]) => outputLine(name, value, width, files, show)),
  ]
}

const mostLines = 12

function outputLine(
  name: string,
  value: Json,
  width: number,
  files: ReadonlySet<string>,
  { style, cwd, columns }: SummaryShow,
): string[] {
  const lines = textOf(value, files, cwd, columns - width - 4).split('\n')
  const shown = lines.slice(0, mostLines)
  if (lines.length > mostLines)
    shown.push(style.dim(`… ${lines.length - mostLines} more lines; --output outputs.${name} prints it all`))
  return shown.map((line, at) => `  ${(at === 0 ? name : '').padEnd(width)}  ${line}`.trimEnd())
}

/** Strings as they are, files as paths, a list of files one a line, everything else as JSON; one a line what is long. */
function textOf(value: Json, files: ReadonlySet<string>, cwd: string, room: number): string {
  const isFile = (part: Json): part is string => typeof part === 'string' && files.has(part)
  if (isFile(value)) return shortPath(value, cwd)
  if (typeof value === 'string') return printable(value).trimEnd()
  if (Array.isArray(value) && value.length > 0 && value.every(isFile))
    return value.map((path) => shortPath(path, cwd)).join('\n')
  const json = printable(JSON.stringify(value))
  if (json.length <= room || value === null || typeof value !== 'object') return json
  const part = (inner: Json): string => {
    const text = typeof inner === 'string' && inner !== '' ? printable(inner) : printable(JSON.stringify(inner))
    return text.replace(/\s*\n\s*/g, ' ')
  }
  if (Array.isArray(value)) {
    // a list of words reads well as it is
    return value.every((item) => part(item).length <= 24) ? json : value.map((item) => `- ${part(item)}`).join('\n')
  }
  return Object.entries(value)
    .map(([key, inner]) => `${printable(key)}: ${part(inner)}`)
    .join('\n')
}

export interface ShownFile {
  label: string
  name: string
  path: string
  bytes: number
}

export function filesOf(run: RunResult): ShownFile[] {
  const found: ShownFile[] = []
  const add = (label: string, files: StepResult['files']) => {
    for (const { name, path, bytes } of files ?? []) found.push({ label, name, path, bytes })
  }
  for (const [id, step] of Object.entries(run.steps)) {
    add(id, step.files)
    for (const item of step.items ?? []) add(`${id}[${item.index}]`, item.files)
  }
  return found
}

const mostFiles = 20

export function fileLines(files: readonly ShownFile[], { style, cwd }: SummaryShow, most = mostFiles): string[] {
  if (files.length === 0) return []
  const rows = files
    .slice(0, most)
    .map(({ label, name, bytes, path }) => [`  ${label}`, name, style.dim(formatBytes(bytes)), shortPath(path, cwd)])
  const lines = tableLines(rows, [{}, {}, { align: 'right' }, {}], style.dim)
  if (files.length > most) lines.push(style.dim(`  … ${files.length - most} more: \`runs files\` lists them`))
  return ['', style.bold('files'), ...lines]
}

/** Errors of steps that the run's own error does not tell already. */
export function errorLinesOf(run: RunResult, { style, cwd }: SummaryShow): string[] {
  if (!run.error) return []
  return ['', ...complaintLines(complaintOfData(run.error), style, cwd)]
}

/** What each step did, for `runs show`. */
export function stepLines(run: RunResult, { style, columns }: SummaryShow): string[] {
  const rows = Object.entries(run.steps).map(([id, step]) => [
    `  ${coloured(step.status, marks[step.status], style)} ${id}`,
    coloured(step.status, step.status, style),
    step.status === 'skipped' ? '' : formatDuration(step.latency_ms),
    step.model === undefined ? '' : step.cached ? cachedText(step.saved_usd) : formatUsd(step.cost_usd),
    step.attempts > 1 && !step.items ? count(step.attempts, 'attempt') : '',
    shortModel(step.model ?? ''),
    style.dim(noteOf(step, Math.max(20, columns - 70))),
  ])
  if (rows.length === 0) return []
  const right = { align: 'right' } as const
  return ['', style.bold('steps'), ...tableLines(rows, [{}, {}, right, right, {}, {}, {}], style.dim)]
}

function noteOf(step: StepResult, width: number): string {
  if (step.error) return oneLine(step.error.message, width)
  if (step.reason !== undefined) return oneLine(step.reason, width)
  if (!step.items) return ''
  const done = step.items.filter(({ status }) => status === 'succeeded').length
  return `${done} of ${count(step.items.length, 'item')}`
}
