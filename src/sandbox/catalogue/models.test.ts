import { describe, expect, it } from 'vitest'
import type { Json, JsonObject } from '../../std/json.ts'
import { isObject } from '../../std/json.ts'
import { NonRetryableError } from '../../domain/errors.ts'
import { computeAnswer } from '../predictions/compute.ts'
import { readInputFile } from '../files/read-input-file.ts'
import type { Content } from '../store/content.ts'
import type { FileRows } from '../store/file-rows.ts'
import { openDatabase } from '../store/open-database.ts'
import { openModelRows } from '../store/model-rows.ts'
import { invalidFields } from './check-input.ts'
import { createCatalogue } from './catalogue.ts'
import { collectionsOf } from './collections.ts'
import { modelName, modelSchema, modelVersions } from './model.ts'
import { models } from './models.ts'

const noFiles = { get: () => undefined } as unknown as FileRows
const file = (link: string) => readInputFile(link, noFiles, {} as Content)
const run = (model: (typeof models)[number], seed = 1) =>
  computeAnswer(
    { version: modelVersions(model)[0]?.id ?? '', input: JSON.stringify(model.example), input_key: 'key' },
    model,
    { seed, file },
  )

/** Whether a value has the form that the model's output schema gives; files are marks here. */
function fits(schema: JsonObject, value: Json): boolean {
  if (schema['format'] === 'uri')
    return (isObject(value) && typeof value['$file'] === 'number') || (schema['nullable'] === true && value === null)
  if (schema['type'] === 'array')
    return Array.isArray(value) && value.every((item) => fits(schema['items'] as JsonObject, item))
  if (schema['type'] === 'object') {
    const properties = (schema['properties'] ?? {}) as Record<string, JsonObject>
    return isObject(value) && Object.entries(properties).every(([key, each]) => fits(each, value[key] ?? null))
  }
  if (schema['type'] === 'string') return typeof value === 'string' || (schema['nullable'] === true && value === null)
  return true
}

describe('the catalogue', () => {
  it('has the models that the examples need, each with versions of its own', () => {
    const names = models.map(modelName)
    expect(new Set(names).size).toBe(names.length)
    for (const name of [
      'black-forest-labs/flux-schnell',
      'nightmareai/real-esrgan',
      'openai/gpt-4o-mini',
      'jaaari/kokoro-82m',
      'meta/musicgen',
    ]) {
      expect(names).toContain(name)
    }
    const versions = models.flatMap(modelVersions).map(({ id }) => id)
    expect(new Set(versions).size).toBe(versions.length)
    expect(versions.every((id) => /^[0-9a-f]{64}$/.test(id))).toBe(true)
    const database = openDatabase(undefined)
    const catalogue = createCatalogue(models, openModelRows(database))
    for (const model of catalogue.models) {
      for (const { id } of catalogue.versions(modelName(model))) expect(catalogue.modelOfVersion(id)).toBe(model)
    }
    const listed = collectionsOf(catalogue.models).flatMap((collection) => collection.models)
    for (const name of listed) expect(catalogue.model(name), name).toBeDefined()
    database.close()
  })

  it('keeps its versions from release to release', () => {
    const sdxl = models.find(({ name }) => name === 'sdxl')
    expect(sdxl && modelVersions(sdxl).map(({ id }) => id.slice(0, 8))).toMatchInlineSnapshot(`
      [
        "dd225ff6",
        "89107cdf",
      ]
    `)
  })

  it.each(models.map((model) => [modelName(model), model] as const))('%s runs its example', async (_name, model) => {
    expect(invalidFields(model.fields, model.example)).toEqual([])
    const computed = await run(model)
    if (!computed.ok) throw new NonRetryableError('internal', computed.error)
    expect(fits(model.output, computed.answer.output)).toBe(true)
    for (const [n, made] of (computed.answer.files ?? []).entries()) {
      expect(made.bytes.length).toBeGreaterThan(20)
      expect(JSON.stringify(computed.answer.output)).toContain(`{"$file":${n}}`)
    }
    expect(await run(model)).toEqual(computed)
  })

  it.each(models.map((model) => [modelName(model), model] as const))(
    '%s describes its input as Replicate does',
    (_name, model) => {
      const schemas = (modelSchema(model)['components'] as { schemas: Record<string, JsonObject> }).schemas
      const properties = schemas['Input']?.['properties'] as Record<string, JsonObject>
      expect(Object.values(properties).map((property) => property['x-order'])).toEqual(
        Object.keys(properties).map((_, at) => at),
      )
      for (const [name, property] of Object.entries(properties)) {
        const { $ref } = ((property['allOf'] as JsonObject[] | undefined)?.[0] ?? {}) as { $ref?: string }
        if ($ref !== undefined) expect(schemas[name]?.['enum']).toContain(property['default'])
        else expect(property['type']).toMatch(/^(string|integer|number|boolean|array)$/)
      }
      expect(schemas['Output']).toMatchObject({ title: expect.any(String) })
    },
  )
})
