/** The lock file of a project, read anew each time and changed by one process at a time. */
import type { Clock } from '../../std/clock.ts'
import { changeFile } from '../change-file.ts'
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
      let after: LockedModels = new Map()
      await changeFile(file, clock, async (real) => {
        const { models: before, places } = await readLockFile(real)
        const models = new Map(before)
        change(models)
        after = models
        const text = lockText(models)
        const isOther = places === undefined ? models.size > 0 : text !== lockText(before)
        return isOther ? text : undefined
      })
      return after
    },
  }
}
