/** The configuration as it holds here: every value, with where it came from. */
import { join } from 'node:path'
import { z } from 'zod'
import { effectiveValues } from '../../../config/effective.ts'
import type { Json } from '../../../std/json.ts'
import { defineAction } from '../../action.ts'

const place = { file: z.string(), line: z.number() }
const sourceShape = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('default') }),
  z.object({ kind: z.literal('option') }),
  z.object({ kind: z.literal('environment'), name: z.string() }),
  z.object({ kind: z.literal('env_file'), name: z.string(), file: z.string(), line: z.number().optional() }),
  z.object({ kind: z.literal('file'), ...place, column: z.number(), variables: z.array(z.string()).optional() }),
  z.object({ kind: z.literal('program') }),
])
export type SourceShape = z.infer<typeof sourceShape>

export const showConfig = defineAction({
  noun: 'config',
  verb: 'show',
  summary: 'show the configuration as it holds here, and where each value came from',
  input: z.object({ sources: z.boolean().default(false).describe('also what is overridden') }),
  output: z.object({
    files: z.array(z.object({ file: z.string(), scope: z.enum(['user', 'project', 'named']) })),
    env_file: z.string().nullable(),
    values: z.array(
      z.object({
        key: z.string(),
        value: z.custom<Json>(),
        source: sourceShape,
        overridden: z.boolean().optional(),
      }),
    ),
  }),
  async run(app, { sources }) {
    const config = await app.config()
    // What can't be read has no values; what is wrong in it is listed by `config check`.
    config.use()
    const { durability, given, home } = app
    const values = effectiveValues(
      config,
      {
        home,
        storeUrl: app.storeUrl ?? `sqlite:${join(home, 'store.db')}`,
        durability,
        maxAgeDays: (await app.prices()).max_age_days,
        given,
      },
      sources,
    )
    return { files: [...config.files], env_file: config.envFile?.file ?? null, values }
  },
})
