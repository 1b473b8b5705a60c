/** Second names of kept files, with the extension that people and programs go by. */
import { copyFile, link, rm, stat } from 'node:fs/promises'

/** What file systems say that know no second names. */
const linkless = new Set(['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK'])

export async function linkShown(path: string, shown: string): Promise<void> {
  if (shown === path) return
  try {
    await link(path, shown)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') {
      const [kept, other] = await Promise.all([stat(path), stat(shown).catch(() => undefined)])
      if (kept.ino === other?.ino || kept.size === other?.size) return
      // What it names was damaged and has been replaced, or is being removed.
      await rm(shown, { force: true })
      await linkShown(path, shown)
    } else if (code !== undefined && linkless.has(code)) await copyFile(path, shown)
    else throw error
  }
}
