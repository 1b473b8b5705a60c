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
  readonly then: Node
  readonly otherwise: Node
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

/** The direct children of a node, in the order they are written (a conditional: test, then, otherwise). */
export function childrenOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case 'literal':
    case 'name':
      return []
    case 'field':
      return [node.object]
    case 'index':
      return [node.object, node.index]
    case 'slice':
      return [node.object, node.from, node.to].filter((child) => child !== undefined)
    case 'list':
      return node.items
    case 'object':
      return node.entries.map((entry) => entry.value)
    case 'negate':
    case 'not':
      return [node.operand]
    case 'arithmetic':
      return [node.left, node.right]
    case 'comparison':
    case 'logic':
    case 'coalesce':
      return node.operands
    case 'conditional':
      return [node.test, node.then, node.otherwise]
    case 'call':
      return node.args
  }
}
