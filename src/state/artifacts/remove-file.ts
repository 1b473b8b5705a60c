/**
 * Takes kept files away while others may put the same bytes.
 *
 * A file is first moved aside, then looked at once more: whoever put or renewed it before that is seen by the time on
 * it, and whoever comes later finds the name free and puts the bytes there anew. A process that is killed in between
 * leaves the file aside, from where it is put back.
 */
import { link, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { linkShown } from './link-shown.ts'

const asideName = /^removing-([0-9a-f]{64})-/

/** How long a removal can take at most, milliseconds: what lies aside for longer belongs to a process that was killed. */
const cutOffAfterMs = 60_000

export interface Removal {
  path: string
  /** On the same file system. */
  unfinished: string
  /** Makes the name aside one that no other process uses. */
  nonce: string
}

/** True: it is gone. */
export async function removeFile({ path, unfinished, nonce }: Removal, notAfter: number): Promise<boolean> {
  if (!(await isOlder(path, notAfter))) return (await timeOf(path)) === undefined
  const hash = basename(path)
  const shown = (await readdir(dirname(path))).filter((name) => name.startsWith(`${hash}.`))
  // These go first: later ones belong to whoever put the bytes anew.
  for (const name of shown) await rm(join(dirname(path), name), { force: true })
  const aside = join(unfinished, `removing-${hash}-${nonce}`)
  try {
    await rename(path, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true
    throw error
  }
  if (await isOlder(aside, notAfter)) {
    await rm(aside, { force: true })
    return true
  }
  await putBack(aside, path)
  for (const name of shown) await linkShown(path, join(dirname(path), name))
  return false
}

/** False when there is no such file, or it is another user's: then it is put anew. */
export async function renewFile(path: string): Promise<boolean> {
  try {
    // Milliseconds of the file system's time, which is what `remove` compares.
    const now = Date.now() / 1_000
    await utimes(path, now, now)
    // Somebody may have moved it aside just before; once it is seen here, the new time is, too.
    await stat(path)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'EPERM' || code === 'EACCES') return false
    throw error
  }
}

/** Puts back what a killed process had moved aside. */
export async function restoreCutOff(unfinished: string, pathOf: (sha256: string) => string): Promise<void> {
  for (const name of await readdir(unfinished)) {
    const hash = asideName.exec(name)?.[1]
    if (hash === undefined) continue
    const aside = join(unfinished, name)
    const found = await stat(aside).catch(() => undefined)
    // Moving a file changes its ctime.
    if (found && Date.now() - found.ctimeMs > cutOffAfterMs) await putBack(aside, pathOf(hash))
  }
}

async function putBack(aside: string, path: string): Promise<void> {
  try {
    await link(aside, path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') await rm(aside, { force: true })
    else if (code === 'ENOENT') return
    // Without links, a rename may only put the same bytes over the same bytes.
    else await rename(aside, path)
    return
  }
  await rm(aside, { force: true })
}

async function isOlder(path: string, notAfter: number): Promise<boolean> {
  const time = await timeOf(path)
  // Moments of the journal are whole milliseconds.
  return time !== undefined && Math.floor(time) <= notAfter
}

async function timeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.mtimeMs
}
