/** Follows a run while somebody drives it; its events come over the app's bus, from the first one. */
import { z } from 'zod'
import { runResultShape } from '../../../domain/run.ts'
import { followRun } from '../../../workflow/engine.ts'
import { defineAction } from '../../action.ts'
import { openRun } from '../../open-run.ts'

export const watchRun = defineAction({
  noun: 'runs',
  verb: 'watch',
  summary: 'follow a run until it is over, waits, or nobody drives it',
  input: z.object({ run: z.string(), after: z.number().int().nonnegative().default(0) }),
  output: runResultShape,
  async run(app, { run, after }, context) {
    const { record, parts } = await openRun(app, run)
    const leaving = new AbortController()
    const signal = AbortSignal.any([context.signal, leaving.signal])
    context.driving?.({ run_id: record.run_id, following: true, cancel: () => {}, pause: () => {}, abandon: (reason) => leaving.abort(reason) })
    return followRun(parts, record.run_id, signal, after)
  },
})
