import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ExpressionError } from '../expression/expression-error.ts'
import type { Json } from '../std/json.ts'
import { compileTemplate, parseTemplate, renderTemplate } from './template.ts'

const scope: Record<string, Json> = {
  n: 3,
  flag: true,
  nothing: null,
  text: 'hello',
  list: [1, 'two'],
  object: { a: 1 },
  evil: '${{ text }} $${{ }}',
}
const render = (source: Json, label?: string): Json => renderTemplate(compileTemplate(source, label), scope, { now: 0 })

function errorOf(act: () => unknown): ExpressionError {
  try {
    act()
  } catch (error) {
    if (error instanceof ExpressionError) return error
  }
  throw new Error('no ExpressionError was thrown')
}

describe('rendering templates', () => {
  it.each<[Json, Json]>([
    ['plain', 'plain'],
    ['${{ n }}', 3],
    ['${{n}}', 3],
    ['  ${{ list }}\n', [1, 'two']],
    ['${{ nothing }}', null],
    ['n=${{ n }}', 'n=3'],
    ['${{ n }}${{ flag }}', '3true'],
    ['${{ text }}, ${{ list }} and ${{ object }}', 'hello, [1,"two"] and {"a":1}'],
    ['$${{ n }}', '${{ n }}'],
    ['$$${{ n }}', '$${{ n }}'],
    ['a $${{ b ${{ n }}', 'a ${{ b 3'],
    ['${{ "}}" }}', '}}'],
    ['${{ {a: {b: n}} }}', { a: { b: 3 } }],
    ['$ {{ n }}', '$ {{ n }}'],
    [
      { a: ['${{ n }}', 1], b: { c: 'x${{ n }}' }, d: null },
      { a: [3, 1], b: { c: 'x3' }, d: null },
    ],
  ])('%j gives %j', (source, result) => {
    expect(render(source)).toEqual(result)
  })

  it('knows what is constant', () => {
    expect(compileTemplate({ a: ['x', 1] }).constant).toBe(true)
    expect(compileTemplate('$${{ x }}').constant).toBe(true)
    expect(compileTemplate(['${{ 1 }}']).constant).toBe(false)
  })

  it('lists what it reads', () => {
    const { references } = compileTemplate({ a: '${{ steps.x.output }}', b: 'and ${{ inputs.y }}' })
    expect(references.map(({ root, path }) => [root, ...path])).toEqual([
      ['steps', 'x', 'output'],
      ['inputs', 'y'],
    ])
  })

  it('says where an expression failed', () => {
    const error = errorOf(() => render({ images: [{ size: '${{ object.b }}' }] }, 'input'))
    expect(error.code).toBe('expression_failed')
    expect(error.message).toMatch(/^input\.images\[0\]\.size: /)
  })

  it('refuses null inside a text', () => {
    const error = errorOf(() => render('x ${{ nothing }}', 'value'))
    expect(error.problem.code).toBe('null_in_text')
    expect(error.message).toContain('`nothing` is null')
  })

  it('throws invalid_expression for what can not be read', () => {
    expect(errorOf(() => compileTemplate('${{ 1 + }}')).code).toBe('invalid_expression')
    expect(errorOf(() => compileTemplate('${{ 1')).code).toBe('invalid_expression')
  })

  it('finds the problems of all strings, and goes on after each', () => {
    const { problems } = parseTemplate({ a: '${{ 1 + }} and ${{ ) }}', b: ['${{ }}'], 'x${{ 1 }}': 1 })
    expect(problems.map(({ path, problem }) => [path.join('.'), problem.code])).toEqual([
      ['a', 'unexpected'],
      ['a', 'unexpected'],
      ['b.0', 'empty'],
      ['x${{ 1 }}', 'template_in_key'],
    ])
  })

  it('refuses keys that would reach a prototype', () => {
    const source = JSON.parse('{"a": {"__proto__": {"x": "${{ n }}"}}}') as Json
    expect(errorOf(() => compileTemplate(source)).problem.code).toBe('forbidden_key')
  })

  it('never reads an output as a template again', () => {
    expect(render('${{ evil }}')).toBe(scope['evil'])
    expect(render('<${{ evil }}>')).toBe('<${{ text }} $${{ }}>')
    fc.assert(
      fc.property(fc.json(), fc.string(), (text, more) => {
        const value = [text, `\${{ ${more} }}`, { deep: '${{ n }}' }]
        const outcome = renderTemplate(
          compileTemplate({ a: '${{ x }}', b: ['${{ x[1] }}!'] }),
          { x: value },
          { now: 0 },
        )
        expect(outcome).toEqual({ a: value, b: [`\${{ ${more} }}!`] })
      }),
    )
  })

  it('escapes any text', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('$', '{', '}', '${{', 'x', ' ')), (parts) => {
        const text = parts.join('')
        const escaped = text.replaceAll('${{', () => '$${{')
        expect(render(escaped)).toBe(text)
      }),
    )
  })
})
