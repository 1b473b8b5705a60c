/** Arithmetic on finite numbers; `+` also joins two strings or two lists. */
import type { Json } from '../std/json.ts'
import { type Budget, reserveList, reserveText } from './budget.ts'
import { Fault } from './fault.ts'
import type { ArithmeticOperator } from './syntax-tree.ts'
import { describe } from './values.ts'

export function arithmetic(operator: ArithmeticOperator, left: Json, right: Json, budget: Budget): Json {
  if (typeof left === 'number' && typeof right === 'number') return finite(compute(operator, left, right, budget))
  if (operator === '+') {
    if (typeof left === 'string' && typeof right === 'string') {
      reserveText(budget, left.length + right.length)
      return left + right
    }
    if (Array.isArray(left) && Array.isArray(right)) {
      reserveList(budget, left.length + right.length)
      return [...left, ...right]
    }
  }
  throw wrongOperands(operator, left, right)
}

export function negate(value: Json): number {
  if (typeof value === 'number') return 0 - value
  throw new Fault(
    'wrong_type',
    `\`-\` wants a number, not ${describe(value)}`,
    typeof value === 'string' ? 'write -float(x)' : undefined,
  )
}

function compute(operator: ArithmeticOperator, left: number, right: number, budget: Budget): number {
  switch (operator) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      return left / divisor(right)
    case '//':
      return floorDivide(left, divisor(right))
    case '%':
      return remainder(left, divisor(right))
    case '**':
      return power(left, right, budget)
  }
}

function divisor(value: number): number {
  if (value !== 0) return value
  throw new Fault('division_by_zero', 'division by zero', 'guard it: a / b if b != 0 else 0')
}

/** Has the sign of the divisor, so that `a == (a // b) * b + a % b`. */
function remainder(left: number, right: number): number {
  const rest = left % right
  return rest !== 0 && rest < 0 !== right < 0 ? rest + right : rest
}

/** By way of the remainder: 1 // 0.1 is 9, because 0.1 is a little more than a tenth. */
function floorDivide(left: number, right: number): number {
  const quotient = (left - remainder(left, right)) / right
  const floored = Math.floor(quotient)
  return quotient - floored > 0.5 ? floored + 1 : floored
}

function power(base: number, exponent: number, budget: Budget): number {
  const { limits } = budget
  if (Math.abs(exponent) > limits.exponent) {
    throw new Fault('exponent_too_large', `the exponent ${exponent} is too large, the limit is ${limits.exponent}`)
  }
  if (base === 0 && exponent < 0) throw new Fault('division_by_zero', 'zero to a negative power is a division by zero')
  if (base < 0 && !Number.isInteger(exponent)) {
    throw new Fault('not_a_number', 'a negative number has no real power with a fractional exponent')
  }
  return base ** exponent
}

/** The number itself, without a negative zero; infinite results are errors. */
export function finite(value: number): number {
  if (Number.isFinite(value)) return value + 0
  throw new Fault('number_too_large', 'the result is too large for a number', 'the largest is 1.79e308')
}

function wrongOperands(operator: ArithmeticOperator, left: Json, right: Json): Fault {
  const wanted = operator === '+' ? 'two numbers, two strings or two lists' : 'two numbers'
  return new Fault(
    'wrong_type',
    `\`${operator}\` wants ${wanted}, not ${describe(left)} and ${describe(right)}`,
    operandHint(operator, left, right),
  )
}

function operandHint(operator: ArithmeticOperator, left: Json, right: Json): string | undefined {
  if (left === null || right === null) return 'a default for null is written (x ?? 0)'
  const texts = typeof left === 'string' || typeof right === 'string'
  if (operator === '+' && texts) return 'to join text write str(x), or format("{} of {}", a, b)'
  if (operator === '*' && texts) return 'text is not repeated by *; to read a number from text write float(x)'
  return texts ? 'to read a number from text write float(x)' : undefined
}
