/** What happened in a run, from its journal. */
import { z } from 'zod'
import { defineAction } from '../../action.ts'
import { eventObject } from '../../event-object.ts'
import { jsonObject } from '../../given-inputs.ts'
import { openRun } from '../../open-run.ts'

export const logsOfRun = defineAction({
  noun: 'runs',
  verb: 'logs',
  summary: 'list the events of a run',
  input: z.object({
    run: z.string(),
    step: z.string().optional().describe('only events of this step'),
    after: z.number().int().nonnegative().default(0).describe('only events with a greater seq'),
    limit: z.number().int().positive().max(100_000).optional(),
  }),
  output: z.object({ run_id: z.string(), events: z.array(jsonObject) }),
  async run(app, { run, step, after, limit }) {
    const { record, parts } = await openRun(app, run)
    const events = await parts.store.readEvents(record.run_id, after, step === undefined ? limit : undefined)
    const wanted =
      step === undefined ? events : events.filter((event) => 'step' in event && event.step === step).slice(0, limit)
    return { run_id: record.run_id, events: wanted.map((event) => eventObject({ run_id: record.run_id, event })) }
  },
})
