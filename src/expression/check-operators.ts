/** What the checker knows about operators: which operands can never work, and which comparisons are never true. */
import type { FaultPlace } from './fault.ts'
import type { ArithmeticNode, ComparisonNode, ComparisonOperator, Node } from './syntax-tree.ts'
import { anyType, isNever, join, listOf, nameOfType, numberType, type ValueType } from './value-type.ts'

export type Report = (place: FaultPlace, code: string, message: string, hint?: string, severity?: 'warning') => void

/** The type of the result. */
export function checkArithmetic(node: ArithmeticNode, left: ValueType, right: ValueType, report: Report): ValueType {
  if (node.operator !== '+') {
    if (isNever(left, ['number']) || isNever(right, ['number']))
      reportOperands(node, left, right, 'two numbers', report)
    return numberType
  }
  const addable = ['number', 'string', 'array'] as const
  if (isNever(left, addable) || isNever(right, addable) || unlike(left, right)) {
    reportOperands(node, left, right, 'two numbers, two strings or two lists', report)
    return anyType
  }
  const known = left.kind === 'any' ? right : left
  if (known.kind !== 'array') return known
  return left.kind === right.kind ? join(left, right) : listOf(anyType)
}

function reportOperands(node: ArithmeticNode, left: ValueType, right: ValueType, wanted: string, report: Report): void {
  const text = left.kind === 'string' || right.kind === 'string'
  const joined =
    node.operator === '+'
      ? 'to join text write str(x), or format("{} of {}", a, b)'
      : 'to read a number from text write float(x)'
  const message = `\`${node.operator}\` wants ${wanted}, not ${nameOfType(left)} and ${nameOfType(right)}`
  report(node, 'wrong_type', message, text ? joined : undefined)
}

export function checkComparison(node: ComparisonNode, types: readonly ValueType[], report: Report): void {
  for (const [at, operator] of node.operators.entries()) {
    const place = { start: (node.operands[at] as Node).start, end: (node.operands[at + 1] as Node).end }
    checkPair(operator, types[at] as ValueType, types[at + 1] as ValueType, place, report)
  }
}

function checkPair(
  operator: ComparisonOperator,
  left: ValueType,
  right: ValueType,
  place: FaultPlace,
  report: Report,
): void {
  if (operator === '==' || operator === '!=') checkEquality(left, right, place, report)
  else if (operator === 'in' || operator === 'not in') checkMembership(left, right, place, report)
  else checkOrder(operator, left, right, place, report)
}

function checkEquality(left: ValueType, right: ValueType, place: FaultPlace, report: Report): void {
  if (!unlike(left, right) || left.kind === 'null' || right.kind === 'null') return
  const message = `${nameOfType(left)} and ${nameOfType(right)} are never equal`
  report(place, 'never_equal', message, 'convert one of them, as in float(text) or str(number)', 'warning')
}

function checkMembership(item: ValueType, container: ValueType, place: FaultPlace, report: Report): void {
  if (isNever(container, ['array', 'string', 'object'])) {
    report(place, 'wrong_type', `\`in\` wants a list, a string or an object on its right, not ${nameOfType(container)}`)
  } else if (container.kind === 'string' && isNever(item, ['string'])) {
    report(place, 'wrong_type', `only a string can be in a string, not ${nameOfType(item)}`)
  }
}

function checkOrder(operator: string, left: ValueType, right: ValueType, place: FaultPlace, report: Report): void {
  const ordered = ['number', 'string'] as const
  if (!isNever(left, ordered) && !isNever(right, ordered) && !unlike(left, right)) return
  const message = `\`${operator}\` compares two numbers or two strings, not ${nameOfType(left)} and ${nameOfType(right)}`
  const lists = left.kind === 'array' || right.kind === 'array'
  report(place, 'wrong_type', message, lists ? 'to compare its length write len(x)' : undefined)
}

/** Whether two types are certainly of different kinds. */
function unlike(left: ValueType, right: ValueType): boolean {
  return left.kind !== 'any' && right.kind !== 'any' && left.kind !== right.kind
}
