import { describe, expect, it } from 'vitest'
import { parseEmbedded, parseExpression, type ParseOutcome } from './parse.ts'
import { byKind, type Node, type NodeTable } from './syntax-tree.ts'

/** A tree as text with every grouping visible. */
function shape(node: Node): string {
  return byKind(shapes, node)
}

const shapes: NodeTable<[], string> = {
  literal: (node) => JSON.stringify(node.value),
  name: (node) => node.name,
  field: (node) => `${shape(node.object)}${node.optional ? '?' : ''}.${node.name}`,
  index: (node) => `${shape(node.object)}${node.optional ? '?.' : ''}[${shape(node.index)}]`,
  slice: (node) => `${shape(node.object)}[${node.from ? shape(node.from) : ''}:${node.to ? shape(node.to) : ''}]`,
  list: (node) => `[${node.items.map(shape).join(', ')}]`,
  object: (node) => `{${node.entries.map(({ key, value }) => `${key}: ${shape(value)}`).join(', ')}}`,
  negate: (node) => `(- ${shape(node.operand)})`,
  not: (node) => `(not ${shape(node.operand)})`,
  arithmetic: (node) => `(${shape(node.left)} ${node.operator} ${shape(node.right)})`,
  comparison: ({ operands, operators }) =>
    `(${operands.map((operand, at) => (at > 0 ? `${operators[at - 1]} ` : '') + shape(operand)).join(' ')})`,
  logic: (node) => `(${node.operands.map(shape).join(` ${node.operator} `)})`,
  coalesce: (node) => `(${node.operands.map(shape).join(' ?? ')})`,
  conditional: (node) => `(${shape(node.test)} ? ${shape(node.whenTrue)} : ${shape(node.whenFalse)})`,
  call: (node) => `${node.name}(${node.args.map(shape).join(', ')})`,
}

function parsed(source: string): string {
  const outcome = parseExpression(source)
  return outcome.ok ? shape(outcome.expression.root) : `problem ${outcome.problems[0]?.code}`
}

/** `line:column-column code` of the only problem. */
function problem(outcome: ParseOutcome | ReturnType<typeof parseEmbedded>): string {
  if (outcome.ok) return 'none'
  expect(outcome.problems).toHaveLength(1)
  const [first] = outcome.problems
  return `${first?.start.line}:${first?.start.column}-${first?.end.column} ${first?.code}`
}

describe('precedence', () => {
  it.each([
    ['len(output) > 100 and cost < 0.01', '((len(output) > 100) and (cost < 0.01))'],
    ['not a == b', '(not (a == b))'],
    ['!a == b', '((not a) == b)'],
    ['not a in b', '(not (a in b))'],
    ['x not in y', '(x not in y)'],
    ['not x not in y', '(not (x not in y))'],
    ['not not a', '(not (not a))'],
    ['a and not b or c', '((a and (not b)) or c)'],
    ['a or b and c or d', '(a or (b and c) or d)'],
    ['a && b || !c', '((a and b) or (not c))'],
    ['0 < x < 10', '(0 < x < 10)'],
    ['a == b in c', '(a == b in c)'],
    ['(a < b) < c', '((a < b) < c)'],
    ['1 - 2 - 3', '((1 - 2) - 3)'],
    ['1 + 2 * 3 // 4 % 5', '(1 + (((2 * 3) // 4) % 5))'],
    ['a // b', '(a // b)'],
    ['2 ** 3 ** 2', '(2 ** (3 ** 2))'],
    ['-2 ** 2', '(- (2 ** 2))'],
    ['2 ** -1', '(2 ** -1)'],
    ['-x.y[0]', '(- x.y[0])'],
    ['- -x', '(- (- x))'],
    ['a if b else c if d else e', '(b ? a : (d ? c : e))'],
    ['a ? b : c ? d : e', '(a ? b : (c ? d : e))'],
    ['not a if b else c', '(b ? (not a) : c)'],
    ['a or b ? c : d', '((a or b) ? c : d)'],
    ['true?.3:.7', '(true ? 0.3 : 0.7)'],
    ['a ?? b ?? c', '(a ?? b ?? c)'],
    ['(a ?? 0) + 1', '((a ?? 0) + 1)'],
    ['a ?? -1', '(a ?? -1)'],
    ['a ?? b ? c : d', '((a ?? b) ? c : d)'],
    ['a?.b?.[0].c', 'a?.b?.[0].c'],
    ['a[1:3]', 'a[1:3]'],
    ['a[:]', 'a[:]'],
    ['a[x ? 1 : 2 : 3]', 'a[(x ? 1 : 2):3]'],
    ['a[-1][:2].b', 'a[-1][:2].b'],
    ['f(a, b,)', 'f(a, b)'],
    ['{and: 2, "b c": [3], not: 4, new: 5}', '{and: 2, b c: [3], not: 4, new: 5}'],
    ['x.and + y.not.for.class', '(x.and + y.not.for.class)'],
    ['andy or notes', '(andy or notes)'],
    ['\'a and b\' == "True"', '("a and b" == "True")'],
    ['True and None', '(true and null)'],
    ['\n a\n  + b ', '(a + b)'],
    ['$x + größe + 名前', '(($x + größe) + 名前)'],
  ])('%s reads as %s', (source, expected) => {
    expect(parsed(source)).toBe(expected)
  })
})

