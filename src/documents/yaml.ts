/** A YAML document as plain data with places: everything that YAML can do beyond plain data is refused here. */
import { Composer, type CST, isAlias, isMap, isScalar, isSeq, Lexer, Parser, type ParsedNode, type YAMLMap } from 'yaml'
import type { Problem } from '../domain/problem.ts'
import type { Json, JsonObject } from '../std/json.ts'
import { createPlaces, type Places } from './yaml-places.ts'
import { syntaxProblems } from './yaml-syntax.ts'

export interface YamlLimits {
  /** Nesting of collections, aliases followed. */
  depth: number
  /** Values that aliases may add to the document. */
  aliasedValues: number
  /** What to do about a file with nothing in it. */
  emptyHint: string
}

const defaultLimits: YamlLimits = {
  depth: 100,
  aliasedValues: 10_000,
  emptyHint: 'a workflow begins with `name:` and `steps:`',
}

export interface YamlDocument {
  /** What could be read; parts with a problem are left out or null. */
  data: Json
  places: Places
  problems: Problem[]
}

/** Reads one document of plain data. Whatever is wrong is in `problems`; nothing is thrown for what the text holds. */
export function readYaml(text: string, file: string, limits: Partial<YamlLimits> = {}): YamlDocument {
  const bounds = { ...defaultLimits, ...limits }
  const places = createPlaces(text, file)
  const invisible = controlCharacterIn(text)
  if (invisible !== -1)
    return failed(places, places.problemAt(invisible, 'invalid_character', 'the file holds a control character'))
  const tokens = tokensOf(text, bounds.depth)
  if ('tooDeepAt' in tokens) return failed(places, tooDeep(places, tokens.tooDeepAt, bounds.depth))
  const [document, ...more] = composerOf().compose(tokens, true, text.length)
  if (!document) return failed(places, places.problemAt(0, 'empty_file', 'the file is empty', bounds.emptyHint))
  const problems = syntaxProblems(document, text, places)
  const [second] = more
  if (second)
    problems.push(
      places.problemAt(second.range[0], 'several_documents', 'the file holds more than one document', 'keep one'),
    )
  if (problems.length > 0) return { data: null, places, problems }
  if (document.contents === null) {
    return failed(places, places.problemAt(0, 'empty_file', 'the file is empty', bounds.emptyHint))
  }
  places.open(document.contents)
  const data = toPlainData(document.contents, places, bounds, problems)
  const unreadable = problems.filter(({ code }) => isFatal.has(code))
  if (unreadable.length > 0) return { data: null, places, problems: unreadable }
  return { data, places, problems }
}

/** Problems that leave so much out of the data that whatever else would be said of it only follows from them. */
const isFatal: ReadonlySet<string> = new Set(['too_deep', 'too_many_aliases', 'alias_cycle', 'merge_key'])

function failed(places: Places, problem: Problem): YamlDocument {
  return { data: null, places, problems: [problem] }
}

function composerOf(): Composer {
  // `uniqueKeys` is quadratic in this package: keys are compared below, in linear time.
  return new Composer({
    version: '1.2',
    schema: 'core',
    merge: false,
    uniqueKeys: false,
    resolveKnownTags: false,
    logLevel: 'silent',
  })
}

/** The syntax tree, built without recursion; the composer after it recurses, so depth is bounded first. */
function tokensOf(text: string, depth: number): CST.Token[] | { tooDeepAt: number } {
  const parser = new Parser()
  const tokens: CST.Token[] = []
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token)
    // Besides collections, the document and a scalar may be on the stack.
    if (parser.stack.length > depth + 2) return { tooDeepAt: parser.offset }
  }
  for (const token of parser.end()) tokens.push(token)
  return tokens
}

function tooDeep(places: Places, offset: number, depth: number): Problem {
  return places.problemAt(offset, 'too_deep', `values are nested more than ${depth} levels deep`)
}

/** The offset of the first, or -1. */
export function controlCharacterIn(text: string): number {
  return text.search(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/)
}

interface Conversion {
  places: Places
  limits: YamlLimits
  problems: Problem[]
  anchors: Map<string, ParsedNode>
  /** Collections that are being converted: an alias to one of them would never end. */
  open: Set<ParsedNode>
  aliased: number
  inAlias: number
  /** Where the alias stands that is being followed. */
  aliasAt: number
}

/** Of what an alias repeats, problems have been told where it is written. */
function tell(conversion: Conversion, offset: number, code: string, message: string, hint?: string): void {
  if (conversion.inAlias === 0) conversion.problems.push(conversion.places.problemAt(offset, code, message, hint))
}

