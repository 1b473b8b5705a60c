/** Opens the sandbox's SQLite file (or one in memory) with its tables, safe for several processes at once. */
import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StoreError } from '../../domain/errors.ts'

const layout = 1

const tables = `
create table predictions (
  seq integer primary key autoincrement,
  id text not null unique,
  model text not null,
  version text not null,
  deployment text,
  input text not null,
  input_key text not null,
  created_ms integer not null,
  starts_ms integer not null,
  ends_ms integer not null,
  deadline_ms integer,
  fault text,
  webhook text,
  webhook_events text,
  canceled_ms integer,
  status text,
  ended_ms integer,
  output text,
  error text,
  logs text,
  metrics text,
  usd real not null,
  removed_ms integer
) strict;
create index predictions_open on predictions (ends_ms) where status is null;
create index predictions_kept on predictions (ended_ms) where removed_ms is null;
create table files (
  seq integer primary key autoincrement,
  id text not null unique,
  prediction text,
  name text not null,
  media_type text not null,
  bytes integer not null,
  sha256 text not null,
  metadata text not null,
  created_ms integer not null,
  expires_ms integer not null
) strict;
create index files_prediction on files (prediction) where prediction is not null;
create table log_outbox (
  seq integer primary key autoincrement,
  pid integer not null,
  path text not null,
  line text not null
) strict;
create table meta (name text primary key, value text not null) strict;
`

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
    if (found === 0) database.exec(`${tables} pragma user_version = ${layout}`)
    database.exec('commit')
  } catch (error) {
    database.exec('rollback')
    throw error
  }
}

function layoutOf(database: DatabaseSync): number {
  return Number(database.prepare('pragma user_version').get()?.['user_version'] ?? 0)
}
