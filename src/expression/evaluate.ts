/** Evaluates a tree over plain data: our own semantics, within a budget, with nothing else in reach. */
import type { Json } from '../std/json.ts'
import { type Missing, missing, readField, readIndex, readSlice, type Strictness } from './access.ts'
import { arithmetic, negate } from './arithmetic.ts'
import { type Budget, newBudget, reserveList, spend } from './budget.ts'
import { callFunction } from './call.ts'
import { equal, isIn, order } from './compare.ts'
import { ExpressionError } from './expression-error.ts'
import { Fault, type FaultPlace, problemOf } from './fault.ts'
import type { StatusFunctionName } from './functions/table.ts'
import { measure } from './json-text.ts'
import { type Limits, limitsWith } from './limits.ts'
import { isForbiddenKey } from './names.ts'
import { nearest } from './nearest.ts'
import type { Expression } from './parse.ts'
import { quoted, quotedList } from './quoted.ts'
import type { CallNode, ComparisonNode, FieldNode, IndexNode, NameNode, Node, SliceNode } from './syntax-tree.ts'
import { truthy } from './values.ts'

export { ExpressionError } from './expression-error.ts'
export { truthy } from './values.ts'

export interface EvaluateContext {
  /** Milliseconds since 1970: what `now()` gives throughout. */
  now: number
  /** Answers `succeeded("x")` and its kin; absent: they are an error. */
  status?: ((name: StatusFunctionName, step?: string) => boolean) | undefined
  limits?: Partial<Limits> | undefined
}

export interface Evaluation {
  readonly scope: Readonly<Record<string, Json>>
  readonly now: number
  readonly status: EvaluateContext['status']
  readonly budget: Budget
  /** The node that faults without a place of their own belong to. */
  at: Node
}

/**
 * The value of an expression over the data in `scope`, of which only own properties are seen. The result is plain
 * JSON and may share parts with the scope; nothing in the scope is changed.
 * @throws ExpressionError `expression_failed`, with the place and what to do about it.
 */
export function evaluateExpression(
  expression: Expression,
  scope: Readonly<Record<string, Json>>,
  context: EvaluateContext,
): Json {
  return measuredEvaluation(expression, scope, context).value
}

/** As `evaluateExpression`, and what it cost: for tests and benchmarks of the budgets. */
export function measuredEvaluation(
  expression: Expression,
  scope: Readonly<Record<string, Json>>,
  context: EvaluateContext,
): { value: Json; steps: number; built: number } {
  const budget = newBudget(limitsWith(context.limits))
  const evaluation: Evaluation = { scope, now: context.now, status: context.status, budget, at: expression.root }
  try {
    const value = evaluate(expression.root, evaluation)
    evaluation.at = expression.root
    checkResult(expression.root, value, budget)
    return { value, steps: budget.steps, built: budget.built }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    throw new ExpressionError('expression_failed', expression.source, problemOf(expression.source, error, placeOf(evaluation.at)))
  }
}

/** Of a link of a chain, only the link itself: `.field`'s name or the brackets. */
function placeOf(node: Node): FaultPlace {
  if (node.kind === 'field') return { start: node.nameStart, end: node.end }
  if (node.kind === 'index' || node.kind === 'slice') return { start: node.object.end, end: node.end }
  return node
}

/** The same large value can stand in a list many times: what is written out must stay within bounds too. */
function checkResult(root: Node, value: Json, budget: Budget): void {
  if (typeof value !== 'object' || value === null || !putsTogether(root)) return
  const { resultSize } = budget.limits
  if (measure(value, budget, resultSize) > resultSize) {
    throw new Fault('too_large', `the result would have more than ${resultSize} characters as JSON`)
  }
}

/** Whether the result can be something else than a part of the scope. */
function putsTogether(node: Node): boolean {
  if (isChain(node) || node.kind === 'literal') return false
  if (node.kind === 'coalesce') return node.operands.some(putsTogether)
  if (node.kind === 'conditional') return putsTogether(node.then) || putsTogether(node.otherwise)
  return true
}

/** Recursion is bounded by the height of the tree, which the parser has limited. */
export function evaluate(node: Node, evaluation: Evaluation): Json {
  const { budget } = evaluation
  spend(budget, 1)
  switch (node.kind) {
    case 'literal':
      return node.value
    case 'name':
    case 'field':
    case 'index':
    case 'slice': {
      const value = readChain(node, evaluation, 'strict')
      return value === missing ? null : value
    }
    case 'list':
      evaluation.at = node
      reserveList(budget, node.items.length)
      return node.items.map((item) => evaluate(item, evaluation))
    case 'object':
      return Object.fromEntries(node.entries.map(({ key, value }) => [key, evaluate(value, evaluation)]))
    case 'negate': {
      const value = evaluate(node.operand, evaluation)
      evaluation.at = node
      return negate(value)
    }
    case 'not':
      return !truthy(evaluate(node.operand, evaluation))
    case 'arithmetic': {
      const left = evaluate(node.left, evaluation)
      const right = evaluate(node.right, evaluation)
      evaluation.at = node
      return arithmetic(node.operator, left, right, budget)
    }
    case 'comparison':
      return compare(node, evaluation)
    case 'logic':
      return node.operator === 'and'
        ? node.operands.every((operand) => truthy(evaluate(operand, evaluation)))
        : node.operands.some((operand) => truthy(evaluate(operand, evaluation)))
    case 'coalesce':
      return coalesce(node.operands, evaluation)
    case 'conditional':
      return evaluate(truthy(evaluate(node.test, evaluation)) ? node.then : node.otherwise, evaluation)
    case 'call':
      return call(node, evaluation)
  }
}

