/** Writes a log of decisions; what appears under the name is whole. */
import { randomBytes } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { unwritableFile } from '../unwritable-file.ts'
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
    // What an entry could not be made for is no fault of the file.
    throw (error as NodeJS.ErrnoException).syscall === undefined ? error : unwritableFile(path, error)
  }
}