describe('refusals', () => {
  it.each([
    ['a = 1', '1:3-4 refused_assignment'],
    ['a += 1', '1:3-5 refused_assignment'],
    ['a /= 1', '1:3-5 refused_assignment'],
    ['a ??= 1', '1:3-6 refused_assignment'],
    ['(a := 1)', '1:4-5 unexpected'],
    ['x => x', '1:3-5 refused_function'],
    ['() => 1', '1:1-3 refused_tuple'],
    ['lambda x: 1', '1:1-7 refused_function'],
    ['function f() {}', '1:1-9 refused_function'],
    ['async x', '1:1-6 refused_function'],
    ['[x for x in y]', '1:4-7 refused_comprehension'],
    ['{x for x in y}', '1:4-7 refused_comprehension'],
    ['import("fs")', '1:1-7 refused_import'],
    ['import.meta', '1:1-7 refused_import'],
    ['new Date()', '1:1-4 refused_new'],
    ['this.x', '1:1-5 refused_this'],
    ['a; b', '1:2-3 refused_statement'],
    ['let x', '1:1-4 refused_statement'],
    ['return 1', '1:1-7 refused_statement'],
    ['`a`', '1:1-2 refused_template_literal'],
    ['tag`a`', '1:4-5 refused_template_literal'],
    ['/a/', '1:1-2 refused_regex'],
    ['[...a]', '1:2-5 refused_spread'],
    ['f(*a)', '1:3-4 unexpected'],
    ['a /* b */', '1:3-5 refused_comment'],
    ['a # b', '1:3-4 refused_comment'],
    ['a #b in c', '1:3-4 refused_comment'],
    ['a <!-- b', '1:5-7 refused_increment'],
    ['a --> b', '1:3-5 refused_increment'],
    ['a++', '1:2-4 refused_increment'],
    ['+a', '1:1-2 refused_unary_plus'],
    ['a & b', '1:3-4 refused_operator'],
    ['a << 1', '1:3-5 refused_operator'],
    ['~a', '1:1-2 refused_operator'],
    ['a === b', '1:3-6 refused_operator'],
    ['a is None', '1:3-5 refused_operator'],
    ['typeof a', '1:1-7 refused_operator'],
    ['delete a.b', '1:1-7 refused_statement'],
    ['(1, 2)', '1:3-4 refused_tuple'],
    ['(1,)', '1:3-4 refused_tuple'],
    ['a[1, 2]', '1:4-5 refused_tuple'],
    ['a.b()', '1:3-4 refused_method'],
    ['a?.()', '1:2-4 refused_call'],
    ['a[0]()', '1:5-6 refused_call'],
    ['(f)(1)', '1:4-5 refused_call'],
    ['f(1)(2)', '1:5-6 refused_call'],
    ['{a}', '1:3-4 unexpected'],
    ['{[a]: 1}', '1:2-3 refused_computed_key'],
    ['{a() { return 1 }}', '1:3-4 unexpected'],
    ['{1: 2}', '1:2-3 unexpected'],
    ['{a: 1, "a": 2}', '1:8-11 duplicate_key'],
    ['__x', '1:1-4 refused_name'],
    ['a.__class__', '1:3-12 refused_name'],
    ['a.constructor', '1:3-14 refused_name'],
    ['a.prototype.b', '1:3-12 refused_name'],
    ['constructor', '1:1-12 refused_name'],
    ['a["__proto__"]', '1:3-14 refused_name'],
    ['a["co\\u006Estructor"]', '1:3-21 refused_name'],
    ['{__proto__: a}', '1:2-11 refused_name'],
    ['{"constructor": a}', '1:2-15 refused_name'],
    ['co\\u006Estructor', '1:1-17 refused_escape'],
    ['\\u0061nd', '1:1-9 refused_escape'],
    ['1n', '1:1-3 bad_number'],
    ['010', '1:1-4 bad_number'],
    ['1_', '1:2-3 bad_number'],
    ['1e400', '1:1-6 number_too_large'],
    ['3px', '1:2-3 bad_number'],
    ['"abc', '1:1-5 unterminated_string'],
    ['"a\nb"', '1:1-3 unterminated_string'],
    ['"\\d"', '1:2-4 bad_escape'],
    ['"\\x4"', '1:4-5 bad_escape'],
    ['"\\u{110000}"', '1:5-12 bad_escape'],
    ['"\\12"', '1:2-4 bad_escape'],
    ['“a”', '1:1-2 unexpected_character'],
    ['@a', '1:1-2 unexpected_character'],
    ['', '1:1-1 empty'],
    [' \n ', '1:1-2 empty'],
    ['a b', '1:3-4 unexpected'],
    ['a not b', '1:7-8 unexpected'],
    ['a if b', '1:7-7 unexpected_end'],
    ['(a', '1:3-3 unexpected_end'],
    ['a)', '1:2-3 unexpected'],
    ['a[]', '1:2-4 empty_index'],
    ['a[1:2:3]', '1:6-7 unexpected'],
    ['a.', '1:3-3 unexpected_end'],
    ['a.1', '1:2-4 unexpected'],
    ['1 + not a', '1:5-8 not_needs_parentheses'],
    ['x == not y', '1:6-9 not_needs_parentheses'],
    ['a ?? b > 1', '1:3-5 mixed_coalesce'],
    ['a + b ?? c', '1:7-9 mixed_coalesce'],
    ['a or b ?? c', '1:8-10 mixed_coalesce'],
    ['!a ?? b', '1:4-6 mixed_coalesce'],
    ['a ? b : c if d else e', '1:3-4 mixed_conditional'],
    ['a if b else c ? d : e', '1:3-5 mixed_conditional'],
    ['a.b +\n  c d', '2:5-6 unexpected'],
  ])('%j is refused: %s', (source, expected) => {
    expect(problem(parseExpression(source))).toBe(expected)
  })

  it('says what to write instead', () => {
    const hints = ['x.length()', 'a contains b', 'a | length', 'f"{x}"', 'a <> b', 'a = 1'].map((source) => {
      const outcome = parseExpression(source)
      return outcome.ok ? undefined : outcome.problems[0]?.hint
    })
    expect(hints).toEqual([
      'write len(x)',
      'write contains(list, x), or x in list',
      'filters are functions: write len(x), not x | length; for logic write or',
      'strings have no prefix letters; to fill in values write format("{} of {}", a, b)',
      'unequal is written !=',
      'equality is written ==',
    ])
  })
})

