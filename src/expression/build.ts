/** Builds tree nodes while counting them and measuring their height, so that no tree over the limits ever exists. */
import { Fault } from './fault.ts'
import type { Limits } from './limits.ts'
import type { Node } from './syntax-tree.ts'
import type { Tokens } from './tokens.ts'

export interface Builder {
  readonly tokens: Tokens
  readonly limits: Readonly<Limits>
  nodes: number
  /** How deep the parser itself is nested. */
  nesting: number
  /** Expressions that stand in parentheses of their own. */
  readonly grouped: Set<Node>
}

/** A node without what `build` fills in. */
type Unbuilt<T> = T extends Node ? Omit<T, 'depth' | 'end'> & { end?: number } : never

/** Ends the node where the last token ended. */
export function build(builder: Builder, node: Unbuilt<Node>, children: readonly (Node | undefined)[]): Node {
  let below = 0
  for (const child of children) if (child && child.depth > below) below = child.depth
  const { limits, tokens } = builder
  const end = node.end ?? tokens.lastTokEnd
  builder.nodes += 1
  if (builder.nodes > limits.nodes) {
    throw new Fault('too_large', `the expression has more than ${limits.nodes} parts`, splitHint, {
      start: node.start,
      end,
    })
  }
  if (below + 1 > limits.depth) throw tooDeep(limits, { start: node.start, end })
  return Object.freeze({ ...node, end, depth: below + 1 })
}

/** Runs one nested part of the grammar; refuses before the parser's own recursion can get deep. */
export function nested<T>(builder: Builder, parse: (builder: Builder) => T): T {
  builder.nesting += 1
  if (builder.nesting > builder.limits.depth) throw tooDeep(builder.limits, builder.tokens)
  const result = parse(builder)
  builder.nesting -= 1
  return result
}

const splitHint = 'split it: a `value` step can compute a part'

function tooDeep(limits: Readonly<Limits>, place: { start: number; end: number }): Fault {
  return new Fault('too_deep', `the expression is nested more than ${limits.depth} levels deep`, splitHint, place)
}
