/** Puts one entry into the text of a file, or takes one out: all the rest stays as it is, comments and layout included. */
import { Document, isMap, isScalar, type Pair, parseDocument, type ParsedNode, type YAMLMap } from 'yaml'
import { NonRetryableError } from '../domain/errors.ts'
import { ProblemsError } from '../domain/problem.ts'
import { isObject, type Json, jsonEqual, type JsonObject } from '../std/json.ts'
import { columnOf, contentEnd, ended, lineEnd, lineStart } from './text-lines.ts'
import { readYaml } from './yaml.ts'

export interface Entry {
  /** Keys of the mappings around it, and its own. */
  path: readonly [string, ...string[]]
  /** Numbers, texts, and mappings of these; undefined: it is taken out. */
  value: JsonObject | number | string | undefined
}

export interface PutEntry {
  text: string
  before: Json | undefined
}

type Pairs = YAMLMap.Parsed
type Held = Pair<ParsedNode, ParsedNode | null>

/** What is in the text; an empty file is an empty mapping. Throws `invalid_config` for what is no plain YAML, or no mapping. */
function dataOf(text: string, file: string): JsonObject {
  const { data, problems } = readYaml(text, file, { emptyHint: '' })
  if (problems.length === 1 && problems[0]?.code === 'empty_file') return {}
  if (problems.length > 0) throw new ProblemsError('invalid_config', problems)
  if (isObject(data)) return data
  throw new NonRetryableError('invalid_config', `${file} is not a mapping at its top`)
}

/** Throws `invalid_config` when the file is written in a way that leaves no place for the entry. */
export function putEntry(text: string, entry: Entry, file: string): PutEntry {
  const data = dataOf(text, file)
  const before = valueAt(data, entry.path)
  if (entry.value === undefined && before === undefined) return { text, before }
  const wanted = changed(data, entry.path, entry.value)
  for (const attempt of [spliced, rewritten]) {
    const next = tried(() => attempt(text, entry))
    if (next === undefined) continue
    const { data: written, problems } = readYaml(next, file)
    // What was put in must be read back, and nothing else may have changed.
    if (problems.length === 0 && jsonEqual(written, wanted)) return { text: next, before }
  }
  throw new NonRetryableError(
    'invalid_config',
    `${file} is written in a way that leaves no place for "${entry.path.at(-1)}"`,
    { hint: `write it there yourself, under \`${entry.path[0]}:\`` },
  )
}

function valueAt(data: Json, path: readonly string[]): Json | undefined {
  let value: Json | undefined = data
  for (const key of path) value = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined
  return value
}

function changed(data: Json | undefined, [key, ...rest]: readonly string[], value: Entry['value']): JsonObject {
  const all = isObject(data) ? { ...data } : {}
  if (key === undefined) return all
  if (rest.length > 0) all[key] = changed(all[key], rest, value)
  else if (value === undefined) delete all[key]
  else all[key] = value
  return all
}

/** Where an alias or an anchor stands in the way, the YAML package throws. */
function tried(attempt: () => string): string | undefined {
  try {
    return attempt()
  } catch {
    return undefined
  }
}

// ── as a person would type it ──

function spliced(text: string, { path, value }: Entry): string {
  const { found, parent, depth } = placeOf(text, path)
  if (value === undefined) return found && parent ? without(text, parent, found) : text
  if (found)
    return isBlock(found.value) && isObject(value) ? refilled(text, found.value, value) : inPlace(text, found, value)
  const rest = path.slice(depth)
  return parent ? appended(text, parent, rest, value) : atEnd(text, rest, value)
}

function isBlock(node: ParsedNode | null): node is Pairs {
  return isMap(node) && node.flow !== true
}

/** The pair at a path, if there is one, and the deepest mapping around it, with how many keys lead to that. */
function placeOf(text: string, path: readonly string[]) {
  let node: ParsedNode | null = parseDocument<ParsedNode>(text, { uniqueKeys: false, logLevel: 'silent' }).contents
  let parent: Pairs | undefined
  let holder: Held | undefined
  for (const [depth, key] of path.entries()) {
    if (holder && (!node || isEmpty(node))) return { found: undefined, parent: holder, depth }
    if (!isMap(node)) return { found: undefined, parent, depth }
    parent = node
    holder = node.items.find((item) => isScalar(item.key) && item.key.value === key)
    if (!holder) return { found: undefined, parent, depth }
    node = holder.value
  }
  return { found: holder, parent, depth: path.length }
}

function isEmpty(node: ParsedNode): boolean {
  if (isScalar(node)) return node.value === null
  return isMap(node) && node.flow === true && node.items.length === 0
}

/** The value, where the old one stood; what stands behind it on its line stays. */
function inPlace(text: string, { key, value: old }: Held, value: JsonObject | number | string): string {
  const [from, until] = old ? old.range : [text.indexOf(':', key.range[1]) + 1, 0]
  if (old === null || from === until) return `${text.slice(0, from)} ${flowText(value)}${text.slice(from)}`
  if (isBlock(old))
    return `${text.slice(0, lineEndBefore(text, from))} ${flowText(value)}\n${text.slice(lineEnd(text, until - 1))}`
  return text.slice(0, from) + flowText(value) + text.slice(until)
}

