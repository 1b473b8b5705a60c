/** Where things stand in a YAML file: by path into its data, and by offset into the text of a scalar. */
import { isAlias, isMap, isScalar, isSeq, type ParsedNode, type YAMLMap } from 'yaml'
import type { Problem } from '../domain/problem.ts'
import { placeInScalar } from './scalar-place.ts'

export type Path = readonly (string | number)[]

export interface ProblemParts {
  code: string
  message: string
  hint?: string | undefined
  severity?: 'error' | 'warning'
  /** The place: the value's beginning (the default), its key, or an offset into its text. */
  at?: 'value' | 'key' | number
}

export interface Places {
  /** A problem at an offset of the file. */
  problemAt(offset: number, code: string, message: string, hint?: string): Problem
  /** A problem with what stands at a path; of a path that leads nowhere, its nearest beginning that does. */
  problem(path: Path, parts: ProblemParts): Problem
  positionOf(offset: number): { line: number; column: number }
  /** The line that an offset is on, unless it is too long to show. */
  lineAt(offset: number): string | undefined
  /** Whether the file has something at a path. */
  has(path: Path): boolean
  /** The path of the item with this text, in a list (or alone in its place); else the path given. */
  pathOfItem(path: Path, text: string): Path
  open(root: ParsedNode): void
  /** Says what an alias stands for. */
  link(alias: ParsedNode, target: ParsedNode): void
}

/** Longer lines are not shown with a problem. */
const shownLineLength = 400

export function createPlaces(text: string, file: string): Places {
  const lineStarts = lineStartsOf(text)
  const targets = new Map<ParsedNode, ParsedNode>()
  const indexes = new Map<ParsedNode, Map<string, Entry>>()
  let root: ParsedNode | undefined

  return { problemAt, problem, positionOf, lineAt, has: (path) => find(path).whole, pathOfItem, open, link }

  function problemAt(offset: number, code: string, message: string, hint?: string): Problem {
    return problemOf(offset, { code, message, hint })
  }

  function problem(path: Path, parts: ProblemParts): Problem {
    const found = find(path)
    const { at = 'value' } = parts
    if (typeof at === 'number' && isScalar(found.value) && typeof found.value.value === 'string' && found.whole) {
      return problemOf(placeInScalar(text, found.value.range[0], found.value.type, found.value.value, at), parts)
    }
    const node = at === 'key' || isMissing(found.value) ? (found.key ?? found.value) : found.value
    return problemOf(node?.range[0] ?? 0, parts)
  }

  function problemOf(offset: number, { code, severity = 'error', message, hint }: ProblemParts): Problem {
    const made: Problem = { file, ...positionOf(offset), code, severity, message }
    if (hint !== undefined) made.hint = hint
    const source = lineAt(offset)
    if (source !== undefined) made.source = source
    return made
  }

  function positionOf(offset: number): { line: number; column: number } {
    const line = lineOf(offset)
    return { line: line + 1, column: offset - (lineStarts[line] as number) + 1 }
  }

  /** The number of the line, from 0, by halving. */
  function lineOf(offset: number): number {
    let low = 0
    let high = lineStarts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((lineStarts[middle] as number) <= offset) low = middle
      else high = middle - 1
    }
    return low
  }

  function lineAt(offset: number): string | undefined {
    const start = lineStarts[lineOf(offset)] as number
    const end = text.indexOf('\n', start)
    const line = text.slice(start, end === -1 ? undefined : end).replace(/\r$/, '')
    return line.length > shownLineLength ? undefined : line
  }

  function pathOfItem(path: Path, item: string): Path {
    const { value } = find(path)
    if (!isSeq(value)) return path
    const index = value.items.findIndex((node) => isScalar(node) && node.value === item)
    return index === -1 ? path : [...path, index]
  }

  function open(node: ParsedNode): void {
    root = node
  }

  function link(alias: ParsedNode, target: ParsedNode): void {
    targets.set(alias, target)
  }

  /** The key and value at the path; `whole` is false when only a beginning of it was found. */
  function find(path: Path): { key?: ParsedNode | undefined; value?: ParsedNode | undefined; whole: boolean } {
    let key: ParsedNode | undefined
    let value = root
    for (const step of path) {
      const entry = value && entryOf(value, step)
      if (!entry) return { key, value, whole: false }
      key = entry.key
      value = entry.value ?? undefined
    }
    return { key, value: value && (targets.get(value) ?? value), whole: true }
  }

  function entryOf(node: ParsedNode, step: string | number): Entry | undefined {
    const target = isAlias(node) ? targets.get(node) : node
    if (isSeq(target)) {
      const item = target.items[Number(step)]
      return item && { key: item, value: item }
    }
    return isMap(target) ? indexOf(target).get(String(step)) : undefined
  }

  function indexOf(node: YAMLMap.Parsed): Map<string, Entry> {
    const known = indexes.get(node)
    if (known) return known
    const index = new Map<string, Entry>()
    for (const { key, value } of node.items) {
      if (isScalar(key) && typeof key.value === 'string' && !index.has(key.value)) index.set(key.value, { key, value })
    }
    indexes.set(node, index)
    return index
  }
}

interface Entry {
  key: ParsedNode
  value: ParsedNode | null
}

/** `key:` with nothing after it: the place to show is the key. */
function isMissing(node: ParsedNode | undefined): boolean {
  return node === undefined || (isScalar(node) && node.value === null && (node.source ?? '') === '')
}

function lineStartsOf(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}
