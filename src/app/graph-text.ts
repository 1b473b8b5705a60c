/** A graph as text: a tree for terminals, Mermaid and DOT for documents. */
import type { Graph, GraphFormat } from './graph.ts'

type Node = Graph['nodes'][number]

export function graphText(graph: Graph, format: Exclude<GraphFormat, 'json'>): string {
  return { tree, mermaid, dot }[format](graph)
}

function labelOf(node: Node): string {
  const what = node.calls ?? node.kind
  return `${node.foreach ? 'for each: ' : ''}${what}`
}

/** Every step once, under the need that is settled last; other needs are named beside it. */
function tree({ workflow, nodes, edges }: Graph): string {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const children = new Map<string | undefined, Node[]>()
  for (const node of nodes) {
    const needs = edges.filter((edge) => edge.to === node.id && byId.get(edge.from)?.group === node.group)
    const parent = needs.toSorted((a, b) => (byId.get(b.from)?.level ?? 0) - (byId.get(a.from)?.level ?? 0))[0]?.from
    children.set(parent, [...(children.get(parent) ?? []), node])
  }
  const lines = [workflow]
  const open: { node: Node; indent: string; last: boolean; parent: string | undefined }[] = []
  const push = (parent: string | undefined, indent: string): void => {
    const list = children.get(parent) ?? []
    const entries = list.map((node, at) => ({ node, indent, last: at === list.length - 1, parent }))
    open.push(...entries.toReversed())
  }
  push(undefined, '')
  // A stack instead of recursion: chains may have thousands of steps.
  for (let next = open.pop(); next; next = open.pop()) {
    const { node, indent, last, parent } = next
    lines.push(`${indent}${last ? '└─' : '├─'} ${node.id}  ${notesOf(node, edges, parent)}`.trimEnd())
    push(node.id, `${indent}${last ? '   ' : '│  '}`)
  }
  return lines.join('\n')
}

function notesOf(node: Node, edges: Graph['edges'], parent: string | undefined): string {
  const notes = [labelOf(node)]
  const others = edges.filter((edge) => edge.to === node.id && edge.from !== parent).map((edge) => edge.from)
  if (others.length > 0) notes.push(`also after ${others.join(', ')}`)
  if (node.condition !== undefined) notes.push(`if ${node.condition}`)
  if (node.group === 'finally') notes.push('finally')
  return `(${notes.join('; ')})`
}

function mermaid({ nodes, edges }: Graph): string {
  const lines = nodes.map((node) => {
    const text = escaped(`${node.id}<br/>${labelOf(node).replaceAll('<', '#lt;')}`)
    return `  ${node.id}${node.kind === 'approval' ? `{{"${text}"}}` : `["${text}"]`}`
  })
  const arrows = edges.map((edge) => `  ${edge.from} ${edge.implied ? '-.->' : '-->'} ${edge.to}`)
  const last = nodes.filter((node) => node.group === 'finally').map((node) => `  class ${node.id} finally`)
  const classes = last.length > 0 ? ['  classDef finally stroke-dasharray: 4 4', ...last] : []
  return ['flowchart TD', ...lines, ...arrows, ...classes].join('\n')
}

function escaped(text: string): string {
  return text.replaceAll('"', '#quot;')
}

function dot({ workflow, nodes, edges }: Graph): string {
  const quoted = (text: string) => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
  const lines = nodes.map((node) => {
    const shape = node.kind === 'approval' ? 'diamond' : 'box'
    const style = node.group === 'finally' ? ', style=dashed' : ''
    return `  ${quoted(node.id)} [label=${quoted(`${node.id}\n${labelOf(node)}`).replaceAll('\n', '\\n')}, shape=${shape}${style}];`
  })
  const arrows = edges.map(
    (edge) => `  ${quoted(edge.from)} -> ${quoted(edge.to)}${edge.implied ? ' [style=dotted]' : ''};`,
  )
  return [`digraph ${quoted(workflow)} {`, '  rankdir=TB;', ...lines, ...arrows, '}'].join('\n')
}
