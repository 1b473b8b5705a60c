/** Checks an expression against the names it may use, without evaluating it: all problems at once. */
import type { Json } from '../std/json.ts'
import { statusCallFault, unknownFunction } from './call.ts'
import { checkArithmetic, checkComparison } from './check-operators.ts'
import { evaluateExpression } from './evaluate.ts'
import { ExpressionError } from './expression-error.ts'
import { Fault, type FaultPlace, problemAt, problemOf } from './fault.ts'
import { arityFault, type FunctionSpec, parameterAt, signatureOf } from './functions/function-spec.ts'
import { functionTable, isStatusFunction, type StatusFunctionName } from './functions/table.ts'
import { isForbiddenKey } from './names.ts'
import { nearest } from './nearest.ts'
import type { Expression } from './parse.ts'
import type { ExpressionProblem } from './position.ts'
import { quoted, quotedList } from './quoted.ts'
import { lenientFunctions } from './references.ts'
import { type CallNode, childrenOf, type FieldNode, type IndexNode, type NameNode, type Node, type SliceNode } from './syntax-tree.ts'
import { nameOfKind } from './values.ts'
import {
  anyType,
  booleanType,
  isNever,
  join,
  joinAll,
  listOf,
  nameOfType,
  nullType,
  numberType,
  typeOfLiteral,
  type ValueType,
} from './value-type.ts'

export type { ValueType } from './value-type.ts'

/** What an expression may use. */
export interface CheckScope {
  names: Record<string, ValueType>
  /** Names that are not listed are allowed, of any type (they may still be missing when it is evaluated). */
  open?: boolean
  /** `succeeded`, `failed`, `skipped` and `always`: not here, or about these steps. */
  statusFunctions: false | { steps: readonly string[] }
}

export interface StatusCall {
  name: StatusFunctionName
  step?: string
}

export interface CheckResult {
  /** In the order of the source. */
  problems: ExpressionProblem[]
  type: ValueType
  /** The value, of an expression that reads nothing. */
  constant: { value: Json } | undefined
  statusCalls: readonly StatusCall[]
}

interface Check {
  readonly source: string
  readonly scope: CheckScope
  readonly problems: ExpressionProblem[]
  readonly statusCalls: StatusCall[]
  usesNow: boolean
}

/** Never throws; an expression without problems of severity `error` can still fail on its data. */
export function checkExpression(expression: Expression, scope: CheckScope): CheckResult {
  const check: Check = { source: expression.source, scope, problems: [], statusCalls: [], usesNow: false }
  const type = typeOf(expression.root, check, false)
  const constant = constantOf(expression, check)
  check.problems.sort((a, b) => a.start.offset - b.start.offset)
  return { problems: check.problems, type, constant, statusCalls: check.statusCalls }
}

function constantOf(expression: Expression, check: Check): { value: Json } | undefined {
  const reads = expression.references.length > 0 || check.usesNow || check.statusCalls.length > 0
  if (reads || check.problems.some((problem) => problem.severity === 'error')) return undefined
  try {
    return { value: evaluateExpression(expression, {}, { now: 0 }) }
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    check.problems.push(error.problem)
    return undefined
  }
}

function report(check: Check, place: FaultPlace, code: string, message: string, hint?: string, severity?: 'warning'): void {
  check.problems.push(problemAt(check.source, place, { code, message, hint, ...(severity ? { severity } : {}) }))
}

