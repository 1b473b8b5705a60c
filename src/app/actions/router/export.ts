/** Writes what the router learned into a file that another home folder can take in. */
import { resolve } from 'node:path'
import { z } from 'zod'
import { readStateFile } from '../../../executor/routing/state-file.ts'
import { defineAction } from '../../action.ts'
import { asJson, exchangeOf, tally, tallyShape, writeExchange } from '../../router/exchange-file.ts'
import { stateFileOf } from '../../router/state-file-of.ts'

export const exportRouter = defineAction({
  noun: 'router',
  verb: 'export',
  summary: 'write what was learned into a file for another machine',
  input: z.object({
    file: z.string().optional().describe('default: the statistics are in the answer'),
    sandbox: z.boolean().optional().describe('what calls in the sandbox taught'),
  }),
  output: z.object({
    file: z.string().optional(),
    bytes: z.number().optional(),
    ...tallyShape.shape,
    statistics: z.record(z.string(), z.json()).optional(),
  }),
  async run(app, { file, sandbox = app.world === 'sandbox' }) {
    const exported = exchangeOf(readStateFile(stateFileOf(app, sandbox)).state)
    if (file === undefined) return { ...tally(exported), statistics: asJson(exported) }
    const path = resolve(app.cwd, file)
    return { file: path, bytes: await writeExchange(path, exported), ...tally(exported) }
  },
})
