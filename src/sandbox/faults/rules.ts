/** Reads failure rules, as text or as fields, into what the injector goes by; both take the same way. */
import { UsageError } from '../../domain/errors.ts'
import { parseDuration } from '../../std/duration.ts'
import { isObject } from '../../std/json.ts'
import { suggest } from '../../std/suggest.ts'
import { type Corruption, corruptions, type Fault, type FaultRule, type Occasion } from './fault.ts'
import { badText, fieldsOfText } from './rule-text.ts'

/** A rule in a file or in code: `'*:429=2:times=1'`, or the same as fields (docs/sandbox.md lists them). */
export type FaultInput = string | Readonly<Record<string, unknown>>

/** Something that is wrong in a scenario, and where. */
export interface ScenarioProblem {
  path: readonly (string | number)[]
  /** Whether it is about the key or the value that stands there. */
  at: 'key' | 'value'
  code: 'unknown_field' | 'missing_field' | 'invalid_value'
  message: string
  hint?: string
}

export type Tell = (problem: ScenarioProblem) => void
type Path = readonly (string | number)[]

/** Throws UsageError with the grammar as its hint. */
export function parseFaultRule(written: string): FaultRule {
  const fields = fieldsOfText(written)
  const problems: ScenarioProblem[] = []
  const rule = ruleOf(fields, [], (problem) => problems.push(problem))
  if (!rule) throw badText(written, problems[0]?.message)
  return rule
}

/** Every rule that can be read; of the others, `tell` hears. */
export function readFaults(written: unknown, path: Path, tell: Tell): FaultRule[] {
  if (!Array.isArray(written)) {
    tell(invalid(path, 'faults is a list of rules', 'begin each rule with a dash'))
    return []
  }
  return written.flatMap((each: unknown, at) => readRule(each, [...path, at], tell) ?? [])
}

function readRule(written: unknown, path: Path, tell: Tell): FaultRule | undefined {
  if (typeof written === 'string') {
    try {
      return parseFaultRule(written)
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      tell(invalid(path, error.message, error.hint))
      return undefined
    }
  }
  if (isObject(written)) return ruleOf(written, path, tell)
  tell(invalid(path, "a rule is text such as '*:429=2', or fields: model, fault, rate, …"))
  return undefined
}

// ── fields ──

interface Kind {
  /** Fields that only some faults have. */
  takes: readonly string[]
  needs?: string
  on: readonly Occasion[]
  make(fields: Readonly<Record<string, unknown>>): Fault
}

const requests: readonly Occasion[] = ['create', 'get', 'cancel', 'stream', 'download', 'upload']
const answers: readonly Occasion[] = ['create', 'get', 'cancel']

const kinds: Record<string, Kind> = {
  failed: {
    takes: ['error'],
    on: ['create'],
    make: ({ error = 'E1000: Prediction failed (injected by the sandbox)' }) => ({
      kind: 'failed',
      error: error as string,
    }),
  },
  status: {
    takes: ['status', 'retry_after'],
    needs: 'status',
    on: requests,
    make: ({ status, retry_after = status === 429 ? 1 : undefined }) => refusal(status as number, retry_after),
  },
  rate_limited: {
    takes: ['retry_after', 'limit'],
    on: requests,
    make: ({ limit, retry_after = limit === undefined ? 1 : undefined }) => refusal(429, retry_after),
  },
  unavailable: { takes: ['retry_after'], on: requests, make: ({ retry_after }) => refusal(503, retry_after) },
  drop: { takes: [], on: requests, make: () => ({ kind: 'drop', when: 'before' }) },
  lost: { takes: [], on: answers, make: () => ({ kind: 'drop', when: 'after' }) },
  garbled: { takes: [], on: answers, make: () => ({ kind: 'garbled' }) },
  dead: { takes: [], on: ['create'], make: () => ({ kind: 'dead' }) },
  stall: { takes: [], on: ['create'], make: () => ({ kind: 'stall' }) },
  cold_start: {
    takes: ['for'],
    needs: 'for',
    on: ['create'],
    make: ({ for: duration }) => ({ kind: 'queue', seconds: durationMs(duration) / 1_000 }),
  },
  slow: {
    takes: ['factor'],
    needs: 'factor',
    on: ['create'],
    make: ({ factor }) => ({ kind: 'slow', factor: factor as number }),
  },
  empty: { takes: [], on: ['create'], make: () => ({ kind: 'empty' }) },
  corrupt: {
    takes: ['how'],
    on: ['create'],
    make: ({ how = 'type' }) => ({ kind: 'corrupt', how: how as Corruption }),
  },
  early: { takes: [], on: ['create'], make: () => ({ kind: 'early' }) },
}

/** `Retry-After` counts whole seconds. */
function refusal(status: number, retryAfter: unknown): Fault {
  return {
    kind: 'status',
    status,
    retryAfterS: retryAfter === undefined ? undefined : Math.ceil(durationMs(retryAfter) / 1_000),
  }
}

/** Of checked fields. */
const durationMs = (value: unknown): number => parseDuration(value as string | number) as number

const longestMs = 24 * 3_600_000
const isDuration = (value: unknown): boolean => {
  const ms = typeof value === 'string' || typeof value === 'number' ? parseDuration(value) : undefined
  return ms !== undefined && ms <= longestMs
}
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0
const within =
  (from: number, to: number) =>
  (value: unknown): boolean =>
    typeof value === 'number' && value >= from && value <= to
const oneOf = (words: readonly string[]) => (value: unknown) => typeof value === 'string' && words.includes(value)

interface Field {
  is(value: unknown): boolean
  /** What the field takes, for its error. */
  what: string
}

