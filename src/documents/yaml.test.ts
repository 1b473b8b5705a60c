import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readYaml } from './yaml.ts'

function problemsOf(text: string): string[] {
  return readYaml(text, 'file.yaml').problems.map(({ line, column, code }) => `${line}:${column} ${code}`)
}

describe('reading YAML', () => {
  it('gives plain data, with YAML 1.2 meanings', () => {
    const { data, problems } = readYaml('a: yes\nb: 0o17\nc: 2026-11-21\nd: [1.5, null, true, ~]\ne: {f: "x"}\n', 'f')
    expect(problems).toEqual([])
    expect(data).toEqual({ a: 'yes', b: 15, c: '2026-11-21', d: [1.5, null, true, null], e: { f: 'x' } })
  })

  it('reads CRLF line ends and repeats what an alias stands for', () => {
    expect(readYaml('a: &x {b: 1}\r\nc: *x\r\n', 'f').data).toEqual({ a: { b: 1 }, c: { b: 1 } })
  })

  it('copies aliased values, so that none is shared', () => {
    const data = readYaml('a: &x {b: 1}\nc: *x', 'f').data as Record<string, object>
    expect(data['a']).not.toBe(data['c'])
  })

  it.each([
    ['', '1:1 empty_file'],
    ['# only a comment', '1:1 empty_file'],
    ['a: 1\na: 2', '2:1 duplicate_key'],
    ['a: {b: 1, b: 2}', '1:11 duplicate_key'],
    ['a: 1\n---\nb: 2', '2:1 several_documents'],
    ['a: !!set {x}', '1:4 unsupported_tag'],
    ['a: !!binary aGk=', '1:4 unsupported_tag'],
    ['a: !!omap [x: 1]', '1:4 unsupported_tag'],
    ['a: !mine 1', '1:4 unsupported_tag'],
    ['a: !!js/function "x"', '1:4 unsupported_tag'],
    ['%YAML 1.1\n---\na: yes', '1:1 yaml_version'],
    ['__proto__: 1', '1:1 forbidden_key'],
    ['a: {"constructor": 1}', '1:5 forbidden_key'],
    ['a: {prototype: 1}', '1:5 forbidden_key'],
    ['a: &x {b: 1}\nc: {<<: *x}', '2:5 merge_key'],
    ['1: a', '1:1 non_string_key'],
    ['? [a]\n: 1', '1:3 non_string_key'],
    ['~: 1', '1:1 non_string_key'],
    ['a: .nan', '1:4 bad_number'],
    ['a: -.inf', '1:4 bad_number'],
    ['a: 12345678901234567890', '1:4 bad_number'],
    ['a: *nope', '1:4 unknown_alias'],
    ['a: &x [*x]', '1:8 alias_cycle'],
    ['a: "\u0000"', '1:5 invalid_character'],
    ['a: [1', '1:6 yaml_syntax'],
    ['a: `x`', '1:4 yaml_syntax'],
    ['a: {b: ${{ x }}}', '1:8 unquoted_expression'],
    ['a: [${{ x }}]', '1:5 unquoted_expression'],
    ['a:\n  b: ${{ x ? {c: 1} : 2 }}', '2:6 unquoted_expression'],
  ])('refuses %j', (text, problem) => {
    expect(problemsOf(text)).toContain(problem)
  })

  it('says each unquoted expression once, and nothing of what the parser makes of it', () => {
    expect(problemsOf('a: {b: ${{ x }}, c: 1}\nd: {e: "ok"}\nf: {g: ${{ y }}}')).toEqual([
      '1:8 unquoted_expression',
      '3:8 unquoted_expression',
    ])
  })

  it.each([
    ['flow lists', '['.repeat(200_000)],
    ['flow mappings', `a: ${'{a: '.repeat(100_000)}`],
    ['block lists', '- '.repeat(100_000)],
    ['indentation', Array.from({ length: 1_000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
  ])('refuses deep nesting of %s before anything recurses', (_what, text) => {
    expect(readYaml(text, 'f').problems.map((problem) => problem.code)).toEqual(['too_deep'])
  })

  it('allows 100 levels, and not 101', () => {
    expect(problemsOf(`${'['.repeat(100)}${']'.repeat(100)}`)).toEqual([])
    expect(readYaml(`${'['.repeat(101)}${']'.repeat(101)}`, 'f').problems.length).toBeGreaterThan(0)
  })

  it('counts the levels that aliases add', () => {
    const text = Array.from({ length: 120 }, (_, at) => `k${at}: &a${at} [${at === 0 ? '' : `*a${at - 1}`}]`).join('\n')
    expect(readYaml(text, 'f').problems.map((problem) => problem.code)).toContain('too_deep')
  })

  it('refuses aliases that multiply, in bounded work', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]']
    for (let at = 1; at < 10; at += 1)
      lines.push(`a${at}: &a${at} [${Array.from({ length: 9 }, () => `*a${at - 1}`).join(', ')}]`)
    expect(readYaml(lines.join('\n'), 'f').problems.map((problem) => problem.code)).toEqual(['too_many_aliases'])
  })

  it('leaves Object.prototype alone, whatever the keys are', () => {
    const before = Reflect.ownKeys(Object.prototype)
    readYaml(
      '"__proto__": {polluted: 1}\nconstructor: {prototype: {polluted: 1}}\na: {"__proto__": {polluted: 1}}',
      'f',
    )
    expect(Reflect.ownKeys(Object.prototype)).toEqual(before)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it('never throws, and gives a place with every problem', () => {
    const piece = fc.constantFrom(
      'a',
      ': ',
      '\n',
      '  ',
      '- ',
      '[',
      ']',
      '{',
      '}',
      '"',
      "'",
      '&x ',
      '*x',
      '${{',
      '}}',
      '|',
      '>',
      '!!set ',
      '#',
      '?',
      '<<',
      '%',
      '\t',
      '...',
      '---',
      '1',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const text = pieces.join('')
        for (const { line, column, message } of readYaml(text, 'f').problems) {
          expect(line).toBeGreaterThan(0)
          expect(column).toBeGreaterThan(0)
          expect(line).toBeLessThanOrEqual(text.split('\n').length)
          expect(message).not.toBe('')
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
