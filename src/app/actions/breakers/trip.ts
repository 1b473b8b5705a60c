/** Opens a circuit breaker by hand. */
import { z } from 'zod'
import { opened } from '../../../executor/resilience/breaker/state.ts'
import { breakerShape, shownBreaker } from '../../breakers/breaker-shape.ts'
import { breakerCalled, breakersHere } from '../../breakers/breakers-here.ts'
import { changeBreaker } from '../../breakers/change-breaker.ts'
import { defineAction } from '../../action.ts'

export const tripBreaker = defineAction({
  noun: 'breakers',
  verb: 'trip',
  summary: 'open a circuit breaker by hand',
  input: z.object({
    breaker: z.string(),
    for_ms: z.number().positive().optional().describe('default: until it is reset'),
  }),
  output: breakerShape,
  async run(app, { breaker, for_ms }, { by, warn }) {
    const here = breakerCalled(breaker, await breakersHere(app))
    const now = app.clock.now()
    const until = for_ms === undefined ? null : now + for_ms
    const cell = await changeBreaker(app, here.name, (before) => opened(before, until, `tripped by ${by}`, now))
    const shown = shownBreaker({ ...here, cell }, now)
    if (shown.unguarded.length > 0) {
      const names = shown.unguarded.map((name) => `"${name}"`).join(', ')
      warn(`calls of ${names} go on: no \`breaker\` is written there`)
    }
    return shown
  },
})