const someTime = { is: isDuration, what: 'a duration such as 500ms, 2s or 5m, of at most a day' }
const someCount = { is: isCount, what: 'a whole number, 0 or more' }

const fieldTable: Record<string, Field> = {
  model: {
    is: (value) => typeof value === 'string' && /^(\*|[\w.-]+\/(\*|[\w.-]+))$/.test(value),
    what: '"*", "owner/*" or "owner/name"',
  },
  fault: { is: oneOf(Object.keys(kinds)), what: `one of ${Object.keys(kinds).join(', ')}` },
  rate: { is: within(0, 1), what: 'a share from 0 to 1' },
  times: someCount,
  on: { is: oneOf(requests), what: `one of ${requests.join(', ')}` },
  from: someTime,
  until: someTime,
  error: { is: (value) => typeof value === 'string' && value !== '', what: 'a text' },
  status: { is: (value) => isCount(value) && within(400, 599)(value), what: 'a status from 400 to 599' },
  retry_after: someTime,
  limit: someCount,
  for: someTime,
  factor: { is: (value) => within(0, 1_000)(value) && value !== 0, what: 'a number over 0, up to 1000' },
  how: { is: oneOf(corruptions), what: `one of ${corruptions.join(', ')}` },
}

/** Fields that every rule may have. */
const general = ['model', 'fault', 'rate', 'times', 'on', 'from', 'until'] as const

/** The rule, or undefined when `tell` heard of something. */
function ruleOf(fields: Readonly<Record<string, unknown>>, path: Path, tell: Tell): FaultRule | undefined {
  const problems: ScenarioProblem[] = []
  const kind = kindOf(fields, path, problems)
  for (const [name, value] of Object.entries(fields)) problems.push(...fieldProblems(name, value, kind, path))
  if (kind && problems.length === 0) problems.push(...clashes(fields, kind, path))
  for (const problem of problems) tell(problem)
  if (!kind || problems.length > 0) return undefined
  const made = kind.make(fields)
  return {
    target: (fields['model'] as string | undefined) ?? '*',
    on: made.kind === 'dead' ? ['create', 'model'] : [(fields['on'] as Occasion | undefined) ?? 'create'],
    fault: made,
    rate: (fields['rate'] as number | undefined) ?? 1,
    times: fields['times'] as number | undefined,
    limit: fields['limit'] as number | undefined,
    fromMs: fields['from'] === undefined ? 0 : durationMs(fields['from']),
    untilMs: fields['until'] === undefined ? Number.POSITIVE_INFINITY : durationMs(fields['until']),
  }
}

function kindOf(fields: Readonly<Record<string, unknown>>, path: Path, problems: ScenarioProblem[]): Kind | undefined {
  const { fault } = fields
  if (fault === undefined) {
    const hint = `add "fault", ${fieldTable['fault']?.what}`
    problems.push({ path, at: 'value', code: 'missing_field', message: 'the rule does not say what goes wrong', hint })
    return undefined
  }
  return typeof fault === 'string' && Object.hasOwn(kinds, fault) ? kinds[fault] : undefined
}

function fieldProblems(name: string, value: unknown, kind: Kind | undefined, path: Path): ScenarioProblem[] {
  const here = [...path, name]
  const field = Object.hasOwn(fieldTable, name) ? fieldTable[name] : undefined
  if (!field) return [unknownField(here, Object.keys(fieldTable))]
  if (!field.is(value)) {
    const near = name === 'fault' && typeof value === 'string' ? suggest(value, Object.keys(kinds)) : undefined
    const hint = near === undefined ? undefined : `did you mean "${near}"?`
    return [invalid(here, `"${name}" is ${field.what}, not ${shown(value)}`, hint)]
  }
  const known: readonly string[] = [...general, ...(kind?.takes ?? [name])]
  if (known.includes(name)) return []
  const takes = kind?.takes.length ? `it takes ${kind.takes.join(', ')}` : 'it takes none but the general fields'
  return [{ path: here, at: 'key', code: 'unknown_field', message: `this fault has no "${name}"`, hint: takes }]
}

/** What is wrong with fields that are all right each. */
function clashes(fields: Readonly<Record<string, unknown>>, kind: Kind, path: Path): ScenarioProblem[] {
  const { on = 'create', from, until, limit, fault } = fields
  const found: ScenarioProblem[] = []
  if (kind.needs !== undefined && fields[kind.needs] === undefined) {
    const message = `"${String(fault)}" needs "${kind.needs}"`
    const hint = `${kind.needs}: ${fieldTable[kind.needs]?.what}`
    found.push({ path: [...path, 'fault'], at: 'value', code: 'missing_field', message, hint })
  }
  if (!kind.on.includes(on as Occasion))
    found.push(invalid([...path, 'on'], `"${String(fault)}" can't be on ${String(on)}, only on ${kind.on.join(', ')}`))
  if (limit !== undefined && on !== 'create')
    found.push(invalid([...path, 'limit'], '"limit" counts creates; leave "on" out'))
  if (until !== undefined && durationMs(until) <= durationMs(from ?? 0))
    found.push(invalid([...path, 'until'], '"until" is not after "from"'))
  return found
}

// ── problems ──

export function unknownField(path: Path, known: readonly string[]): ScenarioProblem {
  const name = String(path.at(-1))
  const near = suggest(name, known)
  const hint = near === undefined ? `fields are ${known.join(', ')}` : `did you mean "${near}"?`
  return { path, at: 'key', code: 'unknown_field', message: `"${name}" is no field here`, hint }
}

export function invalid(path: Path, message: string, hint?: string): ScenarioProblem {
  return { path, at: 'value', code: 'invalid_value', message, ...(hint !== undefined && { hint }) }
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