/** Recursion is bounded by the height of the tree. `lenient`: a missing field on the way is no mistake. */
function typeOf(node: Node, check: Check, lenient: boolean): ValueType {
  const plain = (child: Node): ValueType => typeOf(child, check, false)
  switch (node.kind) {
    case 'literal':
      return typeOfLiteral(node.value)
    case 'name':
      return typeOfName(node, check)
    case 'field':
      return typeOfField(node, check, lenient)
    case 'index':
      return typeOfIndex(node, check, lenient)
    case 'slice':
      return typeOfSlice(node, check, lenient)
    case 'list':
      return listOf(joinAll(node.items.map(plain)))
    case 'object':
      return {
        kind: 'object',
        fields: Object.fromEntries(node.entries.map(({ key, value }) => [key, plain(value)])),
        open: false,
      }
    case 'negate': {
      const type = plain(node.operand)
      if (isNever(type, ['number'])) report(check, node, 'wrong_type', `\`-\` wants a number, not ${nameOfType(type)}`)
      return numberType
    }
    case 'arithmetic':
      return checkArithmetic(node, plain(node.left), plain(node.right), (...problem) => report(check, ...problem))
    case 'comparison':
      checkComparison(node, node.operands.map(plain), (...problem) => report(check, ...problem))
      return booleanType
    case 'not':
    case 'logic':
      for (const child of childrenOf(node)) plain(child)
      return booleanType
    case 'coalesce':
      return typeOfCoalesce(node.operands, check)
    case 'conditional':
      plain(node.test)
      return join(plain(node.then), plain(node.otherwise))
    case 'call':
      return typeOfCall(node, check)
  }
}

function typeOfName(node: NameNode, check: Check): ValueType {
  const { names, open } = check.scope
  if (Object.hasOwn(names, node.name)) return names[node.name] as ValueType
  if (open) return anyType
  const known = Object.keys(names)
  const near = nearest(node.name, known)
  report(check, node, 'unknown_name', `there is no name ${quoted(node.name)} here`, hintForName(node.name, near, known))
  return anyType
}

function hintForName(name: string, near: string | undefined, known: readonly string[]): string {
  if (near !== undefined) return `did you mean \`${near}\`?`
  if (functionTable.has(name) || isStatusFunction(name)) return `\`${name}\` is a function: write ${name}(…)`
  if (name === 'undefined' || name === 'nil') return 'nothing is written null; to ask whether something is there write defined(x.y)'
  if (known.length === 0) return 'text is written in quotes'
  return `known are ${quotedList(known)}; text is written in quotes`
}

function typeOfField(node: FieldNode, check: Check, lenient: boolean): ValueType {
  const object = typeOf(node.object, check, lenient)
  const place = { start: node.nameStart, end: node.end }
  return fieldType(object, node.name, place, check, lenient || node.optional)
}

function fieldType(object: ValueType, name: string, place: FaultPlace, check: Check, lenient: boolean): ValueType {
  if (object.kind === 'any') return anyType
  if (object.kind === 'object') {
    if (Object.hasOwn(object.fields, name) && !isForbiddenKey(name)) return object.fields[name] as ValueType
    if (object.open) return anyType
    reportUnknownField(Object.keys(object.fields), name, place, check)
    return anyType
  }
  if (object.kind === 'null' && lenient) return nullType
  const hint = object.kind === 'array' ? `one element is x[0].${name}; that field of all is map(x, "${name}")` : undefined
  const lengthHint = name === 'length' || name === 'size' ? 'write len(x)' : hint
  report(check, place, 'wrong_type', `${nameOfType(object)} has no field ${quoted(name)}`, lengthHint)
  return anyType
}

function reportUnknownField(known: readonly string[], name: string, place: FaultPlace, check: Check): void {
  const near = nearest(name, known)
  const hint = near === undefined ? (known.length === 0 ? 'it has no fields' : `known are ${quotedList(known)}`) : `did you mean \`${near}\`?`
  report(check, place, 'unknown_field', `there is no field ${quoted(name)}`, hint)
}

function typeOfIndex(node: IndexNode, check: Check, lenient: boolean): ValueType {
  const object = typeOf(node.object, check, lenient)
  const index = typeOf(node.index, check, false)
  if (object.kind === 'any') return anyType
  if (object.kind === 'object') {
    const literal = node.index.kind === 'literal' ? node.index.value : undefined
    if (typeof literal === 'string') return fieldType(object, literal, node.index, check, lenient || node.optional)
    if (isNever(index, ['string'])) {
      report(check, node.index, 'wrong_type', `the key of an object is a string, not ${nameOfType(index)}`)
    }
    return joinIfClosed(object)
  }
  if (object.kind === 'null' && (lenient || node.optional)) return nullType
  if (object.kind !== 'array' && object.kind !== 'string') {
    report(check, node, 'wrong_type', `${nameOfType(object)} has no elements`)
    return anyType
  }
  if (isNever(index, ['number'])) {
    report(check, node.index, 'wrong_type', `the index of ${nameOfType(object)} is a number, not ${nameOfType(index)}`)
  }
  return object.kind === 'array' ? object.items : object
}

