/** What SQLite's error codes mean for whoever uses the store. */
import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { StoreError } from '../../../domain/errors.ts'

/** Primary result codes, https://sqlite.org/rescode.html; the low byte of the extended ones. */
const busy = 5
const locked = 6
const readOnly = 8
const ioError = 10
const corrupt = 11
const full = 13
const cannotOpen = 14
const lockingProtocol = 15
const notDatabase = 26

function resultOf(error: unknown): number | undefined {
  const { errcode } = error as { errcode?: unknown }
  return typeof errcode === 'number' ? errcode & 0xff : undefined
}

/** Another process has the database just now; the same will work later. */
export function isBusy(error: unknown): boolean {
  const result = resultOf(error)
  return result === busy || result === locked || result === lockingProtocol
}

/** A SQLite error as a StoreError that says what to do; anything else is given back as it is. */
export function storeError(error: unknown, file: string): unknown {
  const cause = error as Error & { code?: string }
  if (error instanceof Error && cause.code === 'ERR_INVALID_STATE')
    return new StoreError('store', `the store ${file} is closed`, { cause })
  const result = error instanceof Error ? resultOf(error) : undefined
  if (result === undefined) return error
  if (result === full || (isDiskTrouble(result) && isFull(file))) return diskFull(file, cause)
  switch (result) {
    case corrupt:
      return new StoreError('store_corrupt', `the store ${file} is damaged`, {
        cause,
        hint: 'Run `replicate-agent doctor` to see what is readable, and put a copy of the file back or start with another --store.',
      })
    case notDatabase:
      return new StoreError('store_corrupt', `${file} is not a store: it holds something else or is damaged`, {
        cause,
        hint: 'Run `replicate-agent doctor`, or choose another file with --store sqlite:PATH.',
      })
    case readOnly:
      return new StoreError('store', `the store ${file} may not be written`, { cause, hint: permissionHint })
    case cannotOpen:
      return new StoreError('store', `the store ${file} can't be opened`, { cause, hint: permissionHint })
    case ioError:
      return new StoreError('store', `the disk failed while using the store ${file}`, {
        cause,
        hint: 'Look at the disk and its file system. Nothing was half written; a run can be resumed once the disk works.',
      })
    default:
      return new StoreError('store', `the store ${file} failed: ${cause.message}`, { cause })
  }
}

const permissionHint =
  'This user must be able to write the file and its folder; or choose another with --store sqlite:PATH.'

export function diskFull(file: string, cause: unknown): StoreError {
  return new StoreError('disk_full', `there is no room left on the disk of ${file}`, {
    cause,
    hint: 'Nothing was half written. Make room, then resume the run.',
  })
}

export function notAFile(file: string): StoreError {
  return new StoreError('store', `the store ${file} is not a file`, { hint: 'Name a file with --store sqlite:PATH.' })
}

/** A full disk shows itself in other codes, too: no room for shared memory, for a new file, or to sync. */
function isDiskTrouble(result: number): boolean {
  return result === ioError || result === cannotOpen
}

function isFull(file: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dirname(file))
    return bavail * bsize < 65_536
  } catch {
    return false
  }
}
