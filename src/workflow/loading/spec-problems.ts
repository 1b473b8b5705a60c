/** Checks a document against the schema, says what is wrong in people's words, and keeps the rest for further checks. */
import type { z } from 'zod'
import type { Problem } from '../../domain/problem.ts'
import { isObject, type Json } from '../../std/json.ts'
import { nameOf } from '../inputs.ts'
import { stepIdPattern, type WorkflowSpec, workflowSpec } from '../spec.ts'
import { pathText } from '../template.ts'
import type { Path, Places } from './yaml-places.ts'

type Issue = z.core.$ZodIssue

export interface SpecOutcome {
  /** What of the document is good; undefined when not even its outline is. */
  spec: WorkflowSpec | undefined
  problems: Problem[]
}

export type Suggest = (written: string, known: Iterable<string>) => string | undefined

/**
 * Reads a document. Each fault takes the smallest field around it out of `data` (which is changed), so that the
 * rest of it is still read: every problem is found at once.
 */
export function readSpec(data: Json, places: Places, suggest: Suggest): SpecOutcome {
  const problems: Problem[] = []
  for (;;) {
    // One parse a process: building fast paths for it would cost more than they save.
    const outcome = workflowSpec.safeParse(data, { jitless: true })
    if (outcome.success) return { spec: outcome.data, problems }
    const issues = outcome.error.issues.flatMap((issue) => leavesOf(issue, []))
    for (const issue of issues) problems.push(...problemsOf(issue, data, places, suggest))
    const removed = issues.map((issue) => remove(data, issue))
    // Without its steps, a workflow still has inputs, agents and outputs to look at.
    if (isObject(data) && !Object.hasOwn(data, 'steps')) data.steps = {}
    else if (!removed.includes(true)) return { spec: undefined, problems }
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

function problemsOf(issue: Issue, data: Json, places: Places, suggest: Suggest): Problem[] {
  const path = issue.path as Path
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownField([...path, key], places, suggest))
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
  if (issue.code === 'custom')
    return [places.problem(path, { code: 'bad_schema', message: `\`${pathText('', path)}\`: ${issue.message}` })]
  const shown = `\`${pathText('', path)}\` ${issue.message}`
  const message = path.length === 0 ? `a workflow ${issue.message}` : shown
  return [
    places.problem(path, {
      code: 'wrong_type',
      message: `${message}, but is ${nameOf(value)}`,
      hint: hintFor(issue, value, suggest),
    }),
  ]
}

function nameHint(name: string): string | undefined {
  const better = name.toLowerCase().replace(/[^a-z0-9_]+/g, '_')
  return better !== name && /^[a-z]/.test(better) ? `write ${better}` : undefined
}

function hintFor(issue: Issue, value: Json, suggest: Suggest): string | undefined {
  const [first] = issue.path
  if (first === undefined) return 'it begins with `name:` and `steps:`'
  if (first === 'version' && typeof value === 'number') return `write version: "${value}"`
  if (first === 'steps' && issue.path.length === 1 && Array.isArray(value)) return listHint(value)
  const near =
    issue.code === 'invalid_value' && typeof value === 'string' ? suggest(value, issue.values.map(String)) : undefined
  return near === undefined ? undefined : `did you mean ${near}?`
}

/** How the first step of a list would be written. */
function listHint(steps: readonly Json[]): string {
  const [first] = steps
  const id = isObject(first) && typeof first.id === 'string' && stepIdPattern.test(first.id) ? first.id : 'draw'
  return `write the id as a key: \`${id}:\` with the fields of the step under it, in place of \`- id: ${id}\``
}

function unknownField(path: Path, places: Places, suggest: Suggest): Problem {
  const known = fieldsAt(path.slice(0, -1))
  const written = String(path.at(-1))
  const near = suggest(written, known)
  const parent = pathText('', path.slice(0, -1))
  return places.problem(path, {
    code: 'unknown_field',
    message: `there is no field \`${written}\`${parent === '' ? ' at the top of a workflow' : ` in ${parent}`}`,
    hint: near === undefined ? `known are ${known.join(', ')}` : `did you mean \`${near}\`?`,
    at: 'key',
  })
}

interface Shape {
  def: {
    type: string
    shape?: Record<string, Shape>
    valueType?: Shape
    element?: Shape
    innerType?: Shape
    options?: Shape[]
  }
}

/** The fields that the schema knows at a path. */
function fieldsAt(path: Path): string[] {
  let shape: Shape | undefined = workflowSpec as unknown as Shape
  for (const step of path) shape = shape && inner(unwrap(shape), String(step))
  const { def } = shape ? unwrap(shape) : { def: { type: 'none' } as Shape['def'] }
  return def.shape ? Object.keys(def.shape) : []
}

function unwrap(shape: Shape): Shape {
  const { type, innerType, options } = shape.def
  if (type === 'optional' && innerType) return unwrap(innerType)
  const object = type === 'union' ? options?.find((option) => option.def.type === 'object') : undefined
  return object ?? shape
}

function inner({ def }: Shape, step: string): Shape | undefined {
  return def.shape ? def.shape[step] : (def.valueType ?? def.element)
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
function remove(data: Json, issue: Issue): boolean {
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
    // Its surroundings went with an earlier issue.
    if (parent === undefined) return true
  }
  return false
}
