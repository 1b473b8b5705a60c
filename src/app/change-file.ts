/** Changes a file of the user's project: by one process at a time, and as a whole. */
import { chmod, open, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ReplicateAgentError, StoreError } from '../domain/errors.ts'
import { withFileGuard } from '../state/file-guard.ts'
import { syncFolder } from '../state/sync-folder.ts'
import type { Clock } from '../std/clock.ts'

/**
 * `change` gives the new text from what the file holds by then (its path, links followed, is passed on), or undefined to
 * leave it as it is. Others see what was there before, or what is there after. Throws what `change` throws, StoreError
 * `held` when another process takes too long, and StoreError `store` when the file can't be written.
 */
export async function changeFile(
  file: string,
  clock: Clock,
  change: (file: string) => Promise<string | undefined>,
): Promise<void> {
  try {
    const real = await realPathOf(file)
    await withFileGuard({ path: `${real}.guard`, clock }, async () => {
      const text = await change(real)
      if (text !== undefined) await replace(real, text)
    })
  } catch (error) {
    if (error instanceof ReplicateAgentError) throw error
    const why = error instanceof Error ? error.message : String(error)
    throw new StoreError('store', `"${file}" can't be written: ${why}`, { cause: error })
  }
}

/** Whoever reads the file meanwhile, or after a crash, has it as it was or as it is, whole. */
async function replace(file: string, text: string): Promise<void> {
  // The guard lets nobody else use this name. What a killed writer left under it goes first, and so does a link that
  // somebody put there.
  const beside = `${file}.tmp`
  try {
    const before = await stat(file).catch(unlessMissing)
    await rm(beside, { force: true })
    const handle = await open(beside, 'wx')
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    if (before) await chmod(beside, before.mode & 0o777)
    await rename(beside, file)
    await syncFolder(dirname(file))
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
}

/** Of what a link stands for, so that the link stays one. */
async function realPathOf(file: string): Promise<string> {
  return (await realpath(file).catch(unlessMissing)) ?? file
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
