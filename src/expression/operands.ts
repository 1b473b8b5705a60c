/** The grammar of operands: literals, names, lists, objects, calls and the chains of `.field`, `[index]`, `[a:b]`. */
import { type Builder, build } from './build.ts'
import { Fault } from './fault.ts'
import { isForbiddenKey } from './names.ts'
import type { Node } from './syntax-tree.ts'
import { methodHint, unclosed, unexpected } from './unexpected.ts'

type Parse = (builder: Builder) => Node

export function parsePostfix(builder: Builder, parseInner: Parse): Node {
  const { tokens } = builder
  const { start } = tokens
  let node = parseOperand(builder, parseInner)
  for (;;) {
    if (tokens.kind === '.') node = parseField(builder, start, node, false)
    else if (tokens.kind === '[') node = parseBracket(builder, start, node, false, parseInner)
    else if (tokens.kind === '?.') node = parseOptional(builder, start, node, parseInner)
    else if (tokens.kind === '(') throw notCallable(builder, node)
    else return node
  }
}

function parseOptional(builder: Builder, start: number, object: Node, parseInner: Parse): Node {
  const { tokens } = builder
  const nextCharacter = tokens.input.charAt(tokens.pos)
  if (nextCharacter === '(') throw notCallable(builder, object)
  if (nextCharacter !== '[') return parseField(builder, start, object, true)
  tokens.advance()
  return parseBracket(builder, start, object, true, parseInner)
}

function notCallable(builder: Builder, callee: Node): Fault {
  if (callee.kind === 'field') {
    return new Fault('refused_method', `values have no methods (\`.${callee.name}(…)\`)`, methodHint(callee.name), {
      start: callee.nameStart,
      end: callee.end,
    })
  }
  return new Fault(
    'refused_call',
    'only a function of the language can be called, by its bare name',
    undefined,
    builder.tokens,
  )
}

function parseField(builder: Builder, start: number, object: Node, optional: boolean): Node {
  const { tokens } = builder
  tokens.advance()
  if (tokens.kind !== 'name') throw unexpected(tokens, 'a field name after the dot', 'other keys are written x["key"]')
  const name = tokens.value as string
  const nameStart = tokens.start
  tokens.advance()
  return build(builder, { kind: 'field', object, name, nameStart, optional, start }, [object])
}

/** `[index]` or `[from:to]`, at its opening bracket. */
function parseBracket(builder: Builder, start: number, object: Node, optional: boolean, parseInner: Parse): Node {
  const { tokens } = builder
  const opened = tokens.start
  tokens.advance()
  if (tokens.kind === ']') {
    throw new Fault('empty_index', 'there is no index between the brackets', 'write x[0], x[-1], x["key"] or x[1:3]', {
      start: opened,
      end: tokens.end,
    })
  }
  const first = tokens.kind === ':' ? undefined : parseInner(builder)
  if (first && !tokens.is(':')) {
    closeBracket(builder)
    if (first.kind === 'literal' && typeof first.value === 'string' && isForbiddenKey(first.value)) {
      throw new Fault(
        'refused_name',
        `\`${first.value}\` is never read, so that no expression can leave its data`,
        undefined,
        first,
      )
    }
    return build(builder, { kind: 'index', object, index: first, optional, start }, [object, first])
  }
  tokens.advance()
  const to = tokens.kind === ']' ? undefined : parseInner(builder)
  if (tokens.is(':')) {
    throw new Fault('unexpected', 'slices have no step', 'write x[from:to]', tokens)
  }
  closeBracket(builder)
  return build(builder, { kind: 'slice', object, from: first, to, optional, start }, [object, first, to])
}

function closeBracket(builder: Builder): void {
  const { tokens } = builder
  if (tokens.kind === ',')
    throw new Fault('refused_tuple', 'brackets take one index', 'for two levels write x[0][1]', tokens)
  if (tokens.kind !== ']') throw unclosed(tokens, '[', false)
  tokens.advance()
}

