/** The audit log for elsewhere: its lines as they are, or calls as CSV. */
import { resolve } from 'node:path'
import { z } from 'zod'
import { UsageError } from '../../../domain/errors.ts'
import { defineAction } from '../../action.ts'
import { csvHeader, csvRow } from '../../audit/csv-row.ts'
import { type CallLogReader, type Filter, filterFields, isCall, isWanted, openCallLog } from '../../audit/filter.ts'
import { writePieces } from '../../write-pieces.ts'

export const exportFormats = ['jsonl', 'csv'] as const

export const exportAudit = defineAction({
  noun: 'audit',
  verb: 'export',
  summary: 'write the audit log, or a part of it, as JSON lines or CSV',
  input: z.object({
    ...filterFields,
    format: z.enum(exportFormats).default('jsonl'),
    file: z.string().optional().describe('where to; absent: whoever asks is given it piece by piece'),
  }),
  output: z.object({
    since: z.iso.datetime(),
    until: z.iso.datetime(),
    sandbox: z.boolean(),
    format: z.enum(exportFormats),
    records: z.number(),
    whole: z.boolean().describe('every line of that time is in it, so that `audit verify` can check it'),
    file: z.string().optional(),
    unreadable_lines: z.array(z.string()),
  }),
  async run(app, { format, file, ...filter }, context) {
    const { piece } = context
    if (file === undefined && !piece) throw new UsageError('say where to write it', { hint: 'name a file' })
    const log = openCallLog(app, filter, context)
    const counted = { records: 0 }
    const pieces = format === 'csv' ? csvOf(log, counted) : linesOf(log, filter, counted)
    const path = file === undefined ? undefined : resolve(app.cwd, file)
    if (path === undefined) for await (const text of pieces) piece?.(text)
    else await writePieces(path, pieces)
    return {
      since: new Date(log.since).toISOString(),
      until: new Date(log.until).toISOString(),
      ...{ sandbox: filter.sandbox, format, records: counted.records, whole: format === 'jsonl' && isWhole(filter) },
      ...(path !== undefined && { file: path }),
      unreadable_lines: log.unreadable,
    }
  },
})

function isWhole({ agent, model, run, status }: Filter): boolean {
  return [agent, model, run, status].every((wanted) => wanted === undefined)
}

async function* csvOf(log: CallLogReader, counted: { records: number }): AsyncGenerator<string> {
  yield csvHeader
  for await (const calls of log.calls()) {
    counted.records += calls.length
    yield calls.map(csvRow).join('')
  }
}

/** With all marks where nothing is left out. */
async function* linesOf(log: CallLogReader, filter: Filter, counted: { records: number }): AsyncGenerator<string> {
  const whole = isWhole(filter)
  for await (const lines of log.lines()) {
    let text = ''
    for (const { entry, bytes } of lines) {
      if (!whole && !(isCall(entry) && isWanted(entry, filter))) continue
      counted.records += 1
      text += `${bytes.toString()}\n`
    }
    yield text
  }
}
