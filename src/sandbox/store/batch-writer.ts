/** Group commit: writes that are asked for together become durable together, and each promise settles after its commit. */
import type { DatabaseSync } from 'node:sqlite'
import { StoreError } from '../../domain/errors.ts'
import type { Clock } from '../../std/clock.ts'
import { deferred } from '../../std/deferred.ts'
import type { Random } from '../../std/random.ts'

export interface BatchWriter {
  /** Runs `job` inside a transaction soon; resolves with its result once that is committed. */
  write<T>(job: () => T): Promise<T>
  /** Waits for what was asked for. */
  close(): Promise<void>
}

interface Job {
  run(): unknown
  settle(committed: boolean, error?: unknown): void
}

/** `committed` runs after each commit and before the promises of its jobs settle. */
export function createBatchWriter(
  database: DatabaseSync,
  options: { clock: Clock; random: Random; committed?: () => void },
): BatchWriter {
  let waiting: Job[] = []
  let flushing: Promise<void> | undefined

  async function flush(): Promise<void> {
    // one turn of the loop lets requests that arrived together share a commit
    await new Promise(setImmediate)
    while (waiting.length > 0) {
      const jobs = waiting
      waiting = []
      try {
        await begin()
        commit(jobs)
      } catch (error) {
        for (const job of jobs) job.settle(false, error)
      }
    }
    flushing = undefined
  }

  async function begin(): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        database.exec('begin immediate')
        return
      } catch (error) {
        if (!isBusy(error)) throw error
        if (attempt > 20_000)
          throw new StoreError('held', "The sandbox's data is held by another process", { cause: error })
      }
      // SQLite's own waiting would block the loop and starve one of two busy processes
      if (attempt < 20) await new Promise(setImmediate)
      else await options.clock.sleep(options.random() * 2)
    }
  }

  function commit(jobs: Job[]): void {
    try {
      for (const job of jobs) job.run()
      database.exec('commit')
    } catch (error) {
      if (database.isTransaction) database.exec('rollback')
      throw error
    }
    options.committed?.()
    for (const job of jobs) job.settle(true)
  }

  return {
    write<T>(job: () => T): Promise<T> {
      const { promise, resolve, reject } = deferred<T>()
      let result: { value: T } | undefined
      let failure: { error: unknown } | undefined
      waiting.push({
        run() {
          // a statement that fails undoes itself alone: its neighbours in the batch are not to blame
          try {
            result = { value: job() }
          } catch (error) {
            failure = { error }
            if (!database.isTransaction) throw error
          }
        },
        settle(committed, error) {
          if (committed && result) resolve(result.value)
          else reject(failure ? failure.error : error)
        },
      })
      flushing ??= flush()
      return promise
    },
    async close() {
      while (flushing) await flushing
    },
  }
}

function isBusy(error: unknown): boolean {
  const code = (error as { errcode?: number }).errcode
  return code !== undefined && (code & 0xff) === 5
}