describe('limits of the source', () => {
  it.each([
    ['parentheses', `${'('.repeat(4_000)}1${')'.repeat(4_000)}`, 'too_deep'],
    ['brackets', '['.repeat(9_000), 'too_deep'],
    ['objects', '{a:'.repeat(3_000), 'too_deep'],
    ['indexes', 'a['.repeat(4_000), 'too_deep'],
    ['fields', `a${'.b'.repeat(4_000)}`, 'too_deep'],
    ['elements', `a${'[0]'.repeat(3_000)}`, 'too_deep'],
    ['sums', `1${'+1'.repeat(4_000)}`, 'too_deep'],
    ['powers', `1${'**1'.repeat(3_000)}`, 'too_deep'],
    ['minus', `${'- '.repeat(4_000)}1`, 'too_deep'],
    ['exclamation marks', `${'!'.repeat(9_000)}1`, 'too_deep'],
    ['not', `${'not '.repeat(2_000)}1`, 'too_deep'],
    ['conditionals', `${'a?1:'.repeat(2_000)}1`, 'too_deep'],
    ['else', `${'1 if a else '.repeat(800)}1`, 'too_deep'],
    ['calls', 'f('.repeat(4_000), 'too_deep'],
    ['elements of a list', `[${'1,'.repeat(4_000)}]`, 'too_large'],
    ['operands of a logic', `a${' and a'.repeat(1_600)}`, 'none'],
    ['operands of a comparison', `a${' < a'.repeat(2_200)}`, 'too_large'],
    ['characters', `"${'a'.repeat(10_000)}"`, 'too_long'],
  ])('stops at too many %s', (_what, source, code) => {
    const outcome = parseExpression(source)
    expect(outcome.ok ? 'none' : outcome.problems[0]?.code).toBe(code)
  })

  it('accepts what is just within them', () => {
    expect(parseExpression(`${'('.repeat(199)}1${')'.repeat(199)}`).ok).toBe(true)
    expect(parseExpression(`1${'+1'.repeat(199)}`).ok).toBe(true)
  })

  it('takes other limits', () => {
    expect(problem(parseExpression('1 + 1', { nodes: 2 }))).toBe('1:1-6 too_large')
    expect(problem(parseExpression('abc', { sourceLength: 2 }))).toBe('1:3-3 too_long')
  })
})

