/** Opens a store in a SQLite file: WAL, one connection a process, never waiting inside SQLite. */
import { mkdir, open, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StoreError } from '../../../domain/errors.ts'
import { syncFolder } from '../../sync-folder.ts'
import type { Store } from '../contract.ts'
import type { OpenStoreOptions } from '../open.ts'
import { sqlStore } from '../sql/store.ts'
import { Connection } from './connection.ts'
import { diskFull, notAFile, storeError } from './failure.ts'
import { fileOfUrl } from './file-of-url.ts'
import { hotPath } from './hot-path.ts'
import { migrate } from './migrate.ts'
import { sqlitePort } from './port.ts'
import { shrink } from './shrink.ts'

/** Opens and, where needed, makes or migrates the file. Throws StoreError. */
export async function openSqlite(url: string, { durability, clock, random }: OpenStoreOptions): Promise<Store> {
  const file = fileOfUrl(url)
  await makeRoom(file)
  const patience = { clock, random, file }
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(file, { timeout: 0, enableForeignKeyConstraints: false })
    // Making the file is most of what a short-lived store writes.
    if (durability === 'none') database.exec('pragma synchronous = off')
    await migrate(database, patience)
    configure(database, durability)
    const connection = new Connection(database, patience)
    const own = { ...hotPath(connection, clock, file), shrink: () => shrink(connection, file) }
    return sqlStore(sqlitePort(connection), own, clock)
  } catch (error) {
    database?.close()
    throw storeError(error, file)
  }
}

function configure(database: DatabaseSync, durability: OpenStoreOptions['durability']): void {
  // fullfsync matters on macOS only, where a plain fsync leaves data in the drive's cache.
  const full = durability === 'full'
  database.exec(`pragma synchronous = ${durability === 'none' ? 'off' : durability};
    pragma fullfsync = ${full ? 1 : 0};
    pragma checkpoint_fullfsync = ${full ? 1 : 0};
    pragma journal_size_limit = 67108864`)
}

/** The folder and an empty file, for nobody but their owner. */
async function makeRoom(file: string): Promise<void> {
  const folder = dirname(file)
  try {
    const found = await stat(file).catch(() => undefined)
    if (found?.isFile()) return
    if (found) throw notAFile(file)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await (await open(file, 'a', 0o600)).close()
    await syncFolder(folder)
  } catch (error) {
    if (error instanceof StoreError) throw error
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOSPC' || code === 'EDQUOT') throw diskFull(file, error)
    throw new StoreError('store', `the store ${file} can't be made: ${message}`, {
      cause: error,
      hint: 'Choose a folder that this user may write: set REPLICATE_AGENT_HOME or --store sqlite:PATH.',
    })
  }
}