function parseOperand(builder: Builder, parseInner: Parse): Node {
  const { tokens } = builder
  const { start, kind, value } = tokens
  switch (kind) {
    case 'name':
      tokens.advance()
      if (tokens.is('(')) return parseCall(builder, start, value as string, parseInner)
      return build(builder, { kind: 'name', name: value as string, start }, [])
    case 'number':
      if (typeof value === 'bigint')
        throw new Fault('bad_number', 'the ending `n` is no part of numbers here', 'leave it out', tokens)
      if (!Number.isFinite(value))
        throw new Fault('number_too_large', 'this number is too large', 'the largest is 1.79e308', tokens)
      return literal(builder, start, value as number)
    case 'string':
      return literal(builder, start, value as string)
    case 'true':
      return literal(builder, start, true)
    case 'false':
      return literal(builder, start, false)
    case 'null':
      return literal(builder, start, null)
    case '(':
      return parseGroup(builder, parseInner)
    case '[':
      return parseList(builder, parseInner)
    case '{':
      return parseObject(builder, parseInner)
    case '/':
      throw new Fault(
        'refused_regex',
        'regular expressions are no literals here',
        'write matches(text, "pattern")',
        tokens,
      )
    default:
      throw unexpected(tokens, 'a value')
  }
}

function literal(builder: Builder, start: number, value: null | boolean | number | string): Node {
  builder.tokens.advance()
  return build(builder, { kind: 'literal', value, start }, [])
}

function parseGroup(builder: Builder, parseInner: Parse): Node {
  const { tokens } = builder
  const opened = tokens.start
  tokens.advance()
  if (tokens.kind === ')') {
    throw new Fault('refused_tuple', 'there is nothing between the parentheses', 'an empty list is written []', {
      start: opened,
      end: tokens.end,
    })
  }
  const node = parseInner(builder)
  if (tokens.is(',')) throw new Fault('refused_tuple', 'there are no tuples', 'a list is written [1, 2]', tokens)
  if (!tokens.is(')')) throw unclosed(tokens, '(', false)
  tokens.advance()
  builder.grouped.add(node)
  return node
}

function parseList(builder: Builder, parseInner: Parse): Node {
  const { start } = builder.tokens
  const items = parseItems(builder, '[', parseInner)
  return build(builder, { kind: 'list', items, start }, items)
}

function parseCall(builder: Builder, start: number, name: string, parseInner: Parse): Node {
  const nameEnd = builder.tokens.lastTokEnd
  const args = parseItems(builder, '(', parseInner)
  return build(builder, { kind: 'call', name, nameEnd, args, start }, args)
}

/** Items between brackets, separated by commas; one comma may stand after the last. At the opening bracket. */
function parseItems(builder: Builder, open: '[' | '(', parseInner: Parse): Node[] {
  const { tokens } = builder
  const close = open === '[' ? ']' : ')'
  const items: Node[] = []
  tokens.advance()
  while (tokens.kind !== close) {
    items.push(parseInner(builder))
    if (tokens.kind === ',') tokens.advance()
    else if (tokens.kind !== close) throw unclosed(tokens, open, true)
  }
  tokens.advance()
  return items
}

function parseObject(builder: Builder, parseInner: Parse): Node {
  const { tokens } = builder
  const { start } = tokens
  const entries: { key: string; value: Node }[] = []
  const keys = new Set<string>()
  tokens.advance()
  while (tokens.kind !== '}') {
    const key = parseKey(builder)
    if (keys.has(key)) throw new Fault('duplicate_key', `the key \`${key}\` stands here twice`, undefined, tokens)
    keys.add(key)
    tokens.advance()
    if (tokens.kind !== ':') {
      throw unexpected(tokens, `\`:\` and a value after the key \`${key}\``, `an object is written {${key}: 1}`)
    }
    tokens.advance()
    entries.push(Object.freeze({ key, value: parseInner(builder) }))
    if (tokens.is(',')) tokens.advance()
    else if (!tokens.is('}')) throw unclosed(tokens, '{', true)
  }
  tokens.advance()
  return build(
    builder,
    { kind: 'object', entries, start },
    entries.map((entry) => entry.value),
  )
}

function parseKey(builder: Builder): string {
  const { tokens } = builder
  if (tokens.kind === '[') {
    throw new Fault('refused_computed_key', 'keys of an object literal can not be computed', undefined, tokens)
  }
  if (tokens.kind !== 'name' && tokens.kind !== 'string') {
    throw unexpected(tokens, 'a key of the object', 'keys are names or strings: {name: 1, "other key": 2}')
  }
  const key = tokens.value as string
  if (isForbiddenKey(key)) {
    throw new Fault(
      'refused_name',
      `\`${key}\` can not be a key, so that no expression can leave its data`,
      undefined,
      tokens,
    )
  }
  return key
}
