/** The type of each kind of node, as far as it is certain, reporting what can not be right. */
import { checkCall } from './check-calls.ts'
import { typeOfField, typeOfIndex, typeOfName, typeOfSlice } from './check-chains.ts'
import { type Check, report } from './check-context.ts'
import { checkArithmetic, checkComparison } from './check-operators.ts'
import { byKind, childrenOf, type Node, type NodeTable } from './syntax-tree.ts'
import {
  booleanType,
  isNever,
  join,
  joinAll,
  listOf,
  nameOfType,
  numberType,
  typeOfLiteral,
  type ValueType,
} from './value-type.ts'

/** Recursion is bounded by the height of the tree. `lenient`: a missing field on the way is no mistake. */
export function typeOf(node: Node, check: Check, lenient: boolean): ValueType {
  return byKind(types, node, check, lenient)
}

function plain(node: Node, check: Check): ValueType {
  return typeOf(node, check, false)
}

function truthValue(node: Node, check: Check): ValueType {
  for (const child of childrenOf(node)) plain(child, check)
  return booleanType
}

const types: NodeTable<[Check, boolean], ValueType> = {
  literal: (node) => typeOfLiteral(node.value),
  name: typeOfName,
  field: (node, check, lenient) => typeOfField(node, typeOf(node.object, check, lenient), check, lenient),
  index: (node, check, lenient) =>
    typeOfIndex(node, typeOf(node.object, check, lenient), plain(node.index, check), check, lenient),
  slice(node, check, lenient) {
    const object = typeOf(node.object, check, lenient)
    const ends = [node.from, node.to].map((end) => end && { node: end, type: plain(end, check) })
    return typeOfSlice(node, object, ends, check, lenient)
  },
  list: (node, check) => listOf(joinAll(node.items.map((item) => plain(item, check)))),
  object: (node, check) => ({
    kind: 'object',
    fields: Object.fromEntries(node.entries.map(({ key, value }) => [key, plain(value, check)])),
    open: false,
  }),
  negate(node, check) {
    const type = plain(node.operand, check)
    if (isNever(type, ['number'])) report(check, node, 'wrong_type', `\`-\` wants a number, not ${nameOfType(type)}`)
    return numberType
  },
  not: truthValue,
  logic: truthValue,
  arithmetic: (node, check) =>
    checkArithmetic(node, plain(node.left, check), plain(node.right, check), (...problem) => report(check, ...problem)),
  comparison(node, check) {
    const operands = node.operands.map((operand) => plain(operand, check))
    checkComparison(node, operands, (...problem) => report(check, ...problem))
    return booleanType
  },
  coalesce(node, check) {
    const all = node.operands.map((operand, at) => typeOf(operand, check, at < node.operands.length - 1))
    return joinAll(all.filter((type, at) => type.kind !== 'null' || at === all.length - 1))
  },
  conditional(node, check) {
    plain(node.test, check)
    return join(plain(node.whenTrue, check), plain(node.whenFalse, check))
  },
  call: (node, check) => checkCall(node, check, typeOf),
}
