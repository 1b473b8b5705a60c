/** The grammar above operands: conditionals and operators with their precedence, by precedence climbing. */
import { type Builder, build, nested } from './build.ts'
import { Fault } from './fault.ts'
import { parsePostfix } from './operands.ts'
import type { ArithmeticOperator, ComparisonOperator, Node } from './syntax-tree.ts'
import { unexpected } from './unexpected.ts'

const coalesceLevel = 1
const orLevel = 2
const andLevel = 3
const notLevel = 4
const comparisonLevel = 5

/** Weakest first. Unary `-` and `!` bind tighter than all of these but `**`. */
const levels: ReadonlyMap<string, number> = new Map([
  ['??', coalesceLevel],
  ['or', orLevel],
  ['||', orLevel],
  ['and', andLevel],
  ['&&', andLevel],
  ...['==', '!=', '<', '<=', '>', '>=', 'in', 'not'].map((kind): [string, number] => [kind, comparisonLevel]),
  ['+', 6],
  ['-', 6],
  ['*', 7],
  ['/', 7],
  ['//', 7],
  ['%', 7],
])

export function parseConditional(builder: Builder): Node {
  return nested(builder, conditional)
}

function conditional(builder: Builder): Node {
  const { tokens } = builder
  const { start } = tokens
  const first = parseBinary(builder, coalesceLevel)
  if (tokens.kind === '?') {
    const place = { start: tokens.start, end: tokens.end }
    tokens.advance()
    const then = parseConditional(builder)
    if (!tokens.is(':')) throw unexpected(tokens, 'the `:` of `? :`')
    tokens.advance()
    const otherwise = parseConditional(builder)
    refuseMixed(builder, [then, otherwise], 'question', place)
    return build(
      builder,
      { kind: 'conditional', form: 'question', test: first, whenTrue: then, whenFalse: otherwise, start },
      [first, then, otherwise],
    )
  }
  if (tokens.kind === 'if') {
    const place = { start: tokens.start, end: tokens.end }
    tokens.advance()
    const test = parseBinary(builder, coalesceLevel)
    if (!tokens.is('else')) throw unexpected(tokens, '`else` (written x if c else y)')
    tokens.advance()
    const otherwise = parseConditional(builder)
    refuseMixed(builder, [otherwise], 'words', place)
    return build(builder, { kind: 'conditional', form: 'words', test, whenTrue: first, whenFalse: otherwise, start }, [
      test,
      first,
      otherwise,
    ])
  }
  return first
}

/** `a ? b : c if d else e` reads differently to different people. */
function refuseMixed(
  builder: Builder,
  parts: readonly Node[],
  form: 'question' | 'words',
  place: { start: number; end: number },
): void {
  for (const part of parts) {
    if (part.kind === 'conditional' && part.form !== form && !builder.grouped.has(part)) {
      throw new Fault('mixed_conditional', '`? :` and `if else` are mixed', 'put one of them in parentheses', place)
    }
  }
}

/** Everything that binds at least as tight as `weakest`. */
function parseBinary(builder: Builder, weakest: number): Node {
  const { tokens } = builder
  const { start } = tokens
  let left = tokens.kind === 'not' ? parseNot(builder, weakest) : parseUnary(builder)
  for (;;) {
    const level = levels.get(tokens.kind)
    if (level === undefined || level < weakest) return left
    if (level === coalesceLevel) left = parseCoalesce(builder, start, left)
    else if (level <= andLevel) left = parseLogic(builder, start, left, level)
    else if (level === comparisonLevel) left = parseComparison(builder, start, left)
    else {
      const operator = tokens.kind as ArithmeticOperator
      tokens.advance()
      const right = parseBinary(builder, level + 1)
      left = build(builder, { kind: 'arithmetic', operator, left, right, start }, [left, right])
    }
  }
}

