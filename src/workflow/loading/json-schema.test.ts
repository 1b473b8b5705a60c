import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { workflowJsonSchema } from './json-schema.ts'

const published = readFileSync(join(import.meta.dirname, '../../../schema/workflow.schema.json'), 'utf8')

interface Node {
  description?: string
  properties?: Record<string, Node>
  additionalProperties?: Node | boolean
  anyOf?: Node[]
  items?: Node
  definitions?: Record<string, Node>
  $ref?: string
  allOf?: Node[]
}

describe('the published JSON Schema', () => {
  it('is the one that the zod schema gives (run scripts/generate-schema.ts when it is not)', () => {
    expect(published).toBe(workflowJsonSchema())
  })

  it('describes every field, so that editors can show what it is for', () => {
    const root = JSON.parse(published) as Node
    const missing: string[] = []
    const visit = (node: Node, path: string): void => {
      for (const [name, inner] of Object.entries(node.properties ?? {})) {
        const target = inner.$ref ? root.definitions?.[inner.$ref.replace('#/definitions/', '')] : inner
        if (inner.description === undefined && target?.description === undefined && !inner.allOf)
          missing.push(`${path}.${name}`)
        visit(inner, `${path}.${name}`)
      }
      if (typeof node.additionalProperties === 'object') visit(node.additionalProperties, `${path}.*`)
      for (const option of [...(node.anyOf ?? []), ...(node.items ? [node.items] : [])]) visit(option, path)
    }
    for (const [name, definition] of Object.entries({ workflow: root, ...root.definitions })) visit(definition, name)
    expect(missing).toEqual([])
  })

  it('knows all fields of a workflow and of a step', () => {
    const root = JSON.parse(published) as Node
    expect(Object.keys(root.properties ?? {})).toEqual(
      expect.arrayContaining(
        'name description version env inputs agents defaults steps finally outputs max_concurrency timeout budget_usd'.split(
          ' ',
        ),
      ),
    )
    const fields =
      'agent model workflow value approval needs condition input foreach repeat retry timeout on_error fallback output_schema output_key input_map cache description'
    expect(fields.split(' ').filter((field) => !published.includes(`"${field}":`))).toEqual([])
  })
})
