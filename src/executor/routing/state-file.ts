/** The router's state in a file that many short processes share: opened for calls, looked at, or changed as a whole. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { StoreError } from '../../domain/errors.ts'
import type { Clock } from '../../std/clock.ts'
import { fileLock, LockBusyError } from '../../std/file-lock.ts'
import { timeSortedId } from '../../std/ids.ts'
import type { Random } from '../../std/random.ts'
import { type RouterState, stateOver } from './state.ts'
import { lockFile, StateDisk } from './state-disk.ts'
import { type RouterStateOptions, StateKeeper } from './state-keeper.ts'
import type { StateFile } from './state-shape.ts'

export async function openRouterState(options: RouterStateOptions): Promise<RouterState> {
  const keeper = new StateKeeper(options)
  await keeper.begin()
  return stateOver(keeper)
}

export interface StateFileOptions {
  file: string
  clock: Clock
  random: Random
}

export interface SeenState {
  state: StateFile
  /** Of file and log; 0: there are none. */
  bytes: number
}

/** What is in the file now. Throws StoreError when it can't be used. */
export function readStateFile(options: StateFileOptions): SeenState {
  const disk = diskOf(options)
  try {
    disk.refresh(() => {})
    return { state: disk.state, bytes: disk.size }
  } catch (error) {
    throw asStoreError(error, options.file)
  } finally {
    disk.close()
  }
}

const patienceMs = 10_000

/** Puts what `change` makes of the state into the file; undefined: nothing. Throws StoreError, with nothing changed. */
export async function changeStateFile<T>(
  options: StateFileOptions,
  change: (state: StateFile) => { state: StateFile | undefined; result: T },
): Promise<T> {
  const disk = diskOf(options)
  const lock = fileLock(lockFile(disk.file), options.clock)
  try {
    mkdirSync(dirname(disk.file), { recursive: true, mode: 0o700 })
    return await lock.hold(() => {
      disk.refresh(() => {})
      const { state, result } = change(disk.state)
      if (state) disk.put(state)
      return result
    }, patienceMs)
  } catch (error) {
    throw asStoreError(error, options.file)
  } finally {
    disk.close()
    lock.close()
  }
}

function diskOf({ file, clock, random }: StateFileOptions): StateDisk {
  return new StateDisk({ file, synced: true, newId: () => timeSortedId(clock.now(), random) })
}

function asStoreError(error: unknown, file: string): unknown {
  if (error instanceof StoreError && error.code === 'store_corrupt') {
    return new StoreError('store_corrupt', error.message, {
      hint: 'move it away; the next run that learns something does that by itself',
    })
  }
  if (error instanceof LockBusyError) return new StoreError('held', error.message, { hint: 'try again in a moment' })
  const { code, message } = error as NodeJS.ErrnoException
  if (error instanceof StoreError || code === undefined) return error
  const isFull = code === 'ENOSPC' || code === 'EDQUOT'
  return new StoreError(isFull ? 'disk_full' : 'store', `${file} can't be used: ${message}`, { cause: error })
}
