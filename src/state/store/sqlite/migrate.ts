/** Brings a SQLite file to the version of this code, however many processes open it at once. */
import type { DatabaseSync } from 'node:sqlite'
import { StoreError } from '../../../domain/errors.ts'
import { migrations, storeVersion } from '../sql/migrations.ts'
import { sqliteDialect } from './port.ts'
import { type Patience, whenFree } from './when-free.ts'

/** Marks a file as ours: "RpAg". */
const applicationId = 0x52704167

/** Throws StoreError when the file is another program's, or was written by a newer version of this one. */
export async function migrate(database: DatabaseSync, patience: Patience): Promise<void> {
  const { file } = patience
  const found = await whenFree(() => inspect(database, file), patience)
  // Only heeded as long as the file is empty: what is removed later can be given back to the disk bit by bit.
  if (found === 0) await whenFree(() => database.exec('pragma auto_vacuum = incremental'), patience)
  await whenFree(() => turnOnWal(database, file), patience)
  if (found === storeVersion) return
  await whenFree(() => database.exec('begin immediate'), patience)
  try {
    // Another process may have done it since.
    const from = inspect(database, file)
    for (const migration of migrations.slice(from)) {
      for (const sql of migration(sqliteDialect)) database.exec(sql)
    }
    database.exec(`pragma application_id = ${applicationId}; pragma user_version = ${storeVersion}; commit`)
  } catch (error) {
    if (database.isTransaction) database.exec('rollback')
    throw error
  }
}

/** The version of the store, 0 for an empty file. */
export function inspect(database: DatabaseSync, file: string): number {
  const { application_id, user_version, tables } = database
    .prepare(
      'select application_id, user_version, (select count(*) from sqlite_schema) as tables from pragma_application_id, pragma_user_version',
    )
    .get() as Record<string, number>
  if (application_id !== applicationId && (application_id !== 0 || Number(tables) > 0)) {
    throw new StoreError('store', `${file} is a database of another program`, {
      hint: 'Choose another file with --store sqlite:PATH; this one was not touched.',
    })
  }
  if (Number(user_version) > storeVersion) {
    throw new StoreError('store_newer', `the store ${file} was written by a newer version of replicate-agent`, {
      hint: `It has version ${user_version}, this program reads up to ${storeVersion}: update the program, or choose another --store.`,
    })
  }
  return Number(user_version)
}

function turnOnWal(database: DatabaseSync, file: string): void {
  if (database.prepare('pragma journal_mode').get()?.['journal_mode'] === 'wal') return
  const mode = database.prepare('pragma journal_mode = wal').get()?.['journal_mode']
  if (mode !== 'wal') {
    throw new StoreError('store', `the store ${file} can't be used by several processes at once on this file system`, {
      hint: 'Put it on a local disk: set REPLICATE_AGENT_HOME or --store sqlite:PATH.',
    })
  }
}