function joinIfClosed(object: ValueType & { kind: 'object' }): ValueType {
  return object.open ? anyType : joinAll(Object.values(object.fields))
}

function typeOfSlice(node: SliceNode, check: Check, lenient: boolean): ValueType {
  const object = typeOf(node.object, check, lenient)
  for (const end of [node.from, node.to]) {
    const type = end && typeOf(end, check, false)
    if (end && type && isNever(type, ['number'])) {
      report(check, end, 'wrong_type', `the ends of a slice are whole numbers, not ${nameOfType(type)}`)
    }
  }
  const nullable = lenient || node.optional
  if (isNever(object, nullable ? ['array', 'string', 'null'] : ['array', 'string'])) {
    report(check, node, 'wrong_type', `only lists and strings have slices, not ${nameOfType(object)}`)
    return anyType
  }
  return object
}

function typeOfCoalesce(operands: readonly Node[], check: Check): ValueType {
  const types = operands.map((operand, at) => typeOf(operand, check, at < operands.length - 1))
  const last = types.at(-1) as ValueType
  return joinAll([...types.slice(0, -1).filter((type) => type.kind !== 'null'), last])
}

function typeOfCall(node: CallNode, check: Check): ValueType {
  const { name } = node
  if (isStatusFunction(name)) return typeOfStatusCall(node, name, check)
  const args = node.args.map((arg, at) => typeOf(arg, check, at === 0 && lenientFunctions.has(name)))
  const spec = functionTable.get(name)
  if (!spec) {
    check.problems.push(problemOf(check.source, unknownFunction(node), node))
    return anyType
  }
  if (name === 'now') check.usesNow = true
  const wrong = arityFault(name, spec, args.length)
  if (wrong !== undefined) report(check, node, 'wrong_arity', wrong, `it is written ${signatureOf(name, spec)}`)
  else checkArguments(node, spec, args, check)
  return typeof spec.result === 'function' ? spec.result(args) : spec.result
}

function checkArguments(node: CallNode, spec: FunctionSpec, args: readonly ValueType[], check: Check): void {
  for (const [at, type] of args.entries()) {
    const parameter = parameterAt(spec, at)
    if (!parameter?.kinds || !isNever(type, parameter.kinds)) continue
    const wanted = parameter.kinds.map(nameOfKind).join(' or ')
    report(
      check,
      node.args[at] as Node,
      'wrong_type',
      `${node.name} wants ${wanted} as \`${parameter.name}\`, not ${nameOfType(type)}`,
      `it is written ${signatureOf(node.name, spec)}`,
    )
  }
}

function typeOfStatusCall(node: CallNode, name: StatusFunctionName, check: Check): ValueType {
  const { statusFunctions } = check.scope
  const wrong: Fault | undefined =
    statusFunctions === false
      ? new Fault('status_not_here', `${name}() can be used in conditions only`, 'elsewhere read steps.x.status', node)
      : statusCallFault(node, name)
  if (wrong || statusFunctions === false) {
    if (wrong) check.problems.push(problemOf(check.source, wrong, node))
    return booleanType
  }
  const [arg] = node.args
  if (arg?.kind !== 'literal') {
    check.statusCalls.push({ name })
    return booleanType
  }
  const step = arg.value as string
  if (!statusFunctions.steps.includes(step)) {
    const near = nearest(step, statusFunctions.steps)
    report(check, arg, 'unknown_step', `there is no step ${quoted(step)} here`, near === undefined ? undefined : `did you mean \`${near}\`?`)
  }
  check.statusCalls.push({ name, step })
  return booleanType
}
