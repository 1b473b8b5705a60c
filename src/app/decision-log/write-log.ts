/** Writes a log of decisions; what appears under the name is whole. */
import { randomBytes } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { NonRetryableError, StoreError } from '../../domain/errors.ts'
import type { LogEntry } from './entry.ts'

/** Entries are written so many at once. */
const together = 500

export async function writeLog(path: string, entries: AsyncIterable<LogEntry>): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.part`)
  try {
    const handle = await open(temporary, 'wx', 0o600)
    try {
      let lines: string[] = []
      for await (const entry of entries) {
        lines.push(`${JSON.stringify(entry)}\n`)
        if (lines.length < together) continue
        await handle.write(lines.join(''))
        lines = []
      }
      await handle.write(lines.join(''))
    } finally {
      await handle.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw asFailure(error, path)
  }
}

function asFailure(error: unknown, path: string): unknown {
  const { code, message, syscall } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new StoreError('disk_full', `there is no room left on the disk of ${path}`, { cause: error })
  if (syscall === undefined) return error
  return new NonRetryableError('file_unreadable', `${path} can't be written: ${message}`, { cause: error })
}
