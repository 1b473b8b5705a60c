/** Closes circuit breakers, and forgets what failed. */
import { z } from 'zod'
import { UsageError } from '../../../domain/errors.ts'
import { reset, stateAt } from '../../../executor/resilience/breaker/state.ts'
import { breakerCalled, breakersHere } from '../../breakers/breakers-here.ts'
import { changeBreaker } from '../../breakers/change-breaker.ts'
import { defineAction } from '../../action.ts'

export const resetBreakers = defineAction({
  noun: 'breakers',
  verb: 'reset',
  summary: 'close circuit breakers and forget what failed',
  input: z.object({ breaker: z.string().optional(), all: z.boolean().default(false) }),
  output: z.object({
    reset: z.array(z.object({ name: z.string(), was: z.enum(['closed', 'open', 'half_open']) })),
  }),
  async run(app, { breaker, all }) {
    if ((breaker !== undefined) === all) {
      throw new UsageError(all ? 'a name and "all" are two things' : 'which circuit breaker is missing', {
        hint: 'name one (`breakers list` has them), or all with --all',
      })
    }
    const known = await breakersHere(app)
    const chosen = breaker === undefined ? known.filter(({ isKept }) => isKept) : [breakerCalled(breaker, known)]
    const now = app.clock.now()
    for (const { name } of chosen) await changeBreaker(app, name, reset)
    return { reset: chosen.map(({ name, cell }) => ({ name, was: stateAt(cell, now) })) }
  },
})
