/** A call of the audit log as a row of CSV (RFC 4180). */
import type { LoggedCall } from './filter.ts'

type Cell = string | number | null | undefined

const columns: Readonly<Record<string, (call: LoggedCall) => Cell>> = {
  seq: ({ seq }) => seq,
  id: ({ id }) => id,
  time: ({ time }) => time,
  user: ({ who }) => who.user,
  host: ({ who }) => who.host,
  door: ({ who }) => who.door,
  run: ({ run }) => run,
  workflow: ({ workflow }) => workflow,
  step: ({ step }) => step,
  index: ({ index }) => index,
  round: ({ round }) => round,
  agent: ({ agent }) => agent,
  model: ({ model }) => model,
  version: ({ version }) => version,
  status: ({ status }) => status,
  error_code: ({ error }) => error?.code,
  error_message: ({ error }) => error?.message,
  attempts: ({ attempts }) => attempts.length,
  cache: ({ cache }) => cache,
  cost_usd: ({ cost }) => cost.usd,
  judging_usd: ({ cost }) => cost.judging_usd,
  saved_usd: ({ cost }) => cost.saved_usd,
  total_ms: ({ latency }) => latency.total_ms,
  waiting_ms: ({ latency }) => latency.waiting_ms,
  target_ms: ({ latency }) => latency.target_ms,
  judging_ms: ({ latency }) => latency.judging_ms,
  backoff_ms: ({ latency }) => latency.backoff_ms,
  input_hash: ({ input }) => input.hash,
  input_bytes: ({ input }) => input.bytes,
  output_bytes: ({ output }) => output?.bytes,
  output_files: ({ output }) => output?.files,
}

export const csvHeader = `${Object.keys(columns).join(',')}\r\n`

export function csvRow(call: LoggedCall): string {
  return `${Object.values(columns)
    .map((cell) => quoted(cell(call)))
    .join(',')}\r\n`
}

function quoted(cell: Cell): string {
  const text = cell === null || cell === undefined ? '' : String(cell)
  // What begins like a formula would be one in a spreadsheet.
  const safe = typeof cell === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
