/** Follows a run while somebody drives it; its events come over the app's bus, from the first one. */
import { z } from 'zod'
import { runResultShape } from '../../../domain/run.ts'
import { followRun } from '../../../workflow/engine.ts'
import { defineAction } from '../../action.ts'
import { outlineOf } from '../../finish-run.ts'
import { openRun, stateOf } from '../../open-run.ts'

export const watchRun = defineAction({
  noun: 'runs',
  verb: 'watch',
  summary: 'follow a run until it is over, waits, or nobody drives it',
  input: z.object({ run: z.string(), after: z.number().int().nonnegative().default(0) }),
  output: runResultShape,
  async run(app, { run, after }, context) {
    const opened = await openRun(app, run)
    const { record, parts } = opened
    const leaving = new AbortController()
    const signal = AbortSignal.any([context.signal, leaving.signal])
    const outline = outlineOf((await stateOf(opened)).plan)
    const only = { cancel: () => {}, pause: () => {}, abandon: (reason: Error) => leaving.abort(reason) }
    context.driving?.({ run_id: record.run_id, following: true, secrets: [], ...only, outline, earlier: [] })
    return followRun(parts, record.run_id, signal, after)
  },
})
