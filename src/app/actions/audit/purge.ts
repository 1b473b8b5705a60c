/** Removes old days of the audit log; the log itself says what went, and stays verifiable. */
import { z } from 'zod'
import { openDisk } from '../../../observe/audit/disk.ts'
import { defineAction } from '../../action.ts'
import { worldField } from '../../audit/filter.ts'
import { auditFolder } from '../../audit/folder-of.ts'
import { momentOf } from '../../moment-of.ts'

export const purgeAudit = defineAction({
  noun: 'audit',
  verb: 'purge',
  summary: 'remove old days of the audit log',
  input: z.object({
    before: z.string().describe('an age such as 30d, or a date such as 2026-11-01: days that were over then'),
    dry_run: z.boolean().default(false),
    sandbox: worldField,
  }),
  output: z.object({
    dry_run: z.boolean(),
    before: z.iso.datetime(),
    days: z.array(z.string()),
    records: z.number(),
    bytes: z.number(),
  }),
  async run(app, { before: written, dry_run, sandbox }, { by }) {
    const before = momentOf(written, app.clock.now())
    const folder = auditFolder(app.home, sandbox)
    const disk = openDisk(folder, () => app.cells(sandbox ? 'sandbox' : 'real'), app.clock)
    try {
      const { segments: days, records, bytes } = dry_run ? disk.purgeable(before) : await disk.purge(before, by)
      return { dry_run, before: new Date(before).toISOString(), days, records, bytes }
    } finally {
      disk.close()
    }
  },
})
