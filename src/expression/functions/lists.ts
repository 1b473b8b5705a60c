/** Functions of lists and objects. */
import type { Json, JsonObject } from '../../std/json.ts'
import { readSlice } from '../access.ts'
import { type Budget, reserveList, spend, spendText } from '../budget.ts'
import { equal, order } from '../compare.ts'
import { Fault } from '../fault.ts'
import { toJsonText } from '../json-text.ts'
import { lengthOfText, sliceOfText } from '../text.ts'
import { describe, truthy } from '../values.ts'
import { anyType, booleanType, listOf, numberType, stringType, type ValueType } from '../value-type.ts'
import type { FunctionSpec } from './function-spec.ts'
import { findAt, parsePath, readAt } from './path.ts'

const list = { name: 'list', kinds: ['array'] } as const
const object = { name: 'object', kinds: ['object'] } as const
const field = { name: 'field', kinds: ['string'] } as const

function itemsOf(type: ValueType | undefined): ValueType {
  if (type?.kind === 'array') return type.items
  return type?.kind === 'string' ? type : anyType
}

function sequence(type: ValueType | undefined): ValueType {
  return type?.kind === 'array' || type?.kind === 'string' ? type : anyType
}

function edge(from: 0 | -1): FunctionSpec['call'] {
  return (args, { budget }) => {
    const value = args[0] as Json[] | string
    if (typeof value !== 'string') return value.at(from) ?? null
    const length = lengthOfText(value, budget)
    if (length === 0) return null
    return from === 0 ? sliceOfText(value, 0, 1, budget) : sliceOfText(value, length - 1, length, budget)
  }
}

function sorted(args: readonly Json[], budget: Budget): Json[] {
  const [source, by, direction = 'asc'] = args as [Json[], string | null | undefined, string | undefined]
  if (direction !== 'asc' && direction !== 'desc') {
    throw new Fault('out_of_range', `sort goes "asc" or "desc", not ${describe(direction)}`)
  }
  const sign = direction === 'desc' ? -1 : 1
  reserveList(budget, source.length)
  const path = typeof by === 'string' ? parsePath(by, budget) : []
  const keyed = source.map((item) => ({ item, key: readAt(item, path, budget) }))
  const [only] = keyed
  if (only && keyed.length === 1) order(only.key, only.key, budget, 'sort compares')
  keyed.sort((a, b) => {
    spend(budget, 1)
    return sign * order(a.key, b.key, budget, 'sort compares')
  })
  return keyed.map((entry) => entry.item)
}

