/** The interpreter: what each kind of node means, our own semantics over plain data, within a budget. */
import type { Json } from '../std/json.ts'
import { type Missing, missing, readField, readIndex, readSlice, type Strictness } from './access.ts'
import { arithmetic, negate } from './arithmetic.ts'
import { type Budget, reserveList, spend } from './budget.ts'
import { callFunction } from './call.ts'
import { equal, isIn, order } from './compare.ts'
import { Fault } from './fault.ts'
import type { StatusFunctionName } from './functions/table.ts'
import { isForbiddenKey } from './names.ts'
import { nearest } from './nearest.ts'
import { quoted, quotedList } from './quoted.ts'
import {
  byKind,
  type ChainNode,
  type ComparisonNode,
  type ComparisonOperator,
  isChain,
  type NameNode,
  type Node,
  type NodeTable,
} from './syntax-tree.ts'
import { truthy } from './values.ts'

export interface Evaluation {
  readonly scope: Readonly<Record<string, Json>>
  readonly now: number
  readonly status: ((name: StatusFunctionName, step?: string) => boolean) | undefined
  readonly budget: Budget
  /** The node that faults without a place of their own belong to. */
  at: Node
}

/** Recursion is bounded by the height of the tree, which the parser has limited. */
export function evaluate(node: Node, evaluation: Evaluation): Json {
  spend(evaluation.budget, 1)
  return byKind(meanings, node, evaluation)
}

const meanings: NodeTable<[Evaluation], Json> = {
  literal: (node) => node.value,
  name: evaluateChain,
  field: evaluateChain,
  index: evaluateChain,
  slice: evaluateChain,
  list(node, evaluation) {
    evaluation.at = node
    reserveList(evaluation.budget, node.items.length)
    return node.items.map((item) => evaluate(item, evaluation))
  },
  object: (node, evaluation) =>
    Object.fromEntries(node.entries.map(({ key, value }) => [key, evaluate(value, evaluation)])),
  negate(node, evaluation) {
    const value = evaluate(node.operand, evaluation)
    evaluation.at = node
    return negate(value)
  },
  not: (node, evaluation) => !truthy(evaluate(node.operand, evaluation)),
  arithmetic(node, evaluation) {
    const left = evaluate(node.left, evaluation)
    const right = evaluate(node.right, evaluation)
    evaluation.at = node
    return arithmetic(node.operator, left, right, evaluation.budget)
  },
  comparison: compare,
  logic: (node, evaluation) =>
    node.operator === 'and'
      ? node.operands.every((operand) => truthy(evaluate(operand, evaluation)))
      : node.operands.some((operand) => truthy(evaluate(operand, evaluation))),
  coalesce: (node, evaluation) => coalesce(node.operands, evaluation),
  conditional: (node, evaluation) =>
    evaluate(truthy(evaluate(node.test, evaluation)) ? node.whenTrue : node.whenFalse, evaluation),
  call: (node, evaluation) =>
    callFunction(node, evaluation, {
      strict: (arg) => evaluate(arg, evaluation),
      lenient: (arg) => evaluateLenient(arg, evaluation),
    }),
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

function holds(operator: ComparisonOperator, left: Json, right: Json, budget: Budget): boolean {
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

function evaluateChain(node: ChainNode, evaluation: Evaluation): Json {
  const value = readChain(node, evaluation, 'strict')
  return value === missing ? null : value
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
