/** Makes the record of a call out of what the executor tells of it. */
import type { AttemptReport, CallReport, CallStart } from '../../domain/call-report.ts'
import type { ErrorData } from '../../domain/errors.ts'
import { canonicalJson, type Json, type JsonObject } from '../../std/json.ts'
import type { Redaction } from '../../std/redaction.ts'
import type { BegunRecord, CallRecord } from './record.ts'

export type Who = CallRecord['who']

export interface RecordParts {
  who: Who
  /** Under a key of the store: without it nobody can guess an input by its hash. */
  hash(text: string): string
  keep: ReadonlySet<'inputs' | 'outputs'>
  redaction: Redaction
}

/** Characters of JSON; what is larger is only counted. */
const mostKept = 262_144

export function begunRecord(parts: RecordParts, id: string, start: CallStart, now: number): BegunRecord {
  return { kind: 'begun', ...placeOf(parts, id, start, now), input: hashed(parts, start.input) }
}

export function callRecord(parts: RecordParts, id: string, report: CallReport, now: number): CallRecord {
  const { model, version, error, attempts, decisions, candidates, cache, refused } = report
  const told = (data: ErrorData) => ({ code: data.code, message: safeText(parts, report, data.message) })
  const own = attempts.filter(({ earlier }) => !earlier)
  return {
    kind: 'call',
    ...placeOf(parts, id, report, now),
    candidates: [...candidates],
    ...(model !== undefined && { model }),
    ...(version !== undefined && { version }),
    status: statusOf(report),
    ...(error && { error: told(error) }),
    decisions: [...decisions],
    input: inputOf(parts, report),
    ...(report.output !== undefined && { output: outputOf(parts, report, report.output) }),
    attempts: attempts.map(({ time, error: failure, ...attempt }) => ({
      ...attempt,
      time: new Date(time).toISOString(),
      ...(failure && { error: told(failure) }),
    })),
    ...(report.resumed && { resumed: true }),
    latency: {
      total_ms: report.latency_ms,
      waiting_ms: sum(own, ({ waiting_ms }) => waiting_ms),
      target_ms: sum(own, ({ latency_ms, waiting_ms }) => Math.max(0, latency_ms - waiting_ms)),
      judging_ms: report.judging_ms,
      backoff_ms: sum(own, ({ backoff_ms = 0 }) => backoff_ms),
    },
    cost: costOf(report),
    cache,
    ...(cache === 'miss' && report.cache_miss !== undefined && { cache_miss: report.cache_miss }),
    refused: [...refused],
  }
}

function statusOf({ status, error }: CallReport): CallRecord['status'] {
  const isPlugins = error?.code === 'refused' || error?.code === 'withheld'
  return status === 'failed' && isPlugins ? (error.code as 'refused' | 'withheld') : status
}

function placeOf({ who }: RecordParts, id: string, { place, agent }: CallStart, now: number) {
  const { run_id: run, attempt, workflow, step, index, round } = place
  return {
    ...{ id, time: new Date(now).toISOString(), who, run },
    ...(attempt !== undefined && attempt > 1 && { run_attempt: attempt }),
    ...{ workflow, step },
    ...(index !== undefined && { index }),
    ...(round !== undefined && { round }),
    agent,
  }
}

function hashed({ hash }: RecordParts, input: JsonObject): CallRecord['input'] {
  const text = canonicalJson(input)
  return { hash: hash(text), bytes: Buffer.byteLength(text) }
}

function inputOf(parts: RecordParts, report: CallReport): CallRecord['input'] {
  const found = hashed(parts, report.input)
  return parts.keep.has('inputs') ? { ...found, ...kept(parts, report, 'input', report.input) } : found
}

function outputOf(parts: RecordParts, report: CallReport, output: Json): CallRecord['output'] {
  const found = {
    bytes: Buffer.byteLength(JSON.stringify(output)),
    files: report.files.length,
    file_bytes: sum(report.files, ({ bytes }) => bytes),
  }
  return parts.keep.has('outputs') ? { ...found, ...kept(parts, report, 'output', output) } : found
}

function kept({ redaction }: RecordParts, { mask }: CallReport, from: 'input' | 'output', value: Json) {
  const safe = redaction.value(from, mask(value))
  return JSON.stringify(safe).length > mostKept ? { omitted: true as const } : { value: safe }
}

function safeText({ redaction }: RecordParts, { mask }: CallReport, text: string): string {
  return redaction.text(mask(text))
}

function costOf({ attempts, cost_usd, saved_usd }: CallReport): CallRecord['cost'] {
  const judged = attempts.filter(({ answer_usd }) => answer_usd !== undefined)
  const judging_usd = total(judged, ({ cost_usd: all, answer_usd: answer }) => difference(all, answer ?? null))
  const reserved = attempts.filter(({ reserved_usd }) => reserved_usd !== undefined)
  return {
    usd: cost_usd,
    judging_usd,
    reserved_usd: reserved.length === 0 ? null : sum(reserved, ({ reserved_usd = 0 }) => reserved_usd),
    ...(saved_usd !== undefined && { saved_usd }),
  }
}

function difference(all: number | null, part: number | null): number | null {
  return all === null || part === null ? null : Number((all - part).toFixed(9))
}

function total(attempts: readonly AttemptReport[], of: (attempt: AttemptReport) => number | null): number | null {
  return attempts.reduce<number | null>((sum, attempt) => {
    const one = of(attempt)
    return sum === null || one === null ? null : sum + one
  }, 0)
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((whole, item) => whole + of(item), 0)
}
