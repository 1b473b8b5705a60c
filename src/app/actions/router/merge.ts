/** Puts files of router statistics together, without touching what was learned here. */
import { resolve } from 'node:path'
import { z } from 'zod'
import { mergeWriters } from '../../../executor/routing/merge-states.ts'
import type { StateFile } from '../../../executor/routing/state-shape.ts'
import { timeSortedId } from '../../../std/ids.ts'
import { defineAction } from '../../action.ts'
import { asJson, exchangeOf, readExchange, tally, tallyShape, writeExchange } from '../../router/exchange-file.ts'

export const mergeRouter = defineAction({
  noun: 'router',
  verb: 'merge',
  summary: 'put exported files together into one',
  input: z.object({
    files: z.array(z.string()).nonempty(),
    output: z.string().optional().describe('a file; default: the statistics are in the answer'),
  }),
  output: z.object({
    file: z.string().optional(),
    bytes: z.number().optional(),
    from: z.array(z.object({ file: z.string(), ...tallyShape.shape })),
    ...tallyShape.shape,
    statistics: z.record(z.string(), z.json()).optional(),
  }),
  async run(app, { files, output }) {
    const from: ({ file: string } & ReturnType<typeof tally>)[] = []
    let writers: StateFile['writers'] = {}
    for (const file of files) {
      const path = resolve(app.cwd, file)
      const exchange = exchangeOf(await readExchange(path))
      from.push({ file: path, ...tally(exchange) })
      writers = mergeWriters(writers, exchange.writers)
    }
    // None of its writers: it is nobody's own file.
    const merged = exchangeOf({ id: timeSortedId(app.clock.now(), app.random), writers })
    if (output === undefined) return { from, ...tally(merged), statistics: asJson(merged) }
    const path = resolve(app.cwd, output)
    return { file: path, bytes: await writeExchange(path, merged), from, ...tally(merged) }
  },
})
