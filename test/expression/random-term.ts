/** Random expressions: terms of the language, and how docs/expressions.md says that they are written. */
import fc from 'fast-check'
import type { JsonObject } from '../../src/std/json.ts'

export type Term =
  | { is: 'literal'; value: null | boolean | number | string }
  | { is: 'name'; name: string }
  | { is: 'list'; items: Term[] }
  | { is: 'object'; entries: [string, Term][] }
  | { is: 'field'; object: Term; name: string; optional: boolean }
  | { is: 'index'; object: Term; index: Term }
  | { is: 'minus'; operand: Term }
  | { is: 'not'; operand: Term; tight: boolean }
  | { is: 'binary'; operator: string; left: Term; right: Term }
  | { is: 'chain'; operators: string[]; operands: Term[] }
  | { is: 'logic'; operator: 'and' | 'or'; symbol: boolean; left: Term; right: Term }
  | { is: 'default'; left: Term; right: Term }
  | { is: 'choice'; words: boolean; test: Term; yes: Term; no: Term }
  | { is: 'len'; argument: Term }
  | { is: 'defined'; argument: Term }

/** One function for each kind of term. */
export type TermTable<Result> = { [K in Term['is']]: (it: Extract<Term, { is: K }>) => Result }

export function look<Result>(table: TermTable<Result>, it: Term): Result {
  return (table[it.is] as (it: Term) => Result)(it)
}

export const scope: JsonObject = {
  a: 1,
  b: -2.5,
  s: 'text',
  t: true,
  n: null,
  list: [1, 'two', [3]],
  o: { x: 1, y: { x: null, z: [0] }, s: 'ext' },
}

export const { term } = fc.letrec<{ term: Term }>((tie) => {
  const inner = tie('term')
  return {
    term: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      fc.record({
        is: fc.constant('literal' as const),
        value: fc.oneof(
          fc.nat(5),
          fc.constantFrom(null, true, false, '', 'x', 'ext', 'not a and b', 'q"\\\n', 0.5, 1e21),
        ),
      }),
      fc.record({ is: fc.constant('name' as const), name: fc.constantFrom(...Object.keys(scope), 'gone') }),
      fc.record({ is: fc.constant('list' as const), items: fc.array(inner, { maxLength: 3 }) }),
      fc.record({
        is: fc.constant('object' as const),
        entries: fc.uniqueArray(fc.tuple(fc.constantFrom('x', 'y', 'not', 'a b'), inner), {
          selector: ([key]) => key,
          maxLength: 3,
        }),
      }),
      fc.record({
        is: fc.constant('field' as const),
        object: inner,
        name: fc.constantFrom('x', 'y', 'z', 'and'),
        optional: fc.boolean(),
      }),
      fc.record({ is: fc.constant('index' as const), object: inner, index: inner }),
      fc.record({ is: fc.constant('minus' as const), operand: inner }),
      fc.record({ is: fc.constant('not' as const), operand: inner, tight: fc.boolean() }),
      fc.record({
        is: fc.constant('binary' as const),
        operator: fc.constantFrom('+', '-', '*', '/', '//', '%', '**'),
        left: inner,
        right: inner,
      }),
      fc
        .array(fc.tuple(fc.constantFrom('==', '!=', '<', '<=', '>', '>=', 'in', 'not in'), inner), {
          minLength: 1,
          maxLength: 3,
        })
        .chain((pairs) =>
          inner.map((first) => ({
            is: 'chain' as const,
            operators: pairs.map(([operator]) => operator),
            operands: [first, ...pairs.map(([, operand]) => operand)],
          })),
        ),
      fc.record({
        is: fc.constant('logic' as const),
        operator: fc.constantFrom('and' as const, 'or' as const),
        symbol: fc.boolean(),
        left: inner,
        right: inner,
      }),
      fc.record({ is: fc.constant('default' as const), left: inner, right: inner }),
      fc.record({ is: fc.constant('choice' as const), words: fc.boolean(), test: inner, yes: inner, no: inner }),
      fc.record({ is: fc.constantFrom('len' as const, 'defined' as const), argument: inner }),
    ),
  }
})

// How tight a term binds, as docs/expressions.md lists the operators.
const choice = 0
const coalesce = 1
const or = 2
const and = 3
const not = 4
const comparison = 5
const sum = 6
const product = 7
const unary = 8
const power = 9
const postfix = 10

const levels: TermTable<number> = {
  literal: () => postfix,
  name: () => postfix,
  list: () => postfix,
  object: () => postfix,
  field: () => postfix,
  index: () => postfix,
  len: () => postfix,
  defined: () => postfix,
  choice: () => choice,
  default: () => coalesce,
  logic: (it) => (it.operator === 'or' ? or : and),
  not: (it) => (it.tight ? unary : not),
  chain: () => comparison,
  minus: () => unary,
  binary(it) {
    if (it.operator === '**') return power
    return it.operator === '+' || it.operator === '-' ? sum : product
  },
}

/** Written with the fewest parentheses that keep its meaning. */
export function write(it: Term, least = choice): string {
  const text = look(written, it)
  return look(levels, it) < least ? `(${text})` : text
}

const written: TermTable<string> = {
  literal: (it) => (typeof it.value === 'string' ? JSON.stringify(it.value) : String(it.value)),
  name: (it) => it.name,
  list: (it) => `[${it.items.map((item) => write(item)).join(', ')}]`,
  object(it) {
    const entries = it.entries.map(
      ([key, value]) => `${/^\w+$/.test(key) ? key : JSON.stringify(key)}: ${write(value)}`,
    )
    return `{${entries.join(', ')}}`
  },
  field(it) {
    const number = it.object.is === 'literal' && typeof it.object.value === 'number'
    const object = number ? `(${write(it.object)})` : write(it.object, postfix)
    return `${object}${it.optional ? '?.' : '.'}${it.name}`
  },
  index: (it) => `${write(it.object, postfix)}[${write(it.index)}]`,
  minus(it) {
    const operand = write(it.operand, unary)
    return operand.startsWith('-') ? `- ${operand}` : `-${operand}`
  },
  not: (it) => (it.tight ? `!${write(it.operand, unary)}` : `not ${write(it.operand, not)}`),
  binary(it) {
    const level = look(levels, it)
    if (level === power) return `${write(it.left, postfix)} ** ${write(it.right, unary)}`
    return `${write(it.left, level)} ${it.operator} ${write(it.right, level + 1)}`
  },
  chain: ({ operands, operators }) =>
    operands.map((operand, at) => (at > 0 ? `${operators[at - 1]} ` : '') + write(operand, sum)).join(' '),
  logic(it) {
    const level = look(levels, it)
    const symbol = it.operator === 'and' ? '&&' : '||'
    return `${write(it.left, level)} ${it.symbol ? symbol : it.operator} ${write(it.right, level + 1)}`
  },
  default: (it) => `${writeBesideDefault(it.left)} ?? ${writeBesideDefault(it.right)}`,
  choice(it) {
    const last = it.no.is === 'choice' && it.no.words === it.words ? choice : coalesce
    const [test, yes, no] = [write(it.test, coalesce), write(it.yes, coalesce), write(it.no, last)]
    return it.words ? `${yes} if ${test} else ${no}` : `${test} ? ${yes} : ${no}`
  },
  len: (it) => `len(${write(it.argument)})`,
  defined: (it) => `defined(${write(it.argument)})`,
}

function writeBesideDefault(it: Term): string {
  return it.is === 'minus' ? write(it) : write(it, postfix)
}
