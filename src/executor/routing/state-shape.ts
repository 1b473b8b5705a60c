/** The router's file: its shape, how it is checked when it is read, and its text, which shows readable differences. */
import { z } from 'zod'
import { StoreError } from '../../domain/errors.ts'
import { isObject, type Json } from '../../std/json.ts'
import { type Derived, emptyTally, type Moments, type Sums, type Tally } from './statistics.ts'

const schemaVersion = 1

/** Sums of products of rounded numbers are rounded themselves. */
const rounding = 1e-6

const count = z.number().int().nonnegative()
const amount = z.number().nonnegative()

const momentsShape = z
  .strictObject({ n: amount, sum: amount, squares: amount })
  .refine(({ n, sum, squares }) => n > 0 || (sum === 0 && squares === 0), 'a sum of no values is not zero')
const isShare = ({ n, sum, squares }: Moments): boolean => sum <= n + rounding * n && squares <= n + rounding * n
const sharesShape = momentsShape.refine(isShare, 'the sum of scores is greater than their number')
const counted = <T extends typeof momentsShape>(shape: T) =>
  shape.refine(({ n }) => Number.isSafeInteger(n), 'the number of values is not whole')

const sumsFields = {
  calls: count,
  failures: count,
  unscored_failures: count,
  quality: counted(sharesShape),
  latency: counted(momentsShape),
  cost: counted(momentsShape),
}
type Counts = Pick<Sums, 'calls' | 'failures' | 'unscored_failures'>
const notMoreFailures = ({ calls, failures, unscored_failures }: Counts): boolean =>
  unscored_failures <= failures && failures <= calls
const sumsShape = z
  .strictObject(sumsFields)
  .refine(notMoreFailures, 'more failures than calls') satisfies z.ZodType<Sums>

const tallyShape = z.strictObject({
  ...{ calls: amount, failures: amount, unscored_failures: amount, scores: amount, score: amount },
}) satisfies z.ZodType<Tally>
const shareOrNull = z.number().min(0).max(1).nullable()
/** What is left out is nothing, as it mostly is. */
const derivedShape = z.strictObject({
  ema: z.strictObject({ quality: shareOrNull, latency_ms: amount.nullable(), cost_usd: amount.nullable() }),
  forgotten: tallyShape.default(emptyTally),
  drop: amount.default(0),
  since: tallyShape.default(emptyTally),
  changes: count.default(0),
}) satisfies z.ZodType<Derived>

const named = <T extends z.ZodType>(value: T) => z.record(z.string(), value)

const contextShape = z.strictObject({ ...sumsFields, at: count }).refine(notMoreFailures, 'more failures than calls')

const armShape = z.strictObject({
  /** The writer's revision that changed it last. */
  at: count,
  /** When that was, by the writer's clock. */
  seen: z.iso.datetime(),
  total: sumsShape,
  contexts: named(contextShape),
})

const writerShape = z.strictObject({
  /** Grows with each change, a reset included: of two entries of a writer the one with the greater revision is the later. */
  revision: count,
  agents: named(z.strictObject({ arms: named(armShape) })),
  /** What a reset of this file leaves out of other writers' arms: writer, agent, arm, and up to which revision of the arm. */
  forgotten: named(named(named(count))),
})

const referencesShape = z.strictObject({ cost_ref_usd: amount.optional(), latency_slo_ms: amount.optional() })

export const stateShape = z.strictObject({
  schema_version: z.literal(schemaVersion),
  /** Of this file; also the name of its own entry among the writers. */
  id: z.string().min(1).max(100),
  /** The number of the file with what was observed since: `router-state.N.jsonl`. */
  log: count.default(0),
  writers: named(writerShape),
  /** Depends on the order of observations, so it is kept for this file alone. */
  derived: z
    .strictObject({
      agents: named(named(z.strictObject({ total: derivedShape, contexts: named(derivedShape) }))),
      models: named(derivedShape),
    })
    .default(() => ({ agents: {}, models: {} })),
  references: named(referencesShape).default(() => ({})),
  /** Scores by decision and giver, so that a later one can replace an earlier one. */
  feedback: named(
    z.strictObject({ at: count, agent: z.string(), arm: z.string(), scores: named(z.number().min(0).max(1)) }),
  ).default(() => ({})),
  /** Decisions that were observed lately, so that none counts twice. */
  settled: named(z.strictObject({ at: count, succeeded: z.boolean() })).default(() => ({})),
})

export type StateFile = z.output<typeof stateShape>
export type Writer = StateFile['writers'][string]
export type ArmEntry = z.output<typeof armShape>
export type ContextEntry = z.output<typeof contextShape>

