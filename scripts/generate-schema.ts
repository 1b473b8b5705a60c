/** Writes schema/workflow.schema.json from the zod schema. A test fails when the file is not current. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { workflowJsonSchema } from '../src/workflow/loading/json-schema.ts'

const folder = join(import.meta.dirname, '..', 'schema')
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'workflow.schema.json'), workflowJsonSchema())
console.log('wrote schema/workflow.schema.json')
