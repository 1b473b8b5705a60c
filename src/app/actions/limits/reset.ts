/** Forgets how much of limits is used, who waits and has places, and what servers refused. */
import { z } from 'zod'
import { defineAction } from '../../action.ts'
import { limitCells, limitsHere } from '../../limits/limits-here.ts'
import { unknownLimit } from '../../limits/unknown-limit.ts'

export const resetLimits = defineAction({
  noun: 'limits',
  verb: 'reset',
  summary: 'forget how much of limits is used, and pauses that a server asked for',
  input: z.object({ name: z.string().optional().describe('an agent, owner/name, or replicate; default: all') }),
  output: z.object({ reset: z.number().describe('how many were in use') }),
  async run(app, { name }) {
    const cells = await app.cells(app.world)
    const names = limitCells(cells, name)
    if (names.length > 0) await cells.change(names, () => ({ after: names.map(() => undefined), result: undefined }))
    else if (name !== undefined) {
      const { limits, bulkheads } = await limitsHere(app)
      const known = [...limits, ...bulkheads]
      if (!known.some((one) => one.name === name)) throw unknownLimit(name, known)
    }
    return { reset: names.length }
  },
})
