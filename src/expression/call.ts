/** Calls of functions: which one, with how many and what kinds of arguments. */
import type { Json } from '../std/json.ts'
import { type Missing, missing } from './access.ts'
import type { Evaluation } from './interpret.ts'
import { Fault } from './fault.ts'
import { arityFault, type FunctionSpec, parameterAt, signatureOf } from './functions/function-spec.ts'
import { functionTable, isStatusFunction, statusFunctionNames, type StatusFunctionName } from './functions/table.ts'
import { nearest } from './nearest.ts'
import { quoted } from './quoted.ts'
import type { CallNode, Node } from './syntax-tree.ts'
import { describe, kindOf, nameOfKind } from './values.ts'

interface Evaluators {
  strict(arg: Node): Json
  lenient(arg: Node): Json | Missing
}

export function callFunction(node: CallNode, evaluation: Evaluation, evaluators: Evaluators): Json {
  const { name } = node
  evaluation.at = node
  if (isStatusFunction(name)) return askStatus(node, name, evaluation)
  const spec = functionTable.get(name)
  if (!spec) throw unknownFunction(node)
  const wrong = arityFault(name, spec, node.args.length)
  if (wrong !== undefined) throw new Fault('wrong_arity', wrong, `it is written ${signatureOf(name, spec)}`)
  const args = node.args.map((arg, at): Json => {
    if (at > 0 || spec.lenient === undefined) return evaluators.strict(arg)
    const value = evaluators.lenient(arg)
    if (spec.lenient === 'presence') return value !== missing
    return value === missing ? null : value
  })
  checkKinds(node, spec, args)
  evaluation.at = node
  return spec.call(args, evaluation)
}

function checkKinds(node: CallNode, spec: FunctionSpec, args: readonly Json[]): void {
  for (const [at, value] of args.entries()) {
    const parameter = parameterAt(spec, at)
    if (parameter?.kinds && !parameter.kinds.includes(kindOf(value))) {
      const wanted = parameter.kinds.map(nameOfKind).join(' or ')
      throw new Fault(
        'wrong_type',
        `${node.name} wants ${wanted} as \`${parameter.name}\`, not ${describe(value)}`,
        `it is written ${signatureOf(node.name, spec)}`,
        node.args[at],
      )
    }
  }
}

export function unknownFunction(node: CallNode): Fault {
  const near = nearest(node.name, [...functionTable.keys(), ...statusFunctionNames])
  const hint = near === undefined ? undefined : `did you mean \`${near}\`?`
  return new Fault('unknown_function', `there is no function ${quoted(node.name)}`, hint, {
    start: node.start,
    end: node.nameEnd,
  })
}

/** What is wrong with a call of a status function as it is written, or undefined. */
export function statusCallFault(node: CallNode, name: StatusFunctionName): Fault | undefined {
  if (name === 'always') {
    return node.args.length === 0
      ? undefined
      : new Fault('wrong_arity', 'always takes no arguments', 'it is written always()', node)
  }
  const [arg] = node.args
  if (node.args.length === 1 && arg?.kind === 'literal' && typeof arg.value === 'string') return undefined
  return new Fault(
    'wrong_arity',
    `${name} takes the id of one step, as a literal`,
    `it is written ${name}("step")`,
    node,
  )
}

function askStatus(node: CallNode, name: StatusFunctionName, evaluation: Evaluation): boolean {
  const wrong = statusCallFault(node, name)
  if (wrong) throw wrong
  if (!evaluation.status)
    throw new Fault('status_not_here', `${name}() can be used in conditions only`, undefined, node)
  const [arg] = node.args
  return arg?.kind === 'literal' ? evaluation.status(name, arg.value as string) : evaluation.status(name)
}
