/** The tree of an expression: plain, frozen data; what is not listed here can't be said in the language. */

interface Place {
  /** Offsets in the source. */
  readonly start: number
  readonly end: number
  /** Height of the tree below, itself included; bounded by `limits.depth`, so walkers may recurse. */
  readonly depth: number
}

export interface LiteralNode extends Place {
  readonly kind: 'literal'
  readonly value: null | boolean | number | string
}
export interface NameNode extends Place {
  readonly kind: 'name'
  readonly name: string
}
/** `object.name` or `object?.name`. */
export interface FieldNode extends Place {
  readonly kind: 'field'
  readonly object: Node
  readonly name: string
  readonly nameStart: number
  readonly optional: boolean
}
/** `object[index]` or `object?.[index]`. */
export interface IndexNode extends Place {
  readonly kind: 'index'
  readonly object: Node
  readonly index: Node
  readonly optional: boolean
}
/** `object[from:to]`. */
export interface SliceNode extends Place {
  readonly kind: 'slice'
  readonly object: Node
  readonly from: Node | undefined
  readonly to: Node | undefined
  readonly optional: boolean
}
export interface ListNode extends Place {
  readonly kind: 'list'
  readonly items: readonly Node[]
}
export interface ObjectNode extends Place {
  readonly kind: 'object'
  readonly entries: readonly { readonly key: string; readonly value: Node }[]
}
export interface NegateNode extends Place {
  readonly kind: 'negate'
  readonly operand: Node
}
export interface NotNode extends Place {
  readonly kind: 'not'
  readonly operand: Node
}
export type ArithmeticOperator = '+' | '-' | '*' | '/' | '//' | '%' | '**'
export interface ArithmeticNode extends Place {
  readonly kind: 'arithmetic'
  readonly operator: ArithmeticOperator
  readonly left: Node
  readonly right: Node
}
export type ComparisonOperator = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in'
/** `a < b <= c`: each operand is evaluated once, the pairs are joined by `and`. */
export interface ComparisonNode extends Place {
  readonly kind: 'comparison'
  readonly operators: readonly ComparisonOperator[]
  readonly operands: readonly Node[]
}
export interface LogicNode extends Place {
  readonly kind: 'logic'
  readonly operator: 'and' | 'or'
  readonly operands: readonly Node[]
}
/** `a ?? b ?? c`. */
export interface CoalesceNode extends Place {
  readonly kind: 'coalesce'
  readonly operands: readonly Node[]
}
export interface ConditionalNode extends Place {
  readonly kind: 'conditional'
  /** `c ? x : y` or `x if c else y`. */
  readonly form: 'question' | 'words'
  readonly test: Node
  readonly whenTrue: Node
  readonly whenFalse: Node
}
export interface CallNode extends Place {
  readonly kind: 'call'
  readonly name: string
  readonly nameEnd: number
  readonly args: readonly Node[]
}

export type Node =
  | LiteralNode
  | NameNode
  | FieldNode
  | IndexNode
  | SliceNode
  | ListNode
  | ObjectNode
  | NegateNode
  | NotNode
  | ArithmeticNode
  | ComparisonNode
  | LogicNode
  | CoalesceNode
  | ConditionalNode
  | CallNode

type NodeOf<K extends Node['kind']> = Extract<Node, { kind: K }>

/** One function for each kind of node; a kind that is left out does not compile. */
export type NodeTable<Context extends unknown[], Result> = {
  readonly [K in Node['kind']]: (node: NodeOf<K>, ...context: Context) => Result
}

/** Calls the table's function for this kind of node. */
export function byKind<Context extends unknown[], Result>(
  table: NodeTable<Context, Result>,
  node: Node,
  ...context: Context
): Result {
  return (table[node.kind] as (node: Node, ...context: Context) => Result)(node, ...context)
}

const children: NodeTable<[], readonly Node[]> = {
  literal: () => [],
  name: () => [],
  field: (node) => [node.object],
  index: (node) => [node.object, node.index],
  slice: (node) => [node.object, node.from, node.to].filter((child) => child !== undefined),
  list: (node) => node.items,
  object: (node) => node.entries.map((entry) => entry.value),
  negate: (node) => [node.operand],
  not: (node) => [node.operand],
  arithmetic: (node) => [node.left, node.right],
  comparison: (node) => node.operands,
  logic: (node) => node.operands,
  coalesce: (node) => node.operands,
  conditional: (node) => [node.test, node.whenTrue, node.whenFalse],
  call: (node) => node.args,
}

/** The direct children of a node. */
export function childrenOf(node: Node): readonly Node[] {
  return byKind(children, node)
}

/** A name, or a link that reads into something. */
export type ChainNode = NameNode | FieldNode | IndexNode | SliceNode

export function isChain(node: Node): node is ChainNode {
  return node.kind === 'name' || node.kind === 'field' || node.kind === 'index' || node.kind === 'slice'
}
