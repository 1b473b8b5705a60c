/** The circuit breakers that there are, and how they stand. */
import { z } from 'zod'
import { breakerShape, shownBreaker } from '../../breakers/breaker-shape.ts'
import { breakersHere, isInUse } from '../../breakers/breakers-here.ts'
import { defineAction } from '../../action.ts'

export const listBreakers = defineAction({
  noun: 'breakers',
  verb: 'list',
  summary: 'list circuit breakers and how they stand',
  input: z.object({}),
  output: z.object({ sandbox: z.boolean(), breakers: z.array(breakerShape) }),
  async run(app) {
    const now = app.clock.now()
    const all = await breakersHere(app)
    return {
      sandbox: app.world === 'sandbox',
      breakers: all.filter(isInUse).map((here) => shownBreaker(here, now)),
    }
  },
})
