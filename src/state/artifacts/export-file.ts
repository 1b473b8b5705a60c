/** Copies a kept file into a folder of the user's under a readable name, never over something else. */
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, copyFile, link, lstat, mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { numberedName } from './file-name.ts'
import { hashOfFile } from './hash-of-file.ts'

/**
 * Gives the path. A name that is taken by the same bytes is used as it is, one taken by others gets a number. It is
 * a copy (a cheap one where the file system can share blocks), so that editing it can't change what a run holds.
 */
export async function exportFile(source: string, sha256: string, folder: string, name: string): Promise<string> {
  await mkdir(folder, { recursive: true })
  const temporary = join(folder, `.${randomBytes(8).toString('hex')}.part`)
  try {
    // Kept files can't be written; the copy is the user's, with the rights that new files of theirs have.
    const mode = await createEmpty(temporary)
    await copyFile(source, temporary, constants.COPYFILE_FICLONE)
    await chmod(temporary, mode)
    for (let number = 1; ; number += 1) {
      const path = join(folder, number === 1 ? name : numberedName(name, number))
      if (await claimName(temporary, path)) return path
      if (await holds(path, sha256)) return path
    }
  } finally {
    await rm(temporary, { force: true })
  }
}

/** Gives the rights that a new file has here. */
async function createEmpty(path: string): Promise<number> {
  const handle = await open(path, 'wx')
  try {
    return (await handle.stat()).mode & 0o777
  } finally {
    await handle.close()
  }
}

/** Gives a finished file its name unless that is taken: a link can't overwrite, and what appears is whole. */
async function claimName(finished: string, path: string): Promise<boolean> {
  try {
    await link(finished, path)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS' && code !== 'EMLINK') throw error
  }
  // A file system without links.
  try {
    await copyFile(finished, path, constants.COPYFILE_EXCL)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Whether a regular file with these bytes lies there; a link that leads elsewhere does not count. */
async function holds(path: string, sha256: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined)
  return found !== undefined && found.isFile() && (await hashOfFile(path)) === sha256
}
