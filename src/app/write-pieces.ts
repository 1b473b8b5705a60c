/** Writes a text that is too long to be held in memory into a file; what appears under the name is whole. */
import { randomBytes } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { unwritableFile } from './unwritable-file.ts'

export async function writePieces(path: string, pieces: AsyncIterable<string>): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.part`)
  try {
    const handle = await open(temporary, 'wx', 0o600)
    try {
      for await (const piece of pieces) await handle.appendFile(piece)
    } finally {
      await handle.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    // What a piece could not be made for is no fault of the file.
    throw (error as NodeJS.ErrnoException).syscall === undefined ? error : unwritableFile(path, error)
  }
}
