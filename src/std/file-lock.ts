/**
 * A lock between processes that dies with whoever holds it, even by kill -9: SQLite's, on a file that stays empty. For
 * work that waits for nothing.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Clock } from './clock.ts'

export interface FileLock {
  /**
   * Does the work while nobody else holds the lock, in this process or another. Rejects with LockBusyError when that is
   * not so within `patience` milliseconds, and when the file can't be opened. `before`: done before each attempt, for what
   * needs no lock and makes the work short.
   */
  hold<T>(work: () => T, patience: number, before?: () => void): Promise<T>
  close(): void
}

export class LockBusyError extends Error {
  override readonly name = 'LockBusyError'
}

interface OpenLock {
  database: DatabaseSync
  begin: StatementSync
  end: StatementSync
}

/** Of milliseconds between two attempts. */
const longestPause = 8
const busy = 5

/** Opens nothing before it is first held. */
export function fileLock(file: string, clock: Clock): FileLock {
  let lock: OpenLock | undefined

  function open(): OpenLock {
    const { DatabaseSync: Database } = process.getBuiltinModule('node:sqlite')
    const database = new Database(file, { timeout: 0 })
    // Nothing is ever written, so nothing needs a journal on the disk.
    database.exec('pragma journal_mode = memory')
    return { database, begin: database.prepare('begin immediate'), end: database.prepare('rollback') }
  }

  function taken(): boolean {
    try {
      lock ??= open()
      lock.begin.run()
      return true
    } catch (error) {
      if ((error as { errcode?: number }).errcode === busy) return false
      throw error
    }
  }

  return {
    async hold(work, patience, before = () => {}) {
      const until = clock.monotonic() + patience
      const isTaken = (): boolean => {
        before()
        return taken()
      }
      for (let pause = 1; !isTaken(); pause = Math.min(longestPause, pause * 2)) {
        if (clock.monotonic() >= until) throw new LockBusyError(`another process holds ${file}`)
        await clock.sleep(pause)
      }
      try {
        return work()
      } finally {
        lock?.end.run()
      }
    },
    close() {
      lock?.database.close()
      lock = undefined
    },
  }
}
