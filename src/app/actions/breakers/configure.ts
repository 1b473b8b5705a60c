/** Sets keys of a circuit breaker over what agents say, until they are cleared. */
import { z } from 'zod'
import { writtenPolicy } from '../../../documents/agent/breaker.ts'
import { breakerSettings, keysOfModelsOnly } from '../../../documents/agent/breaker-spec.ts'
import { UsageError } from '../../../domain/errors.ts'
import type { BreakerCell } from '../../../executor/resilience/breaker/cell.ts'
import { breakerShape, shownBreaker } from '../../breakers/breaker-shape.ts'
import { breakerCalled, breakersHere } from '../../breakers/breakers-here.ts'
import { changeBreaker } from '../../breakers/change-breaker.ts'
import { defineAction } from '../../action.ts'

export const configureBreaker = defineAction({
  noun: 'breakers',
  verb: 'configure',
  summary: 'set numbers of a circuit breaker over what agents say',
  input: z.object({
    breaker: z.string(),
    set: breakerSettings.optional(),
    clear: z.boolean().default(false).describe('what was set before holds no more'),
  }),
  output: breakerShape,
  async run(app, { breaker, set = {}, clear }) {
    const keys = Object.keys(set)
    if (keys.length === 0 && !clear)
      throw new UsageError('there is nothing to set', {
        hint: 'give a key, as in `failure_threshold`, or clear what was set',
      })
    const here = breakerCalled(breaker, await breakersHere(app))
    const foreign = here.name.startsWith('provider:') ? keys.find((key) => keysOfModelsOnly.includes(key)) : undefined
    if (foreign !== undefined) throw new UsageError(`the breaker of a provider has no \`${foreign}\``)
    const own = writtenPolicy(set)
    const cell = await changeBreaker(app, here.name, ({ override, ...before }): BreakerCell => {
      const whole = { ...(clear ? {} : override), ...own }
      return Object.keys(whole).length === 0 ? before : { ...before, override: whole }
    })
    return shownBreaker({ ...here, cell, isKept: true }, app.clock.now())
  },
})
