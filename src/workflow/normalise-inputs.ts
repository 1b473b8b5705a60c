/** Input specs as written → as kept, with their contradictions reported. */
import type { InputSpec } from '../domain/definition.ts'
import type { Json } from '../std/json.ts'
import { checkInput, matchesPattern } from './inputs.ts'
import { besideFile, type Loading } from './loading.ts'
import type { InputSpecWritten } from './spec.ts'
import type { Path } from './yaml-places.ts'

type Inputs = Record<string, InputSpecWritten>

export function normaliseInputs(written: Inputs | undefined, path: Path, loading: Loading): Record<string, InputSpec> {
  const specs: Record<string, InputSpec> = {}
  for (const [name, spec] of Object.entries(written ?? {})) specs[name] = normaliseInput(spec, [...path, name], loading)
  return specs
}

function normaliseInput(written: InputSpecWritten, path: Path, loading: Loading): InputSpec {
  const { type = 'string', description, enum: choices, min, max, pattern, secret = false } = written
  const given = written.default as Json | undefined
  const spec: InputSpec = { type, required: written.required ?? given === undefined, secret }
  if (description !== undefined) spec.description = description
  if (min !== undefined) spec.min = min
  if (max !== undefined) spec.max = max
  if (pattern !== undefined) spec.pattern = pattern
  if (choices !== undefined) spec.enum = choices as Json[]
  const sound = checkConstraints(spec, path, loading)
  if (given === undefined) return spec
  spec.default = given
  if (written.required) contradiction(loading, [...path, 'required'], 'an input with a default is never required', 'leave out one of them')
  if (secret) {
    loading.report([...path, 'default'], {
      code: 'secret_in_file',
      severity: 'warning',
      message: 'a secret that stands in the file is none',
      hint: 'leave the default out, or the `secret: true`',
    })
  }
  const fault = sound && given !== null ? checkInput(spec, given) : undefined
  if (fault) loading.report([...path, 'default'], { code: 'wrong_type', message: `the default ${fault.message}`, hint: fault.hint })
  if (type === 'file' && typeof given === 'string' && !/^[a-z][a-z0-9+.-]+:/i.test(given)) spec.default = besideFile(loading.file, given)
  return spec
}

/** Whether the constraints make sense together; what does not is reported and taken out. */
function checkConstraints(spec: InputSpec, path: Path, loading: Loading): boolean {
  const before = loading.problems.length
  const { type, min, max, pattern } = spec
  const bounded = type === 'number' || type === 'integer' || type === 'string' || type === 'array'
  for (const field of ['min', 'max'] as const) {
    if (spec[field] !== undefined && !bounded) misplaced(loading, [...path, field], field, type)
  }
  if (min !== undefined && max !== undefined && min > max) {
    contradiction(loading, [...path, 'min'], `min (${min}) is more than max (${max})`, 'no value would be allowed')
  }
  if (pattern !== undefined) {
    const outcome = type === 'string' ? matchesPattern(pattern, '') : misplaced(loading, [...path, 'pattern'], 'pattern', type)
    if (typeof outcome === 'object') loading.report([...path, 'pattern'], { code: 'bad_pattern', message: outcome.message })
  }
  if (spec.secret && (type === 'file' || type === 'boolean')) misplaced(loading, [...path, 'secret'], 'secret', type)
  const { enum: choices, ...open } = spec
  for (const [index, choice] of (choices ?? []).entries()) {
    const fault = checkInput(open, choice)
    if (fault) loading.report([...path, 'enum', index], { code: 'wrong_type', message: `this value ${fault.message}`, hint: fault.hint })
  }
  return loading.problems.length === before
}

function misplaced(loading: Loading, path: Path, field: string, type: string): false {
  loading.report(path, { code: 'misplaced_field', message: `\`${field}\` has no meaning for an input of type ${type}`, at: 'key' })
  return false
}

function contradiction(loading: Loading, path: Path, message: string, hint: string): void {
  loading.report(path, { code: 'contradiction', message, hint, at: 'key' })
}
