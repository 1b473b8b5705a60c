/** Checks a document against its schema, says what is wrong in people's words, and keeps the rest for further checks. */
import type { z } from 'zod'
import type { Problem } from '../domain/problem.ts'
import { isObject, type Json } from '../std/json.ts'
import { nameOf } from './name-of.ts'
import { pathText } from './path-text.ts'
import type { Path, Places } from './yaml-places.ts'

export type Issue = z.core.$ZodIssue

export type Suggest = (written: string, known: Iterable<string>) => string | undefined

/** A kind of document. */
export interface DocumentKind<T> {
  schema: z.ZodType<T>
  /** With its article: `a workflow`. */
  what: string
  /** Puts in what nothing can be said without; whether it did. */
  mend(data: Json): boolean
  /** What takes the place of an item of a list that is wrong; undefined: the whole list is taken out. */
  standIn?(path: Path, item: Json): Json | undefined
  /** What to do about a value that does not fit, where there is more to say than a name that is near. */
  hint(issue: Issue, value: Json): string | undefined
}

export interface DocumentOutcome<T> {
  /** What of the document is good; undefined when not even its outline is. */
  value: T | undefined
  problems: Problem[]
}

interface Reading {
  kind: DocumentKind<unknown>
  data: Json
  places: Places
  suggest: Suggest
}

/**
 * Reads a document. Each fault takes the smallest field around it out of `data` (which is changed), so that the
 * rest of it is still read: every problem is found at once.
 */
export function readDocument<T>(
  kind: DocumentKind<T>,
  data: Json,
  places: Places,
  suggest: Suggest,
): DocumentOutcome<T> {
  const problems: Problem[] = []
  const reading: Reading = { kind, data, places, suggest }
  for (;;) {
    // One parse a process: building fast paths for it would cost more than they save.
    const outcome = kind.schema.safeParse(data, { jitless: true })
    if (outcome.success) return { value: outcome.data, problems }
    const issues = outcome.error.issues.flatMap((issue) => leavesOf(issue, []))
    for (const issue of issues) problems.push(...problemsOf(issue, reading))
    const removed = issues.map((issue) => remove(data, issue, kind))
    if (!kind.mend(data) && !removed.includes(true)) return { value: undefined, problems }
  }
}

/** Of a union, the complaints of the form that was meant: the one that is of the value's own type. */
function leavesOf(issue: Issue, prefix: Path): Issue[] {
  const path = [...prefix, ...(issue.path as Path)]
  if (issue.code === 'invalid_union') {
    const meant = issue.errors.find((errors) => errors.length > 0 && !errors.some(isOfOtherKind))
    if (meant) return meant.flatMap((error) => leavesOf(error, path))
  }
  return [{ ...issue, path: [...path] }]
}

/** The value as a whole is none of this form of a union. */
function isOfOtherKind(issue: Issue): boolean {
  return issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value')
}

function problemsOf(issue: Issue, reading: Reading): Problem[] {
  const { data, places, kind } = reading
  const path = issue.path as Path
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownField([...path, key], reading))
  if (issue.code === 'invalid_key') {
    const [first] = issue.issues
    const message = `\`${String(path.at(-1))}\` can not be a name here: it ${first?.message ?? 'is not allowed'}`
    return [places.problem(path, { code: 'invalid_name', message, hint: nameHint(String(path.at(-1))), at: 'key' })]
  }
  const value = valueAt(data, path)
  if (value === undefined) {
    const parent = path.slice(0, -1)
    const message = `\`${String(path.at(-1))}\` is missing${parent.length > 0 ? ` in ${pathText('', parent)}` : ''}`
    return [places.problem(parent, { code: 'missing_field', message, at: 'key' })]
  }
  if (issue.code === 'custom') {
    const code = typeof issue.params?.['code'] === 'string' ? issue.params['code'] : 'bad_schema'
    return [places.problem(path, { code, message: `\`${pathText('', path)}\`: ${issue.message}` })]
  }
  const shown = `\`${pathText('', path)}\` ${issue.message}`
  const message = path.length === 0 ? `${kind.what} ${issue.message}` : shown
  return [
    places.problem(path, {
      code: 'wrong_type',
      message: `${message}, but is ${nameOf(value)}`,
      hint: kind.hint(issue, value) ?? nearValue(issue, value, reading.suggest),
    }),
  ]
}