/** `not` takes a whole comparison: `not a == b` is `not (a == b)`. */
function parseNot(builder: Builder, weakest: number): Node {
  const { tokens } = builder
  if (weakest > notLevel) {
    throw new Fault('not_needs_parentheses', '`not` binds weaker than the operator before it', 'write (not …)', tokens)
  }
  const { start } = tokens
  tokens.advance()
  const operand = nested(builder, () =>
    tokens.kind === 'not' ? parseNot(builder, notLevel) : parseBinary(builder, comparisonLevel),
  )
  return build(builder, { kind: 'not', operand, start }, [operand])
}

function parseCoalesce(builder: Builder, start: number, left: Node): Node {
  const { tokens } = builder
  const operands = [left]
  let place = { start: tokens.start, end: tokens.end }
  refuseBesideCoalesce(builder, left, place)
  while (tokens.kind === '??') {
    place = { start: tokens.start, end: tokens.end }
    tokens.advance()
    const operand = parseBinary(builder, orLevel)
    refuseBesideCoalesce(builder, operand, place)
    operands.push(operand)
  }
  return build(builder, { kind: 'coalesce', operands, start }, operands)
}

/** `x.size ?? 0 > 0` would mean `x.size ?? (0 > 0)` in JavaScript, which nobody wants. */
function refuseBesideCoalesce(builder: Builder, operand: Node, place: { start: number; end: number }): void {
  const { kind } = operand
  const binary = kind === 'arithmetic' || kind === 'comparison' || kind === 'logic' || kind === 'not'
  if (!binary || builder.grouped.has(operand)) return
  throw new Fault(
    'mixed_coalesce',
    '`??` beside another operator needs parentheses',
    'write (x.y ?? 0) > 1, with the default inside',
    place,
  )
}

function parseLogic(builder: Builder, start: number, left: Node, level: number): Node {
  const { tokens } = builder
  const operands = [left]
  while (levels.get(tokens.kind) === level) {
    tokens.advance()
    operands.push(parseBinary(builder, level + 1))
  }
  return build(builder, { kind: 'logic', operator: level === orLevel ? 'or' : 'and', operands, start }, operands)
}

/** All comparisons are on one level and chain: `0 < x < 10`. */
function parseComparison(builder: Builder, start: number, left: Node): Node {
  const { tokens } = builder
  const operators: ComparisonOperator[] = []
  const operands = [left]
  while (levels.get(tokens.kind) === comparisonLevel) {
    let operator = tokens.kind
    tokens.advance()
    if (operator === 'not') {
      if (!tokens.is('in')) throw unexpected(tokens, '`in` after `not`')
      operator = 'not in'
      tokens.advance()
    }
    operators.push(operator as ComparisonOperator)
    operands.push(parseBinary(builder, comparisonLevel + 1))
  }
  return build(builder, { kind: 'comparison', operators, operands, start }, operands)
}

function parseUnary(builder: Builder): Node {
  const { tokens } = builder
  const { kind, start } = tokens
  if (kind === '-' || kind === '!') {
    tokens.advance()
    const operand = nested(builder, parseUnary)
    if (kind === '!') return build(builder, { kind: 'not', operand, start }, [operand])
    if (operand.kind === 'literal' && typeof operand.value === 'number' && !builder.grouped.has(operand)) {
      return build(builder, { kind: 'literal', value: 0 - operand.value, start }, [])
    }
    return build(builder, { kind: 'negate', operand, start }, [operand])
  }
  if (kind === '+') {
    throw new Fault(
      'refused_unary_plus',
      'unary `+` is no operator here',
      'leave it out; to read a number from text write float(x)',
      tokens,
    )
  }
  if (kind === 'not') return parseNot(builder, comparisonLevel)
  return parsePower(builder)
}

/** `**` binds to the right and tighter than the minus before it: `-2 ** 2` is -4, `2 ** -1` is 0.5. */
function parsePower(builder: Builder): Node {
  const { tokens } = builder
  const { start } = tokens
  const left = parsePostfix(builder, parseConditional)
  if (tokens.kind !== '**') return left
  tokens.advance()
  const right = nested(builder, parseUnary)
  return build(builder, { kind: 'arithmetic', operator: '**', left, right, start }, [left, right])
}
