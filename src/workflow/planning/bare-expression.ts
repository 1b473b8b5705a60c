/** Conditions and `until`: fields that hold one bare expression; one `${{ }}` around the whole is taken off. */
import type { CallNode, Node } from '../../expression/syntax-tree.ts'
import { childrenOf } from '../../expression/syntax-tree.ts'
import { type Expression, type ExpressionProblem, parseEmbedded, parseExpression } from '../../expression/parse.ts'

export type BareOutcome =
  /** `offset` is where the expression's source begins in the text. */
  { ok: true; expression: Expression; offset: number } | { ok: false; problems: ExpressionProblem[]; offset: number }

export function parseBareExpression(text: string): BareOutcome {
  const first = text.search(/\S/)
  if (first === -1 || !text.startsWith('${{', first)) return { ...plain(text), offset: 0 }
  const outcome = parseEmbedded(text, first + 3)
  if (!outcome.ok) return { ...outcome, offset: first + 3 }
  if (text.slice(outcome.end).trim() === '') return { ...outcome, offset: first + 3 }
  return { ok: false, problems: [partial(text)], offset: 0 }
}

function plain(text: string): { ok: true; expression: Expression } | { ok: false; problems: ExpressionProblem[] } {
  const outcome = parseExpression(text)
  if (outcome.ok || !text.includes('${{')) return outcome
  return { ok: false, problems: [partial(text)] }
}

function partial(text: string): ExpressionProblem {
  const start = { line: 1, column: 1, offset: 0 }
  return {
    code: 'template_in_expression',
    message: 'this is an expression already: `${{ }}` can only stand around the whole of it',
    hint: 'leave the `${{` and `}}` out',
    start,
    end: { line: 1, column: text.length + 1, offset: text.length },
    severity: 'error',
  }
}

export const statusFunctionNames = ['succeeded', 'failed', 'skipped', 'always'] as const
export type StatusFunctionName = (typeof statusFunctionNames)[number]

export interface StatusCall {
  name: StatusFunctionName
  step?: string
}

/** Calls of status functions in an expression, with the step that each names (ruling 11). */
export function statusCallsOf(expression: Expression): StatusCall[] {
  const calls: StatusCall[] = []
  const open: Node[] = [expression.root]
  for (let node = open.pop(); node; node = open.pop()) {
    if (node.kind === 'call' && isStatusFunction(node.name)) calls.push(callOf(node, node.name))
    open.push(...childrenOf(node).toReversed())
  }
  return calls
}

function isStatusFunction(name: string): name is StatusFunctionName {
  return (statusFunctionNames as readonly string[]).includes(name)
}

function callOf(node: CallNode, name: StatusFunctionName): StatusCall {
  const [argument] = node.args
  return argument?.kind === 'literal' && typeof argument.value === 'string' ? { name, step: argument.value } : { name }
}
