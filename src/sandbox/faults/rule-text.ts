/** The grammar of rules on one line, `TARGET:CLAUSE[:CLAUSE…]`, for instance `owner/name:0.3` or `*:429=2:times=3`, as fields. */
import { UsageError } from '../../domain/errors.ts'
import type { JsonObject } from '../../std/json.ts'

const textHint =
  "write 'TARGET:CLAUSE:…', where TARGET is '*', 'owner/*' or 'owner/name' and a CLAUSE is a rate such as 0.3, " +
  'failed, error=TEXT, status=500, 429, 429=SECONDS, 503, drop, lost, garbled, dead, stall, queue=SECONDS, slow=FACTOR, ' +
  'empty, corrupt, corrupt=type|text|json|file, early, times=N, limit=N, from=10s, until=40s, on=get'

/** The fields that the text stands for, not yet checked. Throws UsageError with the grammar as its hint. */
export function fieldsOfText(written: string): JsonObject {
  const [model = '', ...clauses] = written.trim().split(':')
  if (clauses.length === 0) throw badText(written)
  const fields: JsonObject = { model }
  for (const clause of clauses) {
    for (const [name, value] of Object.entries(fieldsOfClause(written, clause.trim()))) {
      if (Object.hasOwn(fields, name))
        throw badText(written, name === 'fault' ? 'it names two faults' : `it says ${name} twice`)
      fields[name] = value
    }
  }
  if (fields['fault'] === undefined) fields['fault'] = fields['limit'] === undefined ? 'failed' : 'rate_limited'
  return fields
}

export function badText(written: string, why?: string): UsageError {
  return new UsageError(`"${written}" is no failure rule${why ? `: ${why}` : ''}`, { hint: textHint })
}

function fieldsOfClause(written: string, clause: string): JsonObject {
  if (/^(\d*\.\d+|\d)$/.test(clause)) return { rate: Number(clause) }
  const equals = clause.indexOf('=')
  const key = equals < 0 ? clause : clause.slice(0, equals)
  const value = equals < 0 ? undefined : clause.slice(equals + 1)
  const read = Object.hasOwn(clauses, key) ? clauses[key] : undefined
  const fields = read?.(value)
  if (!fields) throw badText(written, `"${clause}" is not understood`)
  return fields
}

type ClauseReader = (value: string | undefined) => JsonObject | undefined

/** A word that takes no value. */
const alone =
  (fault: string): ClauseReader =>
  (value) =>
    value === undefined ? { fault } : undefined
/** A fault and what it can't do without. */
const needing =
  (fault: string, name: string, read: (text: string) => string | number): ClauseReader =>
  (value) =>
    value ? { fault, [name]: read(value) } : undefined
/** A fault and what may be said of it. */
const taking =
  (fault: string, name: string): ClauseReader =>
  (value) => {
    if (value === undefined) return { fault }
    return value === '' ? undefined : { fault, [name]: value }
  }
const field =
  (name: string, read: (text: string) => string | number): ClauseReader =>
  (value) =>
    value ? { [name]: read(value) } : undefined

const asText = (text: string) => text
/** What is no number stays text, which the check of the fields then refuses. */
const asNumber = (text: string) => (/^\d+(\.\d+)?$/.test(text) ? Number(text) : text)

const clauses: Record<string, ClauseReader> = {
  failed: alone('failed'),
  error: needing('failed', 'error', asText),
  status: needing('status', 'status', asNumber),
  429: taking('rate_limited', 'retry_after'),
  503: taking('unavailable', 'retry_after'),
  drop: alone('drop'),
  lost: alone('lost'),
  garbled: alone('garbled'),
  dead: alone('dead'),
  stall: alone('stall'),
  queue: needing('cold_start', 'for', asText),
  slow: needing('slow', 'factor', asNumber),
  empty: alone('empty'),
  corrupt: taking('corrupt', 'how'),
  early: alone('early'),
  times: field('times', asNumber),
  limit: field('limit', asNumber),
  from: field('from', asText),
  until: field('until', asText),
  on: field('on', asText),
}