describe('references', () => {
  function references(source: string): string[] {
    const outcome = parseExpression(source)
    if (!outcome.ok) throw new Error(outcome.problems[0]?.message)
    return outcome.expression.references.map(
      ({ root, path, start, end, optional }) =>
        `${JSON.stringify([root, ...path])} ${start.column}-${end.column}${optional ? ' optional' : ''}`,
    )
  }

  it.each([
    ['steps.draw.output[0].url', ['["steps","draw","output",0,"url"] 1-25']],
    ['a["b"][-1]', ['["a","b",-1] 1-11']],
    ['a[b].c', ['["a"] 1-2', '["b"] 3-4']],
    ['a.b[c.d + 1].e[0]', ['["a","b"] 1-4', '["c","d"] 5-8']],
    ['a.b[1:n].c', ['["a","b"] 1-4', '["n"] 7-8']],
    ['a.b ?? c.d', ['["a","b"] 1-4 optional', '["c","d"] 8-11']],
    ['a?.b + 1', ['["a","b"] 1-5 optional']],
    ['defined(a.b) and a.b > 1', ['["a","b"] 9-12 optional', '["a","b"] 18-21']],
    ['get(a.b, c.d, e)', ['["a","b"] 5-8 optional', '["c","d"] 10-13', '["e"] 15-16']],
    ['default(f(x).y, z)', ['["x"] 11-12', '["z"] 17-18']],
    ['len(a.b) ?? 1', ['["a","b"] 5-8']],
    ['(a.b).c', ['["a","b","c"] 2-8']],
    ['{a: b}.a', ['["b"] 5-6']],
    ['map(items, "x.y")', ['["items"] 5-10']],
    ['True and null', []],
  ])('of %s', (source, expected) => {
    expect(references(source)).toEqual(expected)
  })
})

describe('expressions embedded in text', () => {
  function embedded(text: string): [string, string, string] {
    const outcome = parseEmbedded(text, text.indexOf('${{') + 3)
    if (!outcome.ok) throw new Error(outcome.problems[0]?.message)
    return [shape(outcome.expression.root), outcome.expression.source, text.slice(outcome.end)]
  }

  it.each([
    ['a ${{ x }} b', ['x', ' x ', ' b']],
    ['${{x}}', ['x', 'x', '']],
    ['${{ "}}" + x }}}', ['("}}" + x)', ' "}}" + x ', '}']],
    ['${{ {a: {b: 1}}}} tail', ['{a: {b: 1}}', ' {a: {b: 1}}', ' tail']],
    ['${{ a\n }} ${{ b }}', ['a', ' a\n ', ' ${{ b }}']],
    ['${{ x }} it\'s `not` #parsed "', ['x', ' x ', ' it\'s `not` #parsed "']],
  ])('%j ends at its own braces', (text, expected) => {
    expect(embedded(text)).toEqual(expected)
  })

  it('gives positions within the expression, and where to go on', () => {
    const text = 'first line\n${{ a b }} and ${{ c }}'
    const outcome = parseEmbedded(text, text.indexOf('${{') + 3)
    expect(problem(outcome)).toBe('1:4-5 unexpected')
    expect(outcome.end).toBe(text.indexOf('}}') + 2)
  })

  it.each([
    ['${{ a }', '1:4-5 unclosed_template'],
    ['${{ a } }', '1:4-5 unclosed_template'],
    ['${{ a', '1:3-3 unclosed_template'],
    ['${{ }}', '1:1-3 empty'],
    ['${{', '1:1-1 empty'],
    ['${{ "a }}', '1:2-7 unterminated_string'],
  ])('%j is a problem: %s', (text, expected) => {
    expect(problem(parseEmbedded(text, 3))).toBe(expected)
  })

  it('reads no more of a long text than an expression may have', () => {
    const outcome = parseEmbedded(`\${{ "${'a'.repeat(1_000_000)}" }}`, 3)
    expect(outcome.ok ? undefined : outcome.problems[0]?.code).toBe('too_long')
  })
})

it('gives the same frozen tree for the same source', () => {
  const [one, two] = [parseExpression('a + 1'), parseExpression('a + 1')]
  expect(one).toBe(two)
  expect(one.ok && Object.isFrozen(one.expression.root)).toBe(true)
})
