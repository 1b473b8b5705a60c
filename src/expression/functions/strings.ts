/** Functions of text. */
import type { Json } from '../../std/json.ts'
import { type Budget, reserveList, reserveText, spend, spendText } from '../budget.ts'
import { isIn } from '../compare.ts'
import { Fault } from '../fault.ts'
import { toText } from '../json-text.ts'
import { findAll } from '../text.ts'
import { describe } from '../values.ts'
import { booleanType, listOf, stringType } from '../value-type.ts'
import { formatText } from './format.ts'
import type { FunctionSpec } from './function-spec.ts'
import { matchesPattern } from './matches.ts'

const text = { name: 'text', kinds: ['string'] } as const

function split(source: string, separator: string | undefined, budget: Budget): string[] {
  spendText(budget, source.length)
  if (separator === undefined) {
    const words: string[] = []
    for (const found of source.matchAll(/\S+/gu)) {
      words.push(found[0])
      if (words.length > budget.limits.listLength) break
    }
    reserveList(budget, words.length)
    return words
  }
  if (separator === '')
    throw new Fault('empty_text', 'the separator of split is empty', 'the first characters are text[0:10]')
  const found = findAll(source, separator, budget)
  reserveList(budget, found.length + 1)
  return between(source, found, separator.length)
}

/** The parts of a text between places of one width. */
function between(source: string, places: readonly number[], width: number): string[] {
  let from = 0
  const parts = places.map((at) => {
    const part = source.slice(from, at)
    from = at + width
    return part
  })
  return [...parts, source.slice(from)]
}

function join(list: readonly Json[], separator: string, budget: Budget): string {
  spend(budget, list.length)
  let length = Math.max(0, list.length - 1) * separator.length
  const parts = list.map((item) => {
    if (item === null || typeof item === 'object') {
      throw new Fault(
        'wrong_type',
        `join puts strings and numbers together, but there is ${describe(item)}`,
        joinHint(item),
      )
    }
    const part = toText(item, budget)
    length += part.length
    return part
  })
  reserveText(budget, length)
  return parts.join(separator)
}

function joinHint(item: Json): string {
  return item === null ? 'leave null out first: filter(list)' : 'pick a field first: join(map(list, "name"), ", ")'
}

function replace(source: string, old: string, replacement: string, budget: Budget): string {
  if (old === '') throw new Fault('empty_text', 'replace wants some text to look for')
  const found = findAll(source, old, budget)
  reserveText(budget, source.length + found.length * (replacement.length - old.length))
  return found.length === 0 ? source : between(source, found, old.length).join(replacement)
}

/** Case mapping can at most triple a text. */
function mapped(source: string, budget: Budget, change: (text: string) => string): string {
  reserveText(budget, source.length)
  const result = change(source)
  if (result.length > source.length) reserveText(budget, result.length)
  return result
}

export const stringFunctions = {
  lower: {
    parameters: [text],
    result: stringType,
    doc: 'In small letters.',
    call: (args, { budget }) => mapped(args[0] as string, budget, (source) => source.toLowerCase()),
  },
  upper: {
    parameters: [text],
    result: stringType,
    doc: 'In capital letters.',
    call: (args, { budget }) => mapped(args[0] as string, budget, (source) => source.toUpperCase()),
  },
  trim: {
    parameters: [text],
    result: stringType,
    doc: 'Without white space at both ends.',
    call: (args, { budget }) => {
      spendText(budget, (args[0] as string).length)
      return (args[0] as string).trim()
    },
  },
  split: {
    parameters: [text, { name: 'separator', kinds: ['string'], optional: true }],
    result: listOf(stringType),
    doc: 'The parts between separators; without one, the words between white space.',
    call: (args, { budget }) => split(args[0] as string, args[1] as string | undefined, budget),
  },
  join: {
    parameters: [
      { name: 'list', kinds: ['array'] },
      { name: 'separator', kinds: ['string'], optional: true },
    ],
    result: stringType,
    doc: 'The strings, numbers and booleans of a list as one text.',
    call: (args, { budget }) => join(args[0] as Json[], (args[1] ?? '') as string, budget),
  },
  contains: {
    parameters: [{ name: 'x', kinds: ['array', 'string', 'object'] }, { name: 'item' }],
    result: booleanType,
    doc: 'The same as `item in x`: an element of a list, a part of a string, a key of an object.',
    call: (args, { budget }) => isIn(args[1] as Json, args[0] as Json, budget),
  },
  startswith: {
    parameters: [text, { name: 'start', kinds: ['string'] }],
    result: booleanType,
    doc: 'Whether the text begins so.',
    call: (args, { budget }) => {
      spendText(budget, (args[1] as string).length)
      return (args[0] as string).startsWith(args[1] as string)
    },
  },
  endswith: {
    parameters: [text, { name: 'end', kinds: ['string'] }],
    result: booleanType,
    doc: 'Whether the text ends so.',
    call: (args, { budget }) => {
      spendText(budget, (args[1] as string).length)
      return (args[0] as string).endsWith(args[1] as string)
    },
  },
  replace: {
    parameters: [text, { name: 'old', kinds: ['string'] }, { name: 'new', kinds: ['string'] }],
    result: stringType,
    doc: 'With every `old` replaced by `new`; no patterns.',
    call: (args, { budget }) => replace(args[0] as string, args[1] as string, args[2] as string, budget),
  },
  format: {
    parameters: [
      { name: 'template', kinds: ['string'] },
      { name: 'values', rest: { atLeast: 0 } },
    ],
    result: stringType,
    doc: 'Fills `{}` in order, `{0}` by number, `{:.2f}` with so many decimals; `{{` and `}}` are braces.',
    call: (args, { budget }) => formatText(args[0] as string, args.slice(1), budget),
  },
  matches: {
    parameters: [text, { name: 'pattern', kinds: ['string'] }],
    result: booleanType,
    doc: 'Whether the pattern (RE2 syntax) is found anywhere in the text; anchor it with ^ and $.',
    call: (args, { budget }) => matchesPattern(args[0] as string, args[1] as string, budget),
  },
} satisfies Record<string, FunctionSpec>
