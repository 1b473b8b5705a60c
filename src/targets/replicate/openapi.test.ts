import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../std/json.ts'
import { dereferenced } from './openapi.ts'

const documentOf = (schemas: JsonObject) => ({ components: { schemas } })
const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` })

describe('a schema out of an OpenAPI document', () => {
  test('has what it refers to in place, and its own words before those', () => {
    const schemas = {
      Input: { type: 'object', properties: { size: { allOf: [ref('size')], default: 'big', 'x-order': 1 } } },
      size: { type: 'string', enum: ['big', 'small'], description: 'How large' },
    }
    expect(dereferenced(documentOf(schemas), 'Input')).toEqual({
      type: 'object',
      properties: {
        size: { type: 'string', enum: ['big', 'small'], description: 'How large', default: 'big', 'x-order': 1 },
      },
    })
  })

  test('ends where it refers to itself, to nothing, or elsewhere', () => {
    const schemas = {
      Input: { properties: { a: ref('Input'), b: ref('gone'), c: { $ref: 'https://a.b/c' }, d: ref('toString') } },
    }
    expect(dereferenced(documentOf(schemas), 'Input')).toEqual({ properties: { a: {}, b: {}, c: {}, d: {} } })
    expect(dereferenced(documentOf(schemas), 'constructor')).toBeUndefined()
    expect(dereferenced('rubbish', 'Input')).toBeUndefined()
  })

  test('stays small when parts multiply, and what stands beside them stays whole', () => {
    const schemas: JsonObject = { Input: { properties: { grown: ref('L0'), plain: { type: 'string', default: 'x' } } } }
    for (let at = 0; at < 31; at += 1)
      schemas[`L${at}`] = { properties: { a: ref(`L${at + 1}`), b: ref(`L${at + 1}`) } }
    const found = dereferenced(documentOf(schemas), 'Input') as { properties: JsonObject }
    expect(found.properties['plain']).toEqual({ type: 'string', default: 'x' })
    expect(JSON.stringify(found).length).toBeLessThan(2_000_000)
  })

  test('may be nested deeper than any stack', () => {
    let nested: JsonObject = { type: 'string' }
    for (let at = 0; at < 100_000; at += 1) nested = { items: nested }
    expect(() => dereferenced(documentOf({ Input: nested }), 'Input')).not.toThrow()
  })
})
