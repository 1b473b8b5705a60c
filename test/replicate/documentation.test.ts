/** The examples and tables of docs/replicate.md hold. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { defaultRetry } from '../../src/domain/definition.ts'
import { failureClasses } from '../../src/domain/errors.ts'
import { checkJsonSchema } from '../../src/std/json-schema.ts'
import { loadWorkflowText } from '../../src/workflow/load.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/replicate.md'), 'utf8')
const examples = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text]) => text as string)

describe('docs/replicate.md', () => {
  it.each(examples)('has an example that loads: %#', async (text) => {
    const outcome = await loadWorkflowText(text, 'example.yaml')
    expect(outcome.ok ? outcome.workflow.warnings : outcome.problems).toEqual([])
  })

  it('lists every class of failure, and which are retried by default', () => {
    const rows = [...page.matchAll(/^\| `(\w+)` \| .* \| (yes|no) \|$/gm)].map(([, name, retried]) => [name, retried])
    expect(rows).toHaveLength(failureClasses.length)
    expect(new Set(rows.map(([name]) => name))).toEqual(new Set(failureClasses))
    const retried = rows.filter(([, word]) => word === 'yes').map(([name]) => name)
    expect(new Set(retried)).toEqual(new Set(defaultRetry.on))
  })

  it('names only keywords that an output_schema may have', () => {
    const listed = /JSON Schema: `([^`]+)`/.exec(page)?.[1]?.split(' ') ?? []
    expect(listed.length).toBeGreaterThan(20)
    for (const keyword of listed)
      expect(checkJsonSchema({ [keyword]: null }).join(), keyword).not.toMatch(/not supported/)
  })
})
