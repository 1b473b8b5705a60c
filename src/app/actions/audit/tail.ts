/** The latest calls of the audit log, and those that come after them. */
import { z } from 'zod'
import { UsageError } from '../../../domain/errors.ts'
import { endOfLog, type LogPlace, readSince } from '../../../observe/audit/read.ts'
import { defineAction } from '../../action.ts'
import { isCall, type LoggedCall, loggedCallShape, worldField } from '../../audit/filter.ts'
import { auditFolder } from '../../audit/folder-of.ts'
import { listAudit } from './list.ts'

const placePattern = /^(\d{4}-\d{2}-\d{2}):(\d{1,15})$/

export const tailAudit = defineAction({
  noun: 'audit',
  verb: 'tail',
  summary: 'the latest calls, and those that come after them',
  input: z.object({
    limit: z.int().min(0).default(10).describe('of those that are there, at most so many'),
    after: z.string().optional().describe('the `end` of an earlier answer: only what was written since'),
    sandbox: worldField,
  }),
  output: z.object({
    records: z.array(loggedCallShape).describe('the latest last'),
    end: z.string().nullable().describe('where the log ended; null: there is none yet'),
  }),
  async run(app, { limit, after, sandbox }, context) {
    const folder = auditFolder(app.home, sandbox)
    if (after !== undefined) {
      const from = after === 'none' ? undefined : placeOf(after)
      const unreadable = (file: string, line: number) => context.warn(`${file}:${line} is no record`)
      const { entries, end } = await readSince(folder, from, { signal: context.signal, unreadable })
      return { records: entries.filter(isCall), end: textOf(end) }
    }
    const end = endOfLog(folder)
    const records: LoggedCall[] = []
    if (limit > 0) {
      const asked = listAudit.input.parse({ since: '1970-01-01', limit, sandbox })
      const found = await listAudit.run(app, asked, context)
      records.push(...(found.records as LoggedCall[]).toReversed())
    }
    return { records, end: textOf(end) }
  },
})

function textOf(place: LogPlace | undefined): string | null {
  return place ? `${place.segment}:${place.bytes}` : null
}

function placeOf(written: string): LogPlace {
  const match = placePattern.exec(written)
  if (!match) throw new UsageError(`"${written}" is no place in the audit log`)
  return { segment: match[1] as string, bytes: Number(match[2]) }
}
