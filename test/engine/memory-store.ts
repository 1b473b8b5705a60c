/** The SQLite store's own statements over a database in memory: no files, so that a simulation is the same each time. */
import { DatabaseSync } from 'node:sqlite'
import type { Store } from '../../src/state/store/contract.ts'
import { migrations } from '../../src/state/store/sql/migrations.ts'
import { sqlStore } from '../../src/state/store/sql/store.ts'
import { Connection } from '../../src/state/store/sqlite/connection.ts'
import { hotPath } from '../../src/state/store/sqlite/hot-path.ts'
import { sqliteDialect, sqlitePort } from '../../src/state/store/sqlite/port.ts'
import type { Clock } from '../../src/std/clock.ts'
import type { Random } from '../../src/std/random.ts'

export function openMemoryStore(clock: Clock, random: Random): Store {
  const database = new DatabaseSync(':memory:')
  for (const migration of migrations) for (const sql of migration(sqliteDialect)) database.exec(sql)
  const connection = new Connection(database, { clock, random, file: ':memory:' })
  const own = { ...hotPath(connection, clock, ':memory:'), shrink: () => Promise.resolve({ before: 0, after: 0 }) }
  return sqlStore(sqlitePort(connection), own, clock)
}
