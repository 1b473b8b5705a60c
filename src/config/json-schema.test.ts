import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { configJsonSchema } from './json-schema.ts'
import { configSpec } from './schema.ts'

const published = readFileSync(join(import.meta.dirname, '../../schema/config.schema.json'), 'utf8')

test('the published JSON Schema is the one that the zod schema gives (run scripts/generate-schema.ts when it is not)', () => {
  expect(published).toBe(configJsonSchema())
})

test('it knows every section, and lets a variable stand for a number', () => {
  const { properties, definitions } = JSON.parse(published) as {
    properties: object
    definitions: Record<string, { properties: Record<string, { anyOf: object[] }> }>
  }
  expect(Object.keys(properties)).toEqual(Object.keys(configSpec.shape))
  const { creates_per_minute: creates } = definitions['replicate_limits']?.properties ?? {}
  expect(creates?.anyOf).toMatchObject([{ type: 'integer' }, { type: 'string', pattern: expect.any(String) as string }])
})
