/** The published JSON Schema of `replicate-agent.yaml`, made from the zod schema that loads it. */
import { z } from 'zod'
import { configSpec } from './schema.ts'

/** The text of `schema/config.schema.json`. Draft 7, which editors know best. */
export function configJsonSchema(): string {
  const { $schema, ...schema } = z.toJSONSchema(configSpec, { target: 'draft-7', io: 'input' })
  return `${JSON.stringify({ $schema, title: 'replicate-agent configuration', ...schema }, undefined, 2)}\n`
}
