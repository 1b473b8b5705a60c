/** What a function of the language is: its parameters, what it gives, what it says about itself, and its code. */
import type { Json } from '../../std/json.ts'
import type { Budget } from '../budget.ts'
import type { Kind } from '../values.ts'
import type { ValueType } from '../value-type.ts'

export interface Parameter {
  name: string
  /** Absent: any value. */
  kinds?: readonly Kind[]
  /** May be left out; optional ones come last. */
  optional?: true
  /** Takes all further arguments, at least `atLeast` of them; the last parameter only. */
  rest?: { atLeast: number }
}

export interface CallContext {
  budget: Budget
  /** Milliseconds since 1970; the same throughout an evaluation. */
  now: number
}

export interface FunctionSpec {
  parameters: readonly Parameter[]
  result: ValueType | ((args: readonly ValueType[]) => ValueType)
  /** One sentence. */
  doc: string
  /** The first argument may be missing: it is then null, or (`presence`) a boolean says whether it is there. */
  lenient?: 'null' | 'presence'
  /** Arguments are as the parameters want; the result is plain JSON. Throws Fault. */
  call(args: readonly Json[], context: CallContext): Json
}

/** `slice(x, from, to?)`. */
export function signatureOf(name: string, spec: FunctionSpec): string {
  const parts = spec.parameters.map((parameter) => {
    if (parameter.rest) return `${parameter.name}…`
    return parameter.optional ? `${parameter.name}?` : parameter.name
  })
  return `${name}(${parts.join(', ')})`
}

/** The least and the largest number of arguments. */
function arityOf(spec: FunctionSpec): { least: number; most: number } {
  const required = spec.parameters.filter((parameter) => !parameter.optional && !parameter.rest).length
  const rest = spec.parameters.at(-1)?.rest
  return {
    least: required + (rest?.atLeast ?? 0),
    most: rest ? Number.POSITIVE_INFINITY : spec.parameters.length,
  }
}

export function parameterAt(spec: FunctionSpec, at: number): Parameter | undefined {
  const last = spec.parameters.at(-1)
  return spec.parameters[at] ?? (last?.rest ? last : undefined)
}

/** What is wrong with a number of arguments, or undefined. */
export function arityFault(name: string, spec: FunctionSpec, count: number): string | undefined {
  const { least, most } = arityOf(spec)
  if (count >= least && count <= most) return undefined
  const wanted =
    least === most ? `${least}` : most === Number.POSITIVE_INFINITY ? `at least ${least}` : `${least} to ${most}`
  return `${name} takes ${wanted} argument${wanted === '1' ? '' : 's'}, not ${count}`
}
