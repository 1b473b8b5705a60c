/** Calls: unknown functions, wrong numbers and kinds of arguments, and which steps a condition asks about. */
import { statusCallFault, unknownFunction } from './call.ts'
import { type Check, report } from './check-context.ts'
import { Fault, problemOf } from './fault.ts'
import { arityFault, type FunctionSpec, parameterAt, signatureOf } from './functions/function-spec.ts'
import { functionTable, isStatusFunction, type StatusFunctionName } from './functions/table.ts'
import { nearest } from './nearest.ts'
import { quoted } from './quoted.ts'
import { lenientFunctions } from './references.ts'
import type { CallNode, Node } from './syntax-tree.ts'
import { anyType, booleanType, isNever, nameOfType, type ValueType } from './value-type.ts'
import { nameOfKind } from './values.ts'

type TypeOf = (node: Node, check: Check, lenient: boolean) => ValueType

/** `typeOf` gives the types of the arguments. */
export function checkCall(node: CallNode, check: Check, typeOf: TypeOf): ValueType {
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
    report(
      check,
      arg,
      'unknown_step',
      `there is no step ${quoted(step)} here`,
      near === undefined ? undefined : `did you mean \`${near}\`?`,
    )
  }
  check.statusCalls.push({ name, step })
  return booleanType
}
