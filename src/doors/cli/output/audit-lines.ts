/** Calls of the audit log as lines for people. */
import type { LoggedCall } from '../../../app/audit/filter.ts'
import { formatDuration } from '../../../std/duration.ts'
import { oneLine } from './printable.ts'
import { formatBytes, formatUsd, shortModel } from './quantity.ts'
import type { Style } from './style.ts'
import { coloured } from './status.ts'
import type { Column } from './table.ts'

export const auditColumns: readonly Column[] = [
  { header: 'time' },
  { header: 'id', spare: 1 },
  { header: 'agent', least: 10 },
  { header: 'model', least: 14, keepsEnd: true },
  { header: 'status' },
  { header: 'took', align: 'right' },
  { header: 'cost', align: 'right' },
  { header: '', spare: 2 },
]

export function auditRow(call: LoggedCall, style: Style): string[] {
  const { time, id, agent, model, status, error, latency, cost, cache, attempts } = call
  const shown = error && status !== 'cancelled' ? `${status}: ${error.code}` : status
  const remarks = [cache === 'hit' ? 'cached' : '', attempts.length > 1 ? `${attempts.length} attempts` : '']
  return [
    style.dim(time.slice(0, 19).replace('T', ' ')),
    id,
    oneLine(agent, 40),
    model === undefined ? '' : oneLine(model, 60),
    coloured(statusColour[status], shown, style),
    formatDuration(latency.total_ms),
    formatUsd(cost.usd),
    style.dim(remarks.filter(Boolean).join(', ')),
  ]
}

const statusColour = {
  ...({ succeeded: 'succeeded', failed: 'failed', cancelled: 'cancelled' } as const),
  ...({ stopped: 'failed', refused: 'failed', withheld: 'failed' } as const),
}

export function callLines(call: LoggedCall, style: Style): string[] {
  const { who, latency, cost, input, output, error } = call
  const fields: [string, string | undefined][] = [
    ['id', `${call.id}, number ${call.seq} of the log`],
    ['time', call.time],
    ['who', `${who.user}@${who.host}, by ${who.door}${who.client === undefined ? '' : ` (${who.client})`}`],
    ['where', placeOf(call)],
    ['agent', call.agent],
    ['candidates', call.candidates.map(({ model }) => shortModel(model)).join(', ')],
    ['answered by', answeredBy(call)],
    ['decisions', call.decisions.join(', ') || undefined],
    [
      'status',
      coloured(statusColour[call.status], call.status, style) + (call.resumed ? ', taken up after a crash' : ''),
    ],
    ['error', error && `${error.code}: ${oneLine(error.message, 200)}`],
    ['input', `${formatBytes(input.bytes)}, hash ${input.hash.slice(0, 16)}…`],
    ['', kept(input)],
    ['output', output && `${formatBytes(output.bytes)}${filesOf(output)}`],
    ['', output && kept(output)],
    ['took', latencyText(latency)],
    ['cost', costText(cost)],
    ['cache', call.cache_miss === undefined ? call.cache : `${call.cache} (${call.cache_miss})`],
    ['refused', call.refused.join(', ') || undefined],
  ]
  const width = Math.max(...fields.map(([name]) => name.length))
  const lines = fields.flatMap(([name, value]) =>
    value === undefined ? [] : [`${style.dim(name.padEnd(width))}  ${value}`],
  )
  return [...lines, '', ...call.attempts.flatMap((attempt, at) => attemptLines(attempt, at + 1, style))]
}

function placeOf({ run, run_attempt, workflow, step, index, round }: LoggedCall): string {
  const item = index === undefined ? '' : `[${index}]`
  return `${workflow}, run ${run}${run_attempt === undefined ? '' : ` (attempt ${run_attempt})`}, step ${step}${item}${round === undefined ? '' : `, round ${round}`}`
}

function answeredBy({ model, version, status }: LoggedCall): string | undefined {
  if (model === undefined || status !== 'succeeded') return undefined
  return shortModel(version === undefined || model.includes(':') ? model : `${model}:${version}`)
}

function filesOf({ files, file_bytes }: NonNullable<LoggedCall['output']>): string {
  return files === 0 ? '' : `, ${files} ${files === 1 ? 'file' : 'files'} of ${formatBytes(file_bytes)}`
}

function kept({ value, omitted }: { value?: unknown; omitted?: true | undefined }): string | undefined {
  if (omitted) return 'too large to be kept'
  return value === undefined ? undefined : oneLine(JSON.stringify(value), 2_000)
}

function latencyText({ total_ms, waiting_ms, target_ms, judging_ms, backoff_ms }: LoggedCall['latency']): string {
  const parts = [
    ['waiting', waiting_ms],
    ['called', target_ms],
    ['judging', judging_ms],
    ['back-off', backoff_ms],
  ] as const
  const told = parts.flatMap(([name, ms]) => (ms > 0 ? `${name} ${formatDuration(ms)}` : []))
  return `${formatDuration(total_ms)}${told.length === 0 ? '' : `: ${told.join(', ')}`}`
}

function costText({ usd, judging_usd, reserved_usd, saved_usd }: LoggedCall['cost']): string {
  const told = [
    ...(judging_usd === 0 ? [] : [`judging ${formatUsd(judging_usd)}`]),
    ...(reserved_usd === null ? [] : [`${formatUsd(reserved_usd)} was set aside`]),
    ...(saved_usd === undefined ? [] : [`saved ${formatUsd(saved_usd)}`]),
  ]
  return `${formatUsd(usd)}${told.length === 0 ? '' : `: ${told.join(', ')}`}`
}

function attemptLines(attempt: LoggedCall['attempts'][number], number: number, style: Style): string[] {
  const { model, status, latency_ms, cost_usd, prediction_id, breaker, error, sent, earlier } = attempt
  const remarks = [
    ...(prediction_id === undefined ? [] : [prediction_id]),
    ...(breaker === undefined || breaker === 'closed' ? [] : [`breaker ${breaker}`]),
    ...(sent ? [] : ['never sent']),
    ...(earlier ? ['by an earlier process'] : []),
  ]
  const line = `attempt ${number}  ${shortModel(model)}  ${coloured(status === 'abandoned' ? 'failed' : status, status, style)}  ${formatDuration(latency_ms)}  ${formatUsd(cost_usd)}  ${style.dim(remarks.join(', '))}`
  return [
    line.trimEnd(),
    ...(error ? [`           ${style.dim(`${error.code}: ${oneLine(error.message, 160)}`)}`] : []),
  ]
}
