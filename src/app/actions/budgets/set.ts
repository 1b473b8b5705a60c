/** Writes a budget into the configuration, or takes it out. */
import { z } from 'zod'
import { UsageError } from '../../../domain/errors.ts'
import { putEntry } from '../../../documents/put-entry.ts'
import { defined } from '../../../std/defined.ts'
import type { Json, JsonObject } from '../../../std/json.ts'
import { suggest } from '../../../std/suggest.ts'
import { defineAction } from '../../action.ts'
import { configScopes, makeFolderOf, placeOfConfig } from '../../imported/place-of-config.ts'

const names = ['day', 'month', 'per_run', 'per_call'] as const
const dollars = z.number().nonnegative().optional()

export const setBudget = defineAction({
  noun: 'budgets',
  verb: 'set',
  summary: 'write a budget into the configuration, or take it out',
  input: z.object({
    name: z.string().describe(names.join(', ')),
    hard: dollars.describe('dollars: what would pass it is refused'),
    soft: dollars.describe('dollars: passing it is warned of'),
    unset: z.boolean().default(false),
    scope: z
      .enum(configScopes)
      .optional()
      .describe("default: the project's configuration if there is one, else the user's"),
  }),
  output: z.object({
    name: z.string(),
    file: z.string(),
    scope: z.enum([...configScopes, 'named']),
    created: z.boolean(),
    before: z.json().optional().describe('what was written there'),
    after: z.json().optional(),
  }),
  async run(app, input, context) {
    const name = nameOf(input.name)
    const value = valueOf(input)
    const { file, scope } = await placeOfConfig(app, input.scope)
    await makeFolderOf(file)
    let before: Json | undefined
    const { changeConfig } = await import('../../imported/change-config.ts')
    const created = await changeConfig(app, file, async (text) => {
      const put = putEntry(text, { path: ['budgets', name], value }, file)
      before = put.before
      if (value === undefined && before === undefined) throw new UsageError(`${file} says nothing of "${name}"`)
      return put.text
    })
    await warnOfOther(app, name, file, context.warn)
    return { name, file, scope, created, ...defined({ before, after: value }) }
  },
})

function nameOf(written: string): (typeof names)[number] {
  const name = names.find((known) => known === written)
  if (name) return name
  const near = suggest(written, names)
  const hint = near === undefined ? `there are ${names.join(', ')}` : `did you mean "${near}"?`
  const isAgent = written.startsWith('agent')
  throw new UsageError(`"${written}" is no budget of the configuration`, {
    hint: isAgent ? 'an agent has its `budget` where it is defined' : hint,
  })
}

function valueOf({ hard, soft, unset }: { hard?: number | undefined; soft?: number | undefined; unset: boolean }) {
  if (unset) {
    if (hard === undefined && soft === undefined) return undefined
    throw new UsageError('--unset takes a budget out: give it no dollars besides')
  }
  if (hard === undefined && soft === undefined)
    throw new UsageError('say how much: --hard, --soft, or both', { hint: 'budgets set day --hard 10 --soft 8' })
  if (hard !== undefined && soft !== undefined && soft > hard)
    throw new UsageError(`--soft (${soft}) must not be more than --hard (${hard}), which comes first then`)
  return soft === undefined ? (hard as number) : (defined({ soft, hard }) as JsonObject)
}

/** What was written may not be what holds. */
async function warnOfOther(
  app: Parameters<typeof placeOfConfig>[0],
  name: string,
  file: string,
  warn: (message: string) => void,
): Promise<void> {
  const { openConfig } = await import('../../../config/open.ts')
  const named = (await app.config()).files.find(({ scope }) => scope === 'named')
  const config = await openConfig({ cwd: app.cwd, env: app.env, ...(named && { config: named.file }) })
  const layer = config?.layerOf(['budgets', name])
  if (layer && layer.file !== file) warn(`${layer.file} says something else, which comes first`)
}
