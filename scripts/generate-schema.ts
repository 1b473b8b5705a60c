/** Writes schema/*.schema.json from the zod schemas. A test fails when the file is not current. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { testFileJsonSchema } from '../src/app/workflow-tests/spec.ts'
import { configJsonSchema } from '../src/config/json-schema.ts'
import { workflowJsonSchema } from '../src/workflow/loading/json-schema.ts'

const folder = join(import.meta.dirname, '..', 'schema')
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'workflow.schema.json'), workflowJsonSchema())
writeFileSync(join(folder, 'workflow-test.schema.json'), testFileJsonSchema())
writeFileSync(join(folder, 'config.schema.json'), configJsonSchema())
console.log('wrote workflow, workflow-test and config .schema.json in schema/')