function nameHint(name: string): string | undefined {
  const better = name.toLowerCase().replace(/[^a-z0-9_]+/g, '_')
  return better !== name && /^[a-z]/.test(better) ? `write ${better}` : undefined
}

function nearValue(issue: Issue, value: Json, suggest: Suggest): string | undefined {
  if (issue.code !== 'invalid_value' || typeof value !== 'string') return undefined
  const near = suggest(value, issue.values.map(String))
  return near === undefined ? undefined : `did you mean ${near}?`
}

function unknownField(path: Path, { kind, places, suggest }: Reading): Problem {
  const known = fieldsAt(kind.schema, path.slice(0, -1))
  const written = String(path.at(-1))
  const near = suggest(written, known)
  const parent = pathText('', path.slice(0, -1))
  return places.problem(path, {
    code: 'unknown_field',
    message: `there is no field \`${written}\`${parent === '' ? ` at the top of ${kind.what}` : ` in ${parent}`}`,
    hint: near === undefined ? `known are ${known.join(', ')}` : `did you mean \`${near}\`?`,
    at: 'key',
  })
}

interface Shape {
  def: {
    type: string
    shape?: Record<string, Shape>
    catchall?: Shape
    valueType?: Shape
    element?: Shape
    innerType?: Shape
    out?: Shape
    options?: Shape[]
  }
}

/** The fields that the schema knows at a path. */
function fieldsAt(schema: z.ZodType, path: Path): string[] {
  let shape: Shape | undefined = schema
  for (const step of path) shape = shape && inner(unwrap(shape), String(step))
  const { def } = shape ? unwrap(shape) : { def: { type: 'none' } as Shape['def'] }
  return def.shape ? Object.keys(def.shape) : []
}

/** What the schema takes at a path, as zod names it: `number`, `boolean`, `string`, …; nothing where it knows no such place. */
export function typesAt(schema: z.ZodType, path: Path): string[] {
  let shape: Shape | undefined = schema
  for (const step of path) shape = shape && inner(unwrap(shape), String(step))
  return shape ? typesOf(shape) : []
}

function typesOf({ def: { type, innerType, out, options } }: Shape): string[] {
  const inside = type === 'optional' ? innerType : out
  if (inside) return typesOf(inside)
  return options ? options.flatMap(typesOf) : [type]
}

function unwrap(shape: Shape): Shape {
  const { type, innerType, out, options } = shape.def
  const inside = type === 'optional' ? innerType : out
  if (inside) return unwrap(inside)
  const object = type === 'union' ? options?.find((option) => option.def.type === 'object') : undefined
  return object ?? shape
}

function inner({ def }: Shape, step: string): Shape | undefined {
  return def.shape ? (def.shape[step] ?? def.catchall) : (def.valueType ?? def.element)
}

function valueAt(data: Json, path: Path): Json | undefined {
  let value: Json | undefined = data
  for (const step of path) {
    if (Array.isArray(value)) value = value[Number(step)]
    else if (isObject(value) && Object.hasOwn(value, step)) value = value[step] as Json
    else return undefined
  }
  return value
}

/** Takes out what an issue complains of: a field, else the nearest field around. Whether anything was taken. */
function remove(data: Json, issue: Issue, { standIn }: DocumentKind<unknown>): boolean {
  const path = issue.path as Path
  if (issue.code === 'unrecognized_keys') {
    const parent = valueAt(data, path)
    if (!isObject(parent)) return true
    for (const key of issue.keys) delete parent[key]
    return true
  }
  for (let length = path.length; length > 0; length -= 1) {
    const parent = valueAt(data, path.slice(0, length - 1))
    const key = String(path[length - 1])
    if (isObject(parent) && Object.hasOwn(parent, key)) {
      delete parent[key]
      return true
    }
    const other = Array.isArray(parent) ? standIn?.(path.slice(0, length), parent[Number(key)] ?? null) : undefined
    if (Array.isArray(parent) && other !== undefined) {
      parent[Number(key)] = other
      return true
    }
    // Its surroundings went with an earlier issue.
    if (parent === undefined) return true
  }
  return false
}
