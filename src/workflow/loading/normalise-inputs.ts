/** Input specs as written → as kept, with their contradictions reported. */
import type { InputSpec } from '../../domain/definition.ts'
import type { Json } from '../../std/json.ts'
import { checkInput, matchesPattern } from '../inputs.ts'
import { listOf } from '../../documents/agent/normalise.ts'
import { besideFile, type Loading } from '../../documents/loading.ts'
import { defined } from '../../std/defined.ts'
import type { InputSpecWritten } from '../spec.ts'
import type { Path } from '../../documents/yaml-places.ts'

type Inputs = Record<string, InputSpecWritten>

export function normaliseInputs(written: Inputs | undefined, path: Path, loading: Loading): Record<string, InputSpec> {
  const specs: Record<string, InputSpec> = {}
  for (const [name, spec] of Object.entries(written ?? {})) specs[name] = normaliseInput(spec, [...path, name], loading)
  return specs
}

function normaliseInput(written: InputSpecWritten, path: Path, loading: Loading): InputSpec {
  const { type = 'string', description, min, max, pattern, text, secret = false } = written
  const given = written.default as Json | undefined
  const required = written.required ?? given === undefined
  const choices = written.enum as Json[] | undefined
  const accept = written.accept === undefined ? undefined : listOf(written.accept).map((ending) => ending.toLowerCase())
  const constraints = { description, min, max, pattern, accept, text, enum: choices }
  const spec: InputSpec = { type, required, secret, ...defined(constraints) }
  const sound = checkConstraints(spec, path, loading)
  if (given === undefined) return spec
  if (written.required) {
    const message = 'an input with a default is never required'
    loading.report([...path, 'required'], { code: 'contradiction', message, hint: 'leave out one of them', at: 'key' })
  }
  return { ...spec, default: checkedDefault(spec, given, sound, [...path, 'default'], loading) }
}

/** The default as it is kept: a path becomes one that holds wherever the run is started from. */
function checkedDefault(spec: InputSpec, given: Json, sound: boolean, path: Path, loading: Loading): Json {
  if (spec.secret) {
    const message = 'a secret that stands in the file is none'
    const hint = 'leave the default out, or the `secret: true`'
    loading.report(path, { code: 'secret_in_file', severity: 'warning', message, hint })
  }
  const fault = sound && given !== null ? checkInput(spec, given) : undefined
  if (fault) loading.report(path, { code: 'wrong_type', message: `the default ${fault.message}`, hint: fault.hint })
  if (spec.type !== 'file' && spec.type !== 'files') return given
  const placed = (one: Json): Json => (isLocalPath(one) ? besideFile(loading.file, one) : one)
  return Array.isArray(given) ? given.map(placed) : placed(given)
}

function isLocalPath(value: Json): value is string {
  return typeof value === 'string' && !/^[a-z][a-z0-9+.-]+:/i.test(value)
}

const boundedTypes: ReadonlySet<InputSpec['type']> = new Set(['number', 'integer', 'string', 'array', 'files'])
const secretTypes: ReadonlySet<InputSpec['type']> = new Set(['string', 'number', 'integer', 'array', 'object'])
/** Fields that mean something for inputs of some types only. */
const typesOfField = [
  ['min', boundedTypes],
  ['max', boundedTypes],
  ['accept', new Set<InputSpec['type']>(['file', 'files'])],
  ['text', new Set<InputSpec['type']>(['files'])],
  ['secret', secretTypes],
] as const

/** Whether the constraints make sense together; what does not is reported. */
function checkConstraints(spec: InputSpec, path: Path, loading: Loading): boolean {
  const before = loading.problems.length
  const { type, min, max } = spec
  for (const [field, types] of typesOfField) {
    if (spec[field] !== undefined && spec[field] !== false && !types.has(type))
      misplaced(loading, [...path, field], type)
  }
  if (min !== undefined && max !== undefined && min > max) {
    const message = `min (${min}) is more than max (${max})`
    loading.report([...path, 'min'], { code: 'contradiction', message, hint: 'no value would be allowed', at: 'key' })
  }
  checkPattern(spec, [...path, 'pattern'], loading)
  const { enum: choices = [], ...open } = spec
  for (const [index, choice] of choices.entries()) {
    const fault = checkInput(open, choice)
    if (!fault) continue
    const message = `this value ${fault.message}`
    loading.report([...path, 'enum', index], { code: 'wrong_type', message, hint: fault.hint })
  }
  return loading.problems.length === before
}

function checkPattern({ type, pattern }: InputSpec, path: Path, loading: Loading): void {
  if (pattern === undefined) return
  if (type !== 'string') return misplaced(loading, path, type)
  const outcome = matchesPattern(pattern, '')
  if (typeof outcome === 'object') loading.report(path, { code: 'bad_pattern', message: outcome.message })
}

function misplaced(loading: Loading, path: Path, type: string): void {
  const message = `\`${String(path.at(-1))}\` has no meaning for an input of type ${type}`
  loading.report(path, { code: 'misplaced_field', message, at: 'key' })
}
