/** SQLite behind the port that the portable SQL wants. */
import type { SqlDialect, SqlPort, SqlRow, SqlSession, SqlValue } from '../sql/port.ts'
import type { Connection } from './connection.ts'

export const sqliteDialect: SqlDialect = {
  identity: 'integer primary key autoincrement',
  clustered: 'without rowid',
}

export function sqlitePort(connection: Connection): SqlPort {
  const select = (sql: string, parameters: readonly SqlValue[] = []): SqlRow[] =>
    connection.statement(sql).all(...parameters) as SqlRow[]
  const session: SqlSession = {
    all: async (sql, parameters) => select(sql, parameters),
    run: async (sql, parameters = []) => Number(connection.statement(sql).run(...parameters).changes),
  }
  return {
    all: (sql, parameters) => connection.read(() => select(sql, parameters)),
    write: (work) => connection.whole(() => work(session)),
    close: () => connection.close(),
  }
}