function toPlainData(node: ParsedNode, places: Places, limits: YamlLimits, problems: Problem[]): Json {
  return convert(node, 0, {
    places,
    limits,
    problems,
    anchors: new Map(),
    open: new Set(),
    aliased: 0,
    inAlias: 0,
    aliasAt: 0,
  })
}

function convert(node: ParsedNode, depth: number, conversion: Conversion): Json {
  const { places, limits, problems, open } = conversion
  if (conversion.inAlias > 0) {
    conversion.aliased += 1
    if (conversion.aliased === limits.aliasedValues + 1) {
      problems.push(
        places.problemAt(
          conversion.aliasAt,
          'too_many_aliases',
          `aliases add more than ${limits.aliasedValues} values`,
          'keep data in files of its own and pass it as inputs',
        ),
      )
    }
    if (conversion.aliased > limits.aliasedValues) return null
  }
  if (isAlias(node)) return convertAlias(node, depth, conversion)
  if (node.anchor !== undefined) conversion.anchors.set(node.anchor, node)
  if (isScalar(node)) return convertScalar(node, conversion)
  if (depth >= limits.depth) {
    problems.push(tooDeep(places, node.range[0], limits.depth))
    return null
  }
  open.add(node)
  const value = isSeq(node)
    ? node.items.map((item) => (item ? convert(item, depth + 1, conversion) : null))
    : convertMap(node, depth, conversion)
  open.delete(node)
  return value
}

function convertAlias(node: ParsedNode & { source: string }, depth: number, conversion: Conversion): Json {
  const { places, anchors, open } = conversion
  const target = anchors.get(node.source)
  if (!target) {
    tell(conversion, node.range[0], 'unknown_alias', `there is no anchor &${node.source} before this alias`)
    return null
  }
  if (open.has(target)) {
    tell(conversion, node.range[0], 'alias_cycle', `the alias *${node.source} stands within its own anchor`)
    return null
  }
  places.link(node, target)
  if (conversion.inAlias === 0) [conversion.aliasAt] = node.range
  conversion.inAlias += 1
  const value = convert(target, depth, conversion)
  conversion.inAlias -= 1
  return value
}

function convertScalar(node: ParsedNode, conversion: Conversion): Json {
  const { value } = node as { value?: unknown }
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  const { source = '' } = node as { source?: string }
  if (
    typeof value === 'number' &&
    Number.isFinite(value) &&
    (!Number.isInteger(value) || Number.isSafeInteger(value) || /[.eE]/.test(source))
  ) {
    return value
  }
  const why =
    typeof value === 'number' && Number.isFinite(value) ? 'can not be kept exactly' : 'is not a number of JSON'
  tell(conversion, node.range[0], 'bad_number', `${source || String(value)} ${why}`, 'write it in quotes, as text')
  return null
}

const forbiddenKeys: ReadonlySet<string> = new Set(['__proto__', 'prototype', 'constructor'])

function convertMap(node: YAMLMap.Parsed, depth: number, conversion: Conversion): Json {
  const value: JsonObject = {}
  const offsets = new Map<string, number>()
  for (const { key: keyNode, value: valueNode } of node.items) {
    const key = keyOf(keyNode, conversion)
    const inner = valueNode ? convert(valueNode, depth + 1, conversion) : null
    if (key === undefined) continue
    const place = keyNode.range[0]
    const before = offsets.get(key)
    if (before !== undefined) {
      const { line } = conversion.places.positionOf(before)
      tell(conversion, place, 'duplicate_key', `\`${key}\` stands here twice`, `it was first written on line ${line}`)
      continue
    }
    offsets.set(key, place)
    value[key] = inner
  }
  return value
}

/** The key when it is a plain string that may be used; else undefined, with a problem. */
function keyOf(node: ParsedNode, conversion: Conversion): string | undefined {
  const add = (code: string, message: string, hint?: string): undefined => {
    tell(conversion, node.range[0], code, message, hint)
    return undefined
  }
  if (!isScalar(node)) {
    if (isMap(node) && conversion.places.lineAt(node.range[0])?.includes('${{')) {
      return add('unquoted_expression', '`${{ }}` must be quoted here', 'put quotes around the whole value: "${{ … }}"')
    }
    return add('non_string_key', 'a key must be plain text, not a list, a mapping or an alias')
  }
  const key = node.value
  if (key === '<<')
    return add(
      'merge_key',
      '`<<` (merge keys) is not supported',
      'write the fields out, or use an alias for a whole value',
    )
  if (typeof key !== 'string')
    return add('non_string_key', `the key ${node.source ?? String(key)} is not text`, 'write it in quotes')
  if (forbiddenKeys.has(key)) return add('forbidden_key', `the key \`${key}\` is not allowed`)
  return key
}
