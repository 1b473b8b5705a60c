/** A run as a section of GitHub's job summary: what each step did, what came out, how to go on. */
import type { RunResult } from '../../../domain/run.ts'
import { formatDuration } from '../../../std/duration.ts'
import type { Json } from '../../../std/json.ts'
import { oneLine } from '../output/printable.ts'
import { cachedText, count, formatUsd, shortModel } from '../output/quantity.ts'
import { marks, shownStatus } from '../output/status.ts'

/** GitHub takes 1 MiB a step; what is longer helps nobody either. */
const mostRows = 200
const mostCharacters = 500

/** `next`: commands that go on with the run, if it is not over. */
export function jobSummary(run: RunResult, next: readonly string[]): string {
  const facts = [
    formatDuration(run.duration_ms),
    count(Object.keys(run.steps).length, 'step'),
    `${formatUsd(run.cost_usd)}${run.cost_usd === null ? ' (a price is unknown)' : ''}`,
    `run ${code(run.run_id)}`,
  ]
  return [
    `### ${marks[run.status]} ${text(run.workflow)} ${shownStatus(run)}`,
    '',
    facts.join(' · '),
    ...errorLines(run),
    ...stepRows(run),
    ...outputRows(run),
    ...nextRows(next),
    '',
    '',
  ].join('\n')
}

/** What kept a run from coming to a result. */
export function errorSummary(message: string, hint: string | undefined): string {
  return [`### ${marks.failed} ${text(message)}`, '', ...(hint === undefined ? [] : [text(hint), '']), ''].join('\n')
}

function errorLines({ error }: RunResult): string[] {
  if (!error) return []
  return ['', `**${text(error.message)}**`, ...(error.hint === undefined ? [] : ['', text(error.hint)])]
}

function stepRows(run: RunResult): string[] {
  const steps = Object.entries(run.steps)
  const rows = steps
    .slice(0, mostRows)
    .map(([id, step]) =>
      row([
        `${marks[step.status]} ${text(id)}`,
        step.status,
        step.status === 'skipped' ? '' : formatDuration(step.latency_ms),
        step.cached
          ? cachedText(step.saved_usd)
          : step.model === undefined && step.cost_usd === 0
            ? ''
            : formatUsd(step.cost_usd),
        step.items ? count(step.items.length, 'item') : String(step.attempts),
        text(shortModel(step.model ?? '')),
        text(step.error?.message ?? step.reason ?? ''),
      ]),
    )
  if (rows.length === 0) return []
  const more = steps.length > mostRows ? ['', `… and ${count(steps.length - mostRows, 'step')} more`] : []
  return [
    '',
    row(['step', 'status', 'time', 'cost', 'attempts', 'model', '']),
    '|---|---|--:|--:|--:|---|---|',
    ...rows,
    ...more,
  ]
}

function outputRows(run: RunResult): string[] {
  const outputs = Object.entries(run.outputs)
  if (outputs.length === 0) return []
  const rows = outputs.slice(0, mostRows).map(([name, value]) => row([text(name), text(shown(value))]))
  return ['', row(['output', 'value']), '|---|---|', ...rows]
}

function shown(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function nextRows(next: readonly string[]): string[] {
  const lines = next.filter((line) => line !== '')
  return lines.length === 0 ? [] : ['', '```', ...lines.map((line) => line.replaceAll('```', "'''")), '```']
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

function code(written: string): string {
  return `\`${written}\``
}

/** One line in which nothing is Markdown or HTML. */
function text(written: string): string {
  return oneLine(written, mostCharacters)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\`*_{}[\]()#+\-!|~]/g, String.raw`\$&`)
}