function unique(source: readonly Json[], budget: Budget): Json[] {
  const plain = new Set<Json>()
  const structured = new Set<Json>()
  const kept = source.filter((item) => {
    const seen = typeof item === 'object' && item !== null ? structured : plain
    const key = typeof item === 'object' && item !== null ? sortedText(item, budget) : item
    spendText(budget, typeof key === 'string' ? key.length : 0)
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
  reserveList(budget, kept.length)
  return kept
}

/** Equal values have equal texts; `toJsonText` has checked depth and size before the keys are sorted. */
function sortedText(value: Json, budget: Budget): string {
  spend(budget, toJsonText(value, budget).length / 5)
  return JSON.stringify(value, (_key, part: Json) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}

function flatten(source: readonly Json[], depth: number, budget: Budget): Json[] {
  if (!Number.isInteger(depth) || depth < 1 || depth > 100) {
    throw new Fault('out_of_range', `flatten goes 1 to 100 levels deep, not ${depth}`)
  }
  let result: Json[] = source.slice()
  for (let level = 0; level < depth; level += 1) {
    let count = 0
    for (const item of result) count += Array.isArray(item) ? item.length : 1
    reserveList(budget, count)
    spend(budget, result.length)
    const nested = result.some((item) => Array.isArray(item))
    if (!nested) break
    result = result.flat(1)
  }
  return result
}

/** Whether the elements (or a field of each; a missing one counts as false) are true. */
function flags(args: readonly Json[], budget: Budget): boolean[] {
  const source = args[0] as Json[]
  const path = pathOf(args[1], budget)
  spend(budget, source.length)
  return source.map((item) => truthy(findAt(item, path, budget) ?? null))
}

function filtered(args: readonly Json[], budget: Budget): Json[] {
  const [source, by, wanted] = args as [Json[], string | undefined, Json | undefined]
  const path = pathOf(by, budget)
  spend(budget, source.length)
  const kept = source.filter((item) => {
    const value = findAt(item, path, budget)
    if (value === undefined) return false
    return wanted === undefined ? truthy(value) : equal(value, wanted, budget)
  })
  reserveList(budget, kept.length)
  return kept
}

function mapped(args: readonly Json[], budget: Budget): Json[] {
  const [source, by, fallback] = args as [Json[], string, Json | undefined]
  const path = parsePath(by, budget)
  reserveList(budget, source.length)
  return source.map((item) =>
    fallback === undefined ? readAt(item, path, budget) : (findAt(item, path, budget) ?? fallback),
  )
}

/** Without a field, the element itself. */
function pathOf(field: Json | undefined, budget: Budget): readonly Json[] {
  return typeof field === 'string' ? parsePath(field, budget) : []
}

function entriesOf(value: Json, budget: Budget): [string, Json][] {
  const entries = Object.entries(value as JsonObject)
  reserveList(budget, entries.length * 2)
  return entries
}

export const listFunctions = {
  len: {
    parameters: [{ name: 'x', kinds: ['string', 'array', 'object'] }],
    result: numberType,
    doc: 'Characters of a string, elements of a list, keys of an object.',
    call: (args, { budget }) => {
      const value = args[0] as string | Json[] | JsonObject
      if (typeof value === 'string') return lengthOfText(value, budget)
      if (Array.isArray(value)) return value.length
      const count = Object.keys(value).length
      spend(budget, count)
      return count
    },
  },
  slice: {
    parameters: [
      { name: 'x', kinds: ['array', 'string'] },
      { name: 'from', kinds: ['number'] },
      { name: 'to', kinds: ['number'], optional: true },
    ],
    result: (args) => sequence(args[0]),
    doc: 'The same as `x[from:to]`.',
    call: (args, { budget }) => readSlice(args[0] as Json, args[1], args[2], budget),
  },
  keys: {
    parameters: [object],
    result: listOf(stringType),
    doc: 'The keys of an object, in their order.',
    call: (args, { budget }) => entriesOf(args[0] as Json, budget).map(([key]) => key),
  },
  values: {
    parameters: [object],
    result: listOf(anyType),
    doc: 'The values of an object, in the order of its keys.',
    call: (args, { budget }) => entriesOf(args[0] as Json, budget).map(([, value]) => value),
  },
  items: {
    parameters: [object],
    result: listOf(listOf(anyType)),
    doc: 'The entries of an object as a list of `[key, value]`.',
    call: (args, { budget }) => entriesOf(args[0] as Json, budget),
  },
  first: {
    parameters: [{ name: 'x', kinds: ['array', 'string'] }],
    result: (args) => itemsOf(args[0]),
    doc: 'The first element, or null when there is none.',
    call: edge(0),
  },
  last: {
    parameters: [{ name: 'x', kinds: ['array', 'string'] }],
    result: (args) => itemsOf(args[0]),
    doc: 'The last element, or null when there is none.',
    call: edge(-1),
  },
  sort: {
    parameters: [
      list,
      { name: 'field', kinds: ['string', 'null'], optional: true },
      { name: 'direction', kinds: ['string'], optional: true },
    ],
    result: (args) => sequence(args[0]),
    doc: 'In order, by the elements or by a field of each; "desc" for the greatest first. Equal ones keep their order.',
    call: (args, { budget }) => sorted(args, budget),
  },
  unique: {
    parameters: [list],
    result: (args) => sequence(args[0]),
    doc: 'Without later elements that equal an earlier one.',
    call: (args, { budget }) => unique(args[0] as Json[], budget),
  },
  flatten: {
    parameters: [list, { name: 'depth', kinds: ['number'], optional: true }],
    result: listOf(anyType),
    doc: 'Lists inside the list are put in their place, one level deep or as many as given.',
    call: (args, { budget }) => flatten(args[0] as Json[], (args[1] ?? 1) as number, budget),
  },
  any: {
    parameters: [list, { ...field, optional: true }],
    result: booleanType,
    doc: 'Whether at least one element (or its field) is true.',
    call: (args, { budget }) => flags(args, budget).some(Boolean),
  },
  all: {
    parameters: [list, { ...field, optional: true }],
    result: booleanType,
    doc: 'Whether every element (or its field) is true; of an empty list, true.',
    call: (args, { budget }) => flags(args, budget).every(Boolean),
  },
  map: {
    parameters: [list, field, { name: 'default', optional: true }],
    result: listOf(anyType),
    doc: 'A field (`"a"`, or deeper `"a.b"`) of every element; where it is missing or null the default; without one, missing is an error.',
    call: (args, { budget }) => mapped(args, budget),
  },
  filter: {
    parameters: [list, { ...field, optional: true }, { name: 'value', optional: true }],
    result: (args) => sequence(args[0]),
    doc: 'The elements that are true, whose field is true, or whose field equals the value.',
    call: (args, { budget }) => filtered(args, budget),
  },
} satisfies Record<string, FunctionSpec>
