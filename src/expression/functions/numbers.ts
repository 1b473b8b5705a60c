/** Functions of numbers, and conversion to and from them. */
import type { Json } from '../../std/json.ts'
import { finite } from '../arithmetic.ts'
import { type Budget, reserveList, spend } from '../budget.ts'
import { order } from '../compare.ts'
import { Fault } from '../fault.ts'
import { toText } from '../json-text.ts'
import { describe, truthy } from '../values.ts'
import { anyType, booleanType, listOf, numberType, stringType, type ValueType } from '../value-type.ts'
import type { FunctionSpec } from './function-spec.ts'
import { roundTo } from './rounding.ts'

const number = { name: 'x', kinds: ['number'] } as const

/** The elements of the only list, or all arguments. */
function candidates(args: readonly Json[]): readonly Json[] {
  return args.length === 1 && Array.isArray(args[0]) ? args[0] : args
}

function extreme(name: string, sign: 1 | -1): FunctionSpec['call'] {
  return (args, { budget }) => {
    const values = candidates(args)
    spend(budget, values.length)
    const [first, ...rest] = values
    if (first === undefined) throw new Fault('empty_list', `${name} of an empty list`, `write ${name}(x) if x else 0`)
    if (rest.length === 0) order(first, first, budget, `${name} compares`)
    return rest.reduce<Json>(
      (best, value) => (order(value, best, budget, `${name} compares`) * sign > 0 ? value : best),
      first,
    )
  }
}

function typeOfExtreme(args: readonly ValueType[]): ValueType {
  const [first] = args
  if (first?.kind === 'array') return first.items
  return first?.kind === 'number' || first?.kind === 'string' ? first : anyType
}

function toInteger(value: Json): number {
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'number') return finite(Math.trunc(value))
  const text = (value as string).trim()
  if (text.length > 400 || !/^[+-]?\d+$/.test(text)) {
    const decimal = text.length <= 400 && isDecimal(text)
    throw new Fault(
      'not_a_number',
      `int reads whole numbers, not ${describe(value)}`,
      decimal ? 'write int(float(x))' : undefined,
    )
  }
  const result = Number(text)
  if (!Number.isSafeInteger(result)) {
    throw new Fault(
      'number_too_large',
      'this whole number is too large to be exact',
      'the largest is 9007199254740991; keep it as a string',
    )
  }
  return finite(result)
}

function isDecimal(text: string): boolean {
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)
}

function toFloat(value: Json): number {
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'number') return value
  const text = (value as string).trim()
  if (text.length > 400 || !isDecimal(text))
    throw new Fault('not_a_number', `float reads decimal numbers, not ${describe(value)}`)
  return finite(Number(text))
}

function range(args: readonly Json[], budget: Budget): number[] {
  const [start, stop, step = 1] = (args.length === 1 ? [0, args[0]] : args) as number[]
  for (const value of [start, stop, step] as number[]) {
    if (!Number.isSafeInteger(value)) throw new Fault('wrong_type', `range wants whole numbers, not ${value}`)
  }
  if (step === 0) throw new Fault('out_of_range', 'the step of range can not be 0')
  const count = Math.max(0, Math.ceil(((stop as number) - (start as number)) / step))
  reserveList(budget, count)
  return Array.from({ length: count }, (_, at) => (start as number) + at * step)
}

const readable = ['number', 'string', 'boolean'] as const

export const numberFunctions = {
  min: {
    parameters: [{ name: 'values', rest: { atLeast: 1 } }],
    result: typeOfExtreme,
    doc: 'The least of a list, or of its arguments: numbers, or strings.',
    call: extreme('min', -1),
  },
  max: {
    parameters: [{ name: 'values', rest: { atLeast: 1 } }],
    result: typeOfExtreme,
    doc: 'The greatest of a list, or of its arguments: numbers, or strings.',
    call: extreme('max', 1),
  },
  sum: {
    parameters: [{ name: 'list', kinds: ['array'] }],
    result: numberType,
    doc: 'The sum of a list of numbers; 0 when it is empty.',
    call: (args, { budget }) => {
      const list = args[0] as Json[]
      spend(budget, list.length)
      let total = 0
      for (const value of list) {
        if (typeof value !== 'number')
          throw new Fault('wrong_type', `sum adds numbers, but there is ${describe(value)}`)
        total += value
      }
      return finite(total)
    },
  },
  abs: {
    parameters: [number],
    result: numberType,
    doc: 'The number without its sign.',
    call: (args) => Math.abs(args[0] as number),
  },
  round: {
    parameters: [number, { name: 'digits', kinds: ['number'], optional: true }],
    result: numberType,
    doc: 'Rounds half away from zero, to whole numbers or to so many decimal digits.',
    call: (args) => roundTo(args[0] as number, (args[1] ?? 0) as number),
  },
  floor: {
    parameters: [number],
    result: numberType,
    doc: 'The next whole number downwards.',
    call: (args) => finite(Math.floor(args[0] as number)),
  },
  ceil: {
    parameters: [number],
    result: numberType,
    doc: 'The next whole number upwards.',
    call: (args) => finite(Math.ceil(args[0] as number)),
  },
  int: {
    parameters: [{ name: 'x', kinds: readable }],
    result: numberType,
    doc: 'A whole number: of a number its whole part, of a string the number written in it.',
    call: (args) => toInteger(args[0] as Json),
  },
  float: {
    parameters: [{ name: 'x', kinds: readable }],
    result: numberType,
    doc: 'The number written in a string; a number is itself.',
    call: (args) => toFloat(args[0] as Json),
  },
  str: {
    parameters: [{ name: 'x' }],
    result: stringType,
    doc: 'Text of any value: a string is itself, everything else is compact JSON.',
    call: (args, { budget }) => toText(args[0] as Json, budget),
  },
  bool: {
    parameters: [{ name: 'x' }],
    result: booleanType,
    doc: 'Whether the value counts as true: null, 0, false and what is empty do not.',
    call: (args) => truthy(args[0] as Json),
  },
  range: {
    parameters: [
      { name: 'start', kinds: ['number'] },
      { name: 'stop', kinds: ['number'], optional: true },
      { name: 'step', kinds: ['number'], optional: true },
    ],
    result: listOf(numberType),
    doc: 'Whole numbers from start (0 when only one is given) up to, not including, stop.',
    call: (args, { budget }) => range(args, budget),
  },
} satisfies Record<string, FunctionSpec>
