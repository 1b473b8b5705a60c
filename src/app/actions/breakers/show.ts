/** One circuit breaker with all that is known of it. */
import { z } from 'zod'
import { breakerShape, seenOf, seenShape, shownBreaker } from '../../breakers/breaker-shape.ts'
import { breakerCalled, breakersHere } from '../../breakers/breakers-here.ts'
import { defineAction } from '../../action.ts'

export const showBreaker = defineAction({
  noun: 'breakers',
  verb: 'show',
  summary: 'show a circuit breaker: what it goes by, and what failed',
  input: z.object({ breaker: z.string() }),
  output: breakerShape.extend(seenShape),
  async run(app, { breaker }) {
    const here = breakerCalled(breaker, await breakersHere(app))
    return { ...shownBreaker(here, app.clock.now()), ...seenOf(here) }
  },
})
