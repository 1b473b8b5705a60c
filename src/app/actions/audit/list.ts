/** Calls as the audit log has them, the latest first. */
import { z } from 'zod'
import { defineAction } from '../../action.ts'
import { filterFields, type LoggedCall, loggedCallShape, openCallLog } from '../../audit/filter.ts'

export const listAudit = defineAction({
  noun: 'audit',
  verb: 'list',
  summary: 'calls as the audit log has them, the latest first',
  input: z.object({ ...filterFields, limit: z.int().min(1).default(50).describe('at most so many') }),
  output: z.object({
    since: z.iso.datetime(),
    until: z.iso.datetime(),
    sandbox: z.boolean(),
    records: z.array(loggedCallShape),
    more: z.boolean().describe('there are others, which are older'),
    unreadable_lines: z.array(z.string()),
  }),
  async run(app, { limit, ...filter }, context) {
    const log = openCallLog(app, filter, context)
    let found: LoggedCall[] = []
    let ofSegment: LoggedCall[] = []
    for await (const calls of log.calls({ newestFirst: true })) {
      // A segment is over.
      if (calls.length === 0) {
        found = [...ofSegment, ...found]
        ofSegment = []
        if (found.length > limit) break
      } else ofSegment = [...ofSegment, ...calls].slice(-limit - 1)
    }
    return {
      since: new Date(log.since).toISOString(),
      until: new Date(log.until).toISOString(),
      sandbox: filter.sandbox,
      records: found.slice(-limit).toReversed(),
      more: found.length > limit,
      unreadable_lines: log.unreadable,
    }
  },
})
