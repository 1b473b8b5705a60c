/**
 * Lets one process at a time change a file, by a file beside it that names its writer. A writer that was killed is
 * followed by another one at once; nothing is left behind but by that.
 *
 * 1. Who creates the guard holds it; only its holder removes it, or whoever holds the guard of taking it over.
 * 2. That one is a guard like any other, named after the dead holder, so that two that find the same dead holder can't
 *    both remove what they think is his.
 */
import { randomUUID } from 'node:crypto'
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { StoreError } from '../domain/errors.ts'
import type { Clock } from '../std/clock.ts'
import { isObject } from '../std/json.ts'
import type { LeaseHolder } from './store/contract.ts'
import { probeHolder, thisHolder } from './store/holder.ts'

export interface GuardOptions {
  /** The guard's own path. */
  path: string
  clock: Clock
  /** How long another writer is waited for, milliseconds. Default 10,000. */
  patienceMs?: number
  signal?: AbortSignal
}

interface Found {
  /** Tells this guard from the next one of the same name. */
  mark: string
  holder: LeaseHolder | undefined
  /** Epoch milliseconds. */
  since: number
}

const defaultPatienceMs = 10_000
/** Nobody can look whether a writer on another machine lives; a change takes milliseconds. */
const longestChangeMs = 30_000
/** Between being created and being written, a guard is empty. */
const longestEmptyMs = 2_000
const pollMs = 15

/** Throws StoreError `held` when another writer takes too long, what `work` throws, and the signal's reason. */
export async function withFileGuard<T>(options: GuardOptions, work: () => Promise<T>): Promise<T> {
  await acquire(options, options.clock.now() + (options.patienceMs ?? defaultPatienceMs))
  try {
    return await work()
  } finally {
    await rm(options.path, { force: true })
  }
}

async function acquire(options: GuardOptions, deadline: number): Promise<void> {
  const { path, clock, signal } = options
  const own = JSON.stringify({ mark: randomUUID(), since: clock.now(), ...thisHolder() })
  for (;;) {
    if (await create(path, own)) return
    const found = await look(path)
    if (!found) continue
    if (isDead(found, clock.now())) {
      await withFileGuard({ ...options, path: `${path}.${found.mark}` }, async () => {
        if ((await look(path))?.mark === found.mark) await rm(path, { force: true })
      })
      continue
    }
    if (clock.now() >= deadline) throw heldBy(path, found)
    await clock.sleep(pollMs, signal)
  }
}

async function create(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Undefined when it is gone. */
async function look(path: string): Promise<Found | undefined> {
  try {
    const { ino, mtimeMs } = await stat(path)
    const text = await readFile(path, 'utf8')
    return readGuard(text) ?? { mark: `${ino}-${Math.trunc(mtimeMs)}`, holder: undefined, since: mtimeMs }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function readGuard(text: string): Found | undefined {
  try {
    const read: unknown = JSON.parse(text)
    if (!isObject(read)) return undefined
    const { mark, since, pid, host, started, boot } = read
    const isWhole =
      typeof mark === 'string' &&
      /^[0-9a-f-]{36}$/.test(mark) &&
      typeof since === 'number' &&
      typeof pid === 'number' &&
      [host, started, boot].every((text) => typeof text === 'string')
    if (!isWhole) return undefined
    return { mark, since, holder: { pid, host, started, boot } as LeaseHolder }
  } catch {
    return undefined
  }
}

function isDead({ holder, since }: Found, now: number): boolean {
  const age = Math.abs(now - since)
  if (!holder) return age > longestEmptyMs
  const life = probeHolder(holder)
  return life === 'gone' || (life === 'elsewhere' && age > longestChangeMs)
}

function heldBy(path: string, { holder }: Found): StoreError {
  const who = holder ? `process ${holder.pid} on ${holder.host}` : 'another process'
  return new StoreError('held', `${who} has been changing the file beside ${path} for too long`, {
    hint: holder ? 'let it go on, or end it' : `remove ${path} if nothing uses it`,
  })
}
