/** The lock file of a project, read anew each time and changed by one process at a time. */
import { chmod, mkdir, open, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ReplicateAgentError, StoreError } from '../../domain/errors.ts'
import { withFileGuard } from '../../state/file-guard.ts'
import { syncFolder } from '../../state/sync-folder.ts'
import type { Clock } from '../../std/clock.ts'
import { type LockedModel, type LockedModels, type LockFile, lockText, readLockFile } from './lock-file.ts'

export interface LockStore {
  readonly file: string
  /** Throws ProblemsError `invalid_config` when it is no lock file. */
  read(): Promise<LockFile>
  /**
   * Changes what the file holds by then, and gives what it holds after. Nothing is written where nothing differs.
   * Throws what `read` throws, and StoreError when it can't be written.
   */
  update(change: (models: Map<string, LockedModel>) => void): Promise<LockedModels>
}

export function createLockStore(file: string, clock: Clock): LockStore {
  return {
    file,
    read: () => readLockFile(file),
    async update(change) {
      try {
        const real = await realPathOf(file)
        return await withFileGuard({ path: `${real}.guard`, clock }, () => changed(real, change))
      } catch (error) {
        if (error instanceof ReplicateAgentError) throw error
        throw new StoreError('store', `"${file}" can't be written: ${(error as Error).message}`, { cause: error })
      }
    },
  }
}

async function changed(file: string, change: (models: Map<string, LockedModel>) => void): Promise<LockedModels> {
  const { models: before, places } = await readLockFile(file)
  const models = new Map(before)
  change(models)
  const text = lockText(models)
  const isNew = places === undefined
  if (isNew ? models.size > 0 : text !== lockText(before)) await replace(file, text, isNew)
  return models
}

/** Whoever reads the file meanwhile, or after a crash, has it as it was or as it is, whole. */
async function replace(file: string, text: string, isNew: boolean): Promise<void> {
  // The guard lets nobody else use this name. What a killed writer left under it goes first, and so does a link that
  // somebody put there.
  const beside = `${file}.tmp`
  try {
    await rm(beside, { force: true })
    const handle = await open(beside, 'wx')
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    if (!isNew) await chmod(beside, (await stat(file)).mode)
    await rename(beside, file)
    await syncFolder(dirname(file))
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
}

/** Of what a link stands for, so that the link stays one. */
async function realPathOf(file: string): Promise<string> {
  try {
    return await realpath(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    await mkdir(dirname(file), { recursive: true })
    return file
  }
}