/** The end of the line above, without its newline. */
function lineEndBefore(text: string, at: number): number {
  return text.slice(0, lineStart(text, at)).trimEnd().length
}

/** A mapping of one field a line, field by field: comments beside the fields that stay are kept. */
function refilled(text: string, block: Pairs, value: JsonObject): string {
  const pieces: { from: number; until: number; text: string }[] = []
  const known = new Set<string>()
  for (const { key, value: old } of block.items as Held[]) {
    const name = isScalar(key) ? String(key.value) : ''
    const wanted = value[name]
    known.add(name)
    if (wanted === undefined) {
      const from = lineStart(text, key.range[0])
      pieces.push({ from, until: lineEnd(text, (old ?? key).range[1]), text: '' })
    } else if (old) pieces.push({ from: old.range[0], until: old.range[1], text: flowText(wanted) })
  }
  const last = block.items.at(-1) as Held
  const end = lineEnd(text, (last.value ?? last.key).range[1])
  const indent = ' '.repeat(columnOf(text, (block.items[0] as Held).key.range[0]))
  const added = Object.entries(value).filter(([name]) => !known.has(name))
  const newline = newlineOf(text)
  const lines = added.map(([name, one]) => `${indent}${keyText(name)}: ${flowText(one)}${newline}`)
  pieces.push({
    from: end,
    until: end,
    text: (text[end - 1] === '\n' || lines.length === 0 ? '' : newline) + lines.join(''),
  })
  let next = text
  for (const piece of pieces.toReversed()) next = next.slice(0, piece.from) + piece.text + next.slice(piece.until)
  return next
}

/** After the last entry of a mapping, or the first one under a key that has none yet. */
function appended(
  text: string,
  parent: Pairs | Held,
  path: readonly string[],
  value: JsonObject | number | string,
): string {
  const newline = newlineOf(text)
  if (!isMap(parent)) {
    const { key, value: old } = parent
    const indent = columnOf(text, key.range[0]) + 2
    const at = lineEnd(text, (old ?? key).range[1])
    // `{}` makes room; a comment behind it stays.
    const head = old
      ? (text.slice(0, old.range[0]) + text.slice(old.range[1], at)).replace(/[ \t]+(?=\r?\n?$)/, '')
      : text.slice(0, at)
    return ended(head, newline) + block(path, value, indent, newline) + text.slice(at)
  }
  if (parent.flow === true) throw new NonRetryableError('internal', 'a flow mapping is written anew')
  const [first] = parent.items as Held[]
  const indent = first ? columnOf(text, first.key.range[0]) : 0
  const end = contentEnd(text, parent.range[2], indent)
  // A new section stands apart.
  const gap = indent === 0 && path.length > 1 ? newline : ''
  return ended(text.slice(0, end), newline) + gap + block(path, value, indent, newline) + text.slice(end)
}

function atEnd(text: string, path: readonly string[], value: JsonObject | number | string): string {
  const newline = newlineOf(text)
  return ended(text, newline) + (text.trim() === '' ? '' : newline) + block(path, value, 0, newline)
}

/** Takes the lines of an entry out; the last one leaves an empty mapping behind. */
function without(text: string, parent: Pairs | Held, found: Held): string {
  if (!isMap(parent) || parent.flow === true) throw new NonRetryableError('internal', 'a flow mapping is written anew')
  const from = lineStart(text, found.key.range[0])
  const until = contentEnd(text, (found.value ?? found.key).range[2], columnOf(text, found.key.range[0]) + 1)
  const next = text.slice(0, from) + text.slice(Math.max(until, lineEnd(text, found.key.range[0])))
  if (parent.items.length > 1) return next
  const above = lineStart(text, parent.range[0])
  const colon = text.slice(0, above).lastIndexOf(':')
  return `${next.slice(0, colon + 1)} {}${next.slice(colon + 1)}`
}

function block(path: readonly string[], value: JsonObject | number | string, indent: number, newline: string): string {
  return path
    .map((key, at) => {
      const isLast = at === path.length - 1
      return `${' '.repeat(indent + 2 * at)}${keyText(key)}:${isLast ? ` ${flowText(value)}` : ''}${newline}`
    })
    .join('')
}

function newlineOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n'
}

/** On one line. */
function flowText(value: Json): string {
  const document = new Document(value, { version: '1.2' })
  if (isMap(document.contents)) document.contents.flow = true
  return document.toString({ lineWidth: 0, flowCollectionPadding: false }).trimEnd()
}

function keyText(key: string): string {
  return flowText({ [key]: 0 }).replace(/^\{(.*): 0\}$/s, '$1')
}

// ── by the YAML package, which keeps comments, but lays the file out anew ──

function rewritten(text: string, { path, value }: Entry): string {
  const document = parseDocument(text, { uniqueKeys: false, logLevel: 'silent' })
  if (value === undefined) document.deleteIn(path)
  else document.setIn(path, document.createNode(value, { flow: true }))
  return document.toString({ lineWidth: 0, flowCollectionPadding: false })
}
