/** What one agent, model or provider is held to. */
import { z } from 'zod'
import { defineAction } from '../../action.ts'
import { bulkheadShape, limitsHere, limitShape } from '../../limits/limits-here.ts'
import { unknownLimit } from '../../limits/unknown-limit.ts'

export const showLimits = defineAction({
  noun: 'limits',
  verb: 'show',
  summary: 'show what an agent, a model or replicate is held to, and who has places',
  input: z.object({ name: z.string().describe('an agent, owner/name, or replicate') }),
  output: z.object({ name: z.string(), limits: z.array(limitShape), bulkheads: z.array(bulkheadShape) }),
  async run(app, { name }) {
    const all = await limitsHere(app)
    const limits = all.limits.filter((one) => one.name === name)
    const bulkheads = all.bulkheads.filter((one) => one.name === name)
    if (limits.length === 0 && bulkheads.length === 0) throw unknownLimit(name, [...all.limits, ...all.bulkheads])
    return { name, limits, bulkheads }
  },
})