export function emptyState(id: string): StateFile {
  return {
    schema_version: schemaVersion,
    ...{ id, log: 0, writers: {}, derived: { agents: {}, models: {} }, references: {}, feedback: {}, settled: {} },
  }
}

/** Throws StoreError: `store_newer` for a file of a later version of the program, `store_corrupt` for what is no such file. */
export function readState(text: string, file: string): StateFile {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw corrupt(file, `it is not JSON: ${(error as Error).message}`)
  }
  if (isObject(value) && typeof value['schema_version'] === 'number' && value['schema_version'] > schemaVersion) {
    throw new StoreError(
      'store_newer',
      `the router's statistics in ${file} were written by a later version of replicate-agent (schema version ${value['schema_version']}, this one knows ${schemaVersion})`,
      { hint: 'use that version, or another home folder (REPLICATE_AGENT_HOME)' },
    )
  }
  const path = /__proto__|\\u/.test(text) ? pathOfPrototype(value) : undefined
  if (path !== undefined) throw corrupt(file, `${path}: "__proto__" is no name`)
  const checked = stateShape.safeParse(value)
  if (checked.success) return checked.data
  const issue = checked.error.issues[0]
  const where = issue?.path.map(String).join(' → ')
  throw corrupt(
    file,
    `${where === undefined || where === '' ? '' : `${where}: `}${issue?.message ?? 'it has another shape'}`,
  )
}

function corrupt(file: string, what: string): StoreError {
  return new StoreError('store_corrupt', `${file} is no file of router statistics: ${what}`)
}

/** The check by shape would leave it out without a word; it goes no deeper than this, either. */
function pathOfPrototype(value: unknown, levels = 10): string | undefined {
  if (typeof value !== 'object' || value === null || levels === 0) return undefined
  for (const [key, inner] of Object.entries(value)) {
    if (key === '__proto__') return 'the top'
    const found = pathOfPrototype(inner, levels - 1)
    if (found !== undefined) return found === 'the top' ? key : `${key} → ${found}`
  }
  return undefined
}

type Written = Pick<StateFile, 'schema_version' | 'id' | 'writers'> & Partial<StateFile>

/** Keys sorted; what holds no more than numbers, and numbers by name, stands on one line. Numbers survive exactly. */
export function stateText(state: Written): string {
  const lean = state.derived ? { ...state, derived: leanDerived(state.derived) } : state
  return `${lines(lean as unknown as Json, '')}\n`
}

function leanDerived({ agents, models }: StateFile['derived']) {
  return {
    agents: mapped(agents, (arms) =>
      mapped(arms, ({ total, contexts }) => {
        return { total: withoutNothing(total), contexts: mapped(contexts, withoutNothing) }
      }),
    ),
    models: mapped(models, withoutNothing),
  }
}

function mapped<V, W>(table: Readonly<Record<string, V>>, change: (value: V) => W): Record<string, W> {
  return Object.fromEntries(Object.entries(table).map(([name, value]) => [name, change(value)]))
}

function withoutNothing({ ema, forgotten, drop, since, changes }: Derived): Partial<Derived> {
  return {
    ema,
    ...(isSomething(forgotten) && { forgotten }),
    ...(drop > 0 && { drop }),
    ...(isSomething(since) && { since }),
    ...(changes > 0 && { changes }),
  }
}

function isSomething({ calls, failures, unscored_failures, scores, score }: Tally): boolean {
  return calls > 0 || failures > 0 || unscored_failures > 0 || scores > 0 || score > 0
}

function lines(value: Json, indent: string): string {
  const line = oneLine(value, 2)
  if (line !== undefined || !isObject(value)) return line ?? 'null'
  const inner = `${indent} `
  const fields = Object.keys(value)
    .sort()
    .map((key) => `${inner}${JSON.stringify(key)}: ${lines(value[key] as Json, inner)}`)
  return `{\n${fields.join(',\n')}\n${indent}}`
}

/** Undefined: objects stand in each other more than `levels` deep. */
function oneLine(value: Json, levels: number): string | undefined {
  if (typeof value === 'number') return String(value)
  if (!isObject(value)) return JSON.stringify(value)
  if (levels === 0) return undefined
  const fields: string[] = []
  for (const key of Object.keys(value).sort()) {
    const text = oneLine(value[key] as Json, levels - 1)
    if (text === undefined) return undefined
    fields.push(`${JSON.stringify(key)}:${text}`)
  }
  return `{${fields.join(',')}}`
}
