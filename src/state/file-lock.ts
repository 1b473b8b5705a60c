/** One process at a time changes a file: a lock beside it says who, and does not outlive its process. */
import { randomUUID } from 'node:crypto'
import { link, readFile, rm, writeFile } from 'node:fs/promises'
import { StoreError } from '../domain/errors.ts'
import type { Clock } from '../std/clock.ts'
import { sha256 } from '../std/hash.ts'
import type { LeaseHolder } from './store/contract.ts'
import { probeHolder, thisHolder } from './store/holder.ts'

const retryMs = 20
/** Nobody changes a file for long. */
const longestWaitMs = 10_000

/**
 * Does the work while `FILE.lock` is this process's. Throws StoreError `held` when another process keeps it for longer
 * than ten seconds, `store` when no lock can be made there, and what the work throws.
 */
export async function withFileLock<T>(file: string, clock: Clock, work: () => Promise<T>): Promise<T> {
  const lock = `${file}.lock`
  const own = `${lock}.${randomUUID().slice(0, 8)}`
  try {
    await writeFile(own, JSON.stringify({ holder: thisHolder(), id: own }), { flag: 'wx', mode: 0o600 })
  } catch (cause) {
    throw cannotLock(file, cause)
  }
  try {
    await take(lock, own, file, clock)
    try {
      return await work()
    } finally {
      await rm(lock, { force: true })
    }
  } finally {
    await rm(own, { force: true })
  }
}

async function take(lock: string, own: string, file: string, clock: Clock): Promise<void> {
  const until = clock.now() + longestWaitMs
  for (;;) {
    try {
      // Unlike a write, a link is there at once and as a whole, or not at all.
      return await link(own, lock)
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cannotLock(file, cause)
    }
    if (await removedLeftBehind(lock, own)) continue
    if (clock.now() >= until) {
      const hint = `wait for it, or remove ${lock} when no such process runs`
      throw new StoreError('held', `another process is changing ${file}`, { hint })
    }
    await clock.sleep(retryMs)
  }
}

/** Removes the lock of a process that is gone; of many that try, one removes it, and nobody the lock of the next. */
async function removedLeftBehind(lock: string, own: string): Promise<boolean> {
  const found = await readFile(lock, 'utf8').catch(() => '')
  if (!isOfDead(found)) return false
  const right = `${lock}.${sha256(found).slice(0, 8)}`
  try {
    await link(own, right)
  } catch {
    return false
  }
  // Only who has the right to it removes this very lock: if it is still there, it stays until here.
  if ((await readFile(lock, 'utf8').catch(() => '')) === found) await rm(lock, { force: true })
  await rm(right, { force: true })
  return true
}

function isOfDead(lock: string): boolean {
  try {
    const { holder } = JSON.parse(lock) as { holder: LeaseHolder }
    return probeHolder(holder) === 'gone'
  } catch {
    return false
  }
}

function cannotLock(file: string, cause: unknown): StoreError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new StoreError('store', `"${file}" can't be written: ${why}`, { cause })
}
