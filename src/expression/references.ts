/** Which data an expression reads, as far as that can be seen without evaluating it. */
import { positionAt, type Position } from './position.ts'
import { childrenOf, isChain, type Node } from './syntax-tree.ts'

/**
 * A chain of names and literal keys from a root name, as far as it is static:
 * `steps.draw.output[0].url` has the root `steps` and the path `['draw', 'output', 0, 'url']`.
 */
export interface Reference {
  root: string
  path: readonly (string | number)[]
  start: Position
  end: Position
  /** Read leniently: in a chain with `?.`, left of `??`, or first in `defined()`, `get()` or `default()`. */
  optional: boolean
}

/** Functions whose first argument may be missing. */
export const lenientFunctions: ReadonlySet<string> = new Set(['defined', 'get', 'default'])

/** In the order of the source. Recursion is bounded by the tree's height. */
export function referencesOf(root: Node, source: string): Reference[] {
  const references: Reference[] = []
  visit(root, false)
  return references.sort((a, b) => a.start.offset - b.start.offset)

  function visit(node: Node, lenient: boolean): void {
    if (isChain(node)) visitChain(node, lenient)
    else if (node.kind === 'coalesce') {
      node.operands.forEach((operand, at) => visit(operand, at < node.operands.length - 1))
    } else if (node.kind === 'call') {
      node.args.forEach((arg, at) => visit(arg, at === 0 && lenientFunctions.has(node.name)))
    } else {
      for (const child of childrenOf(node)) visit(child, false)
    }
  }

  function visitChain(top: Node, lenient: boolean): void {
    let optional = lenient
    let node = top
    let path: (string | number)[] = []
    let end = top.end
    for (;;) {
      if (node.kind === 'field') {
        path.push(node.name)
        optional ||= node.optional
      } else if (node.kind === 'index') {
        const key = literalKey(node.index)
        optional ||= node.optional
        if (key === undefined) {
          visit(node.index, false)
          path = []
          end = node.object.end
        } else path.push(key)
      } else if (node.kind === 'slice') {
        if (node.from) visit(node.from, false)
        if (node.to) visit(node.to, false)
        path = []
        optional ||= node.optional
        end = node.object.end
      } else break
      node = node.object
    }
    if (node.kind !== 'name') return visit(node, optional)
    references.push({
      root: node.name,
      path: path.reverse(),
      start: positionAt(source, node.start),
      end: positionAt(source, end),
      optional,
    })
  }
}

function literalKey(node: Node): string | number | undefined {
  return node.kind === 'literal' && (typeof node.value === 'string' || typeof node.value === 'number')
    ? node.value
    : undefined
}