function compare(node: ComparisonNode, evaluation: Evaluation): boolean {
  let left = evaluate(node.operands[0] as Node, evaluation)
  for (const [at, operator] of node.operators.entries()) {
    const right = evaluate(node.operands[at + 1] as Node, evaluation)
    evaluation.at = node
    if (!holds(operator, left, right, evaluation.budget)) return false
    left = right
  }
  return true
}

function holds(operator: ComparisonNode['operators'][number], left: Json, right: Json, budget: Budget): boolean {
  switch (operator) {
    case '==':
      return equal(left, right, budget)
    case '!=':
      return !equal(left, right, budget)
    case 'in':
      return isIn(left, right, budget)
    case 'not in':
      return !isIn(left, right, budget)
    case '<':
      return order(left, right, budget, '`<` compares') < 0
    case '<=':
      return order(left, right, budget, '`<=` compares') <= 0
    case '>':
      return order(left, right, budget, '`>` compares') > 0
    case '>=':
      return order(left, right, budget, '`>=` compares') >= 0
  }
}

function coalesce(operands: readonly Node[], evaluation: Evaluation): Json {
  for (const [at, operand] of operands.entries()) {
    if (at === operands.length - 1) return evaluate(operand, evaluation)
    const value = evaluateLenient(operand, evaluation)
    if (value !== missing && value !== null) return value
  }
  return null
}

/** Of a chain, `missing` where it leads nowhere; anything else is evaluated as usual. */
function evaluateLenient(node: Node, evaluation: Evaluation): Json | Missing {
  if (!isChain(node)) return evaluate(node, evaluation)
  spend(evaluation.budget, 1)
  return readChain(node, evaluation, 'lenient')
}

type ChainNode = NameNode | FieldNode | IndexNode | SliceNode

function isChain(node: Node): node is ChainNode {
  return node.kind === 'name' || node.kind === 'field' || node.kind === 'index' || node.kind === 'slice'
}

/** Once a link is missing (where that is no error), so is the rest of the chain. */
function readChain(node: ChainNode, evaluation: Evaluation, strictness: 'strict' | 'lenient'): Json | Missing {
  if (node.kind === 'name') return readName(node, evaluation, strictness)
  const { object } = node
  const value = isChain(object) ? readChain(object, evaluation, strictness) : evaluate(object, evaluation)
  if (value === missing) return missing
  spend(evaluation.budget, 1)
  const link: Strictness = strictness === 'strict' && node.optional ? 'optional' : strictness
  if (node.kind === 'field') {
    evaluation.at = node
    return readField(value, node.name, link)
  }
  if (node.kind === 'index') {
    const index = evaluate(node.index, evaluation)
    evaluation.at = node
    return readIndex(value, index, link, evaluation.budget)
  }
  if (value === null && link !== 'strict') return missing
  const from = node.from && evaluate(node.from, evaluation)
  const to = node.to && evaluate(node.to, evaluation)
  evaluation.at = node
  return readSlice(value, from, to, evaluation.budget)
}

function readName(node: NameNode, evaluation: Evaluation, strictness: 'strict' | 'lenient'): Json | Missing {
  const { scope } = evaluation
  if (Object.hasOwn(scope, node.name) && !isForbiddenKey(node.name)) return scope[node.name] as Json
  if (strictness === 'lenient') return missing
  evaluation.at = node
  throw unknownName(node.name, Object.keys(scope))
}

function unknownName(name: string, known: readonly string[]): Fault {
  const near = nearest(name, known)
  const hint = near === undefined ? knownNames(known) : `did you mean \`${near}\`?`
  return new Fault('unknown_name', `there is no name ${quoted(name)} here`, hint)
}

function knownNames(known: readonly string[]): string {
  if (known.length === 0) return 'there are no names here; text is written in quotes'
  return `known are ${quotedList(known)}; text is written in quotes`
}

function call(node: CallNode, evaluation: Evaluation): Json {
  return callFunction(node, evaluation, {
    strict: (arg) => evaluate(arg, evaluation),
    lenient: (arg) => evaluateLenient(arg, evaluation),
  })
}
