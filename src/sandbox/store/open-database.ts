/** Opens the sandbox's SQLite file (or one in memory) with its tables, safe for several processes at once. */
import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StoreError } from '../../domain/errors.ts'
import { layouts } from './layouts.ts'

const layout = layouts.length

/** Throws StoreError when the folder or file can't be used. */
export function openDatabase(dataDir: string | undefined): DatabaseSync {
  let database: DatabaseSync | undefined
  try {
    if (dataDir !== undefined) mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    const path = dataDir === undefined ? ':memory:' : join(dataDir, 'sandbox.sqlite')
    // waiting in SQLite is all right while opening; afterwards the writer retries by itself
    database = new DatabaseSync(path, { timeout: 5_000 })
    database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on')
    if (dataDir !== undefined) chmodSync(path, 0o600)
    createTables(database)
    database.exec('pragma busy_timeout = 0')
    return database
  } catch (error) {
    database?.close()
    if (error instanceof StoreError) throw error
    throw new StoreError('store', `The sandbox's data in ${dataDir ?? 'memory'} can't be opened`, {
      cause: error,
      hint: 'Give --data a folder that can be written, or leave it out to keep everything in memory.',
    })
  }
}

/** A new file goes through every layout, an older one through those that it lacks. */
function createTables(database: DatabaseSync): void {
  if (layoutOf(database) === layout) return
  database.exec('begin immediate')
  try {
    const found = layoutOf(database)
    if (found > layout) {
      throw new StoreError('store_newer', "The sandbox's data was written by a newer version", {
        hint: 'Use that version, or another folder.',
      })
    }
    for (const step of layouts.slice(found)) database.exec(step)
    database.exec(`pragma user_version = ${layout}`)
    database.exec('commit')
  } catch (error) {
    database.exec('rollback')
    throw error
  }
}

function layoutOf(database: DatabaseSync): number {
  return Number(database.prepare('pragma user_version').get()?.['user_version'] ?? 0)
}
