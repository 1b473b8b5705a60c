/** Checks that nothing in the audit log was changed, removed, added or moved. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { NonRetryableError } from '../../../domain/errors.ts'
import { type Head, headCell, headOf } from '../../../observe/audit/head.ts'
import { segmentFile, segmentsIn } from '../../../observe/audit/segments.ts'
import { verifyChain, wrongs } from '../../../observe/audit/verify.ts'
import { defineAction } from '../../action.ts'
import type { App } from '../../app.ts'
import { worldField } from '../../audit/filter.ts'
import { auditFolder } from '../../audit/folder-of.ts'

export const verifyAudit = defineAction({
  noun: 'audit',
  verb: 'verify',
  summary: 'check that nothing in the audit log was changed, removed, added or moved',
  input: z.object({
    files: z.array(z.string()).default([]).describe('of one log, in order; default: the log of the state folder'),
    sandbox: worldField,
  }),
  output: z.object({
    valid: z.boolean(),
    files: z.number(),
    lines: z.number(),
    calls: z.number(),
    first: z.number().nullable().describe('the number of the first line'),
    last: z.object({ seq: z.number(), hash: z.string(), time: z.string().nullable() }).nullable(),
    fault: z
      .object({ what: z.enum(wrongs), file: z.string(), line: z.number(), message: z.string() })
      .nullable()
      .describe('the first line that is wrong; what comes after it was not judged'),
    notes: z.array(z.string()).describe('no faults: crashes, purges, records that could not be written'),
  }),
  async run(app, { files, sandbox }, { signal, progressed }) {
    const folder = auditFolder(app.home, sandbox)
    // Taken before the files are read: what comes later can only be more.
    const head = files.length > 0 ? undefined : await headHere(app, sandbox)
    const all = files.length > 0 ? files.map((file) => resolve(app.cwd, file)) : filesIn(folder)
    const { fault, ...found } = await checked(all, {
      ...{ head, signal },
      ...(head && { headFile: segmentFile(folder, head.segment) }),
      ...(progressed && { progressed: (done: number) => progressed(done, all.length) }),
    })
    return { valid: fault === null, ...found, fault }
  },
})

function filesIn(folder: string): string[] {
  return segmentsIn(folder).map((segment) => segmentFile(folder, segment))
}

/** Null: there is none. */
async function headHere(app: App, sandbox: boolean): Promise<Head | null> {
  if (!existsSync(join(app.home, 'shared.db'))) return null
  const cells = await app.cells(sandbox ? 'sandbox' : 'real')
  return headOf(cells.get(headCell)) ?? null
}

async function checked(files: readonly string[], options: Parameters<typeof verifyChain>[1]) {
  try {
    return await verifyChain(files, options)
  } catch (error) {
    const { code, path = '' } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw new NonRetryableError('file_not_found', `there is no file ${path}`)
    if (code === 'EACCES' || code === 'EISDIR')
      throw new NonRetryableError('file_unreadable', `${path || 'a file'} can't be read (${code})`)
    throw error
  }
}
