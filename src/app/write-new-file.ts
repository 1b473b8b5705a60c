/** Writes a file that is not there yet. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { NonRetryableError } from '../domain/errors.ts'

/** Nothing is ever overwritten (`wx`): false when something is there. Throws NonRetryableError `file_unreadable`. */
export async function writeNewFile(path: string, content: string | Uint8Array): Promise<boolean> {
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content, { flag: 'wx' })
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw new NonRetryableError('file_unreadable', `${path} can't be written`, { cause })
  }
}
