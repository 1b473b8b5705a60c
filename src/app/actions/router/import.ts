/** Takes what another home folder's router learned into this one's. */
import { resolve } from 'node:path'
import { z } from 'zod'
import { mergeInto } from '../../../executor/routing/merge-states.ts'
import { changeStateFile } from '../../../executor/routing/state-file.ts'
import { defineAction } from '../../action.ts'
import { readExchange } from '../../router/exchange-file.ts'
import { stateFileOf } from '../../router/state-file-of.ts'

export const importRouter = defineAction({
  noun: 'router',
  verb: 'import',
  summary: 'take in what another machine learned',
  input: z.object({
    file: z.string(),
    sandbox: z.boolean().optional().describe('into what calls in the sandbox taught'),
  }),
  output: z.object({
    file: z.string().describe('that it was taken into'),
    changed: z.boolean(),
    writers: z.object({ added: z.number(), updated: z.number() }).describe('home folders that it comes from'),
    models: z.array(z.object({ agent: z.string(), model: z.string(), calls_before: z.number(), calls: z.number() })),
  }),
  async run(app, { file, sandbox = app.world === 'sandbox' }) {
    // Read whole and checked before anything is touched.
    const other = await readExchange(resolve(app.cwd, file))
    const options = stateFileOf(app, sandbox)
    const { writers, gains } = await changeStateFile(options, (state) => {
      const merged = mergeInto(state, other.writers)
      const isChanged = merged.writers.added + merged.writers.updated > 0
      return { state: isChanged ? merged.state : undefined, result: merged }
    })
    return { file: options.file, changed: writers.added + writers.updated > 0, writers, models: gains }
  },
})
