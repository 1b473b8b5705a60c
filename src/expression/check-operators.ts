/** What the checker knows about operators: which operands can never work, and which comparisons are never true. */
import type { FaultPlace } from './fault.ts'
import type { ArithmeticNode, ComparisonNode, ComparisonOperator, Node } from './syntax-tree.ts'
import { anyType, isNever, join, nameOfType, numberType, type ValueType } from './value-type.ts'

export type Report = (place: FaultPlace, code: string, message: string, hint?: string, severity?: 'warning') => void

export function checkArithmetic(node: ArithmeticNode, left: ValueType, right: ValueType, report: Report): ValueType {
  if (node.operator !== '+') {
    if (isNever(left, ['number']) || isNever(right, ['number'])) reportOperands(node, left, right, 'two numbers', report)
    return numberType
  }
  const addable = ['number', 'string', 'array'] as const
  const unlike = left.kind !== 'any' && right.kind !== 'any' && left.kind !== right.kind
  if (isNever(left, addable) || isNever(right, addable) || unlike) {
    reportOperands(node, left, right, 'two numbers, two strings or two lists', report)
    return anyType
  }
  if (left.kind === 'any') return right.kind === 'array' ? { kind: 'array', items: anyType } : right
  return right.kind === 'any' && left.kind === 'array' ? { kind: 'array', items: anyType } : join(left, right.kind === 'any' ? left : right)
}

function reportOperands(node: ArithmeticNode, left: ValueType, right: ValueType, wanted: string, report: Report): void {
  const text = left.kind === 'string' || right.kind === 'string'
  const joined = node.operator === '+' ? 'to join text write str(x), or format("{} of {}", a, b)' : 'to read a number from text write float(x)'
  const message = `\`${node.operator}\` wants ${wanted}, not ${nameOfType(left)} and ${nameOfType(right)}`
  report(node, 'wrong_type', message, text ? joined : undefined)
}

export function checkComparison(node: ComparisonNode, types: readonly ValueType[], report: Report): void {
  for (const [at, operator] of node.operators.entries()) {
    const place = { start: (node.operands[at] as Node).start, end: (node.operands[at + 1] as Node).end }
    checkPair(operator, types[at] as ValueType, types[at + 1] as ValueType, place, report)
  }
}

function checkPair(operator: ComparisonOperator, left: ValueType, right: ValueType, place: FaultPlace, report: Report): void {
  if (operator === '==' || operator === '!=') {
    const certain = left.kind !== 'any' && right.kind !== 'any' && left.kind !== 'null' && right.kind !== 'null'
    if (certain && left.kind !== right.kind) {
      const message = `${nameOfType(left)} and ${nameOfType(right)} are never equal`
      report(place, 'never_equal', message, 'convert one of them, as in float(text) or str(number)', 'warning')
    }
  } else if (operator === 'in' || operator === 'not in') {
    if (isNever(right, ['array', 'string', 'object'])) {
      report(place, 'wrong_type', `\`in\` wants a list, a string or an object on its right, not ${nameOfType(right)}`)
    } else if (right.kind === 'string' && isNever(left, ['string'])) {
      report(place, 'wrong_type', `only a string can be in a string, not ${nameOfType(left)}`)
    }
  } else {
    const ordered = ['number', 'string'] as const
    const unlike = left.kind !== 'any' && right.kind !== 'any' && left.kind !== right.kind
    if (isNever(left, ordered) || isNever(right, ordered) || unlike) {
      const message = `\`${operator}\` compares two numbers or two strings, not ${nameOfType(left)} and ${nameOfType(right)}`
      report(place, 'wrong_type', message, left.kind === 'array' || right.kind === 'array' ? 'to compare its length write len(x)' : undefined)
    }
  }
}
