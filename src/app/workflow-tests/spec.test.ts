import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { JsonObject } from '../../std/json.ts'
import { validateJson } from '../../std/json-schema.ts'
import { testFileJsonSchema } from './spec.ts'

const root = join(import.meta.dirname, '../../..')
const published = readFileSync(join(root, 'schema/workflow-test.schema.json'), 'utf8')
const schema = JSON.parse(published) as JsonObject
const files = readdirSync(join(root, 'workflows')).filter((name) => name.endsWith('.test.yaml'))

const faultsOf = (yaml: string) => validateJson(schema, parse(yaml) as JsonObject)

describe('the published JSON Schema of test files', () => {
  it('is the one that the zod schema gives (run scripts/generate-schema.ts when it is not)', () => {
    expect(published).toBe(testFileJsonSchema())
  })

  it.each(files)('fits the example %s', (name) => {
    expect(faultsOf(readFileSync(join(root, 'workflows', name), 'utf8'))).toEqual([])
  })

  it.each([
    'tests: [{nme: x}]',
    'tests: [{name: x, expect: {status: suceeded}}]',
    'tests: [{name: x, expect: {steps: {a: broken}}}]',
    'tests: [{name: x, expect: {error: {cod: server}}}]',
    'tests: [{name: x, approvals: {a: maybe}}]',
    'tests: [{name: x, answers: {a: {error: servr}}}]',
    'tests: [{name: x, seed: -1}]',
    'defaults: {name: x}\ntests: []',
  ])('does not fit %j', (yaml) => {
    expect(faultsOf(yaml)).not.toEqual([])
  })

  it('describes every field, so that editors can show what it is for', () => {
    const missing: string[] = []
    const visit = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return
      const { properties = {} } = node as { properties?: Record<string, JsonObject> }
      for (const [name, field] of Object.entries(properties))
        if (!('description' in field || '$ref' in field || 'allOf' in field)) missing.push(`${path}.${name}`)
      for (const [name, inner] of Object.entries(node)) visit(inner, `${path}.${name}`)
    }
    visit(schema, '')
    expect(missing).toEqual([])
  })
})
