/** All that a database has to offer for the portable SQL of this folder. */

export type SqlValue = null | number | string
export type SqlRow = Record<string, SqlValue>

export interface SqlReader {
  /** All rows that a query gives. Parameters are written `?`, in order; no `?` may stand for anything else. */
  all(sql: string, parameters?: readonly SqlValue[]): Promise<SqlRow[]>
}

export interface SqlSession extends SqlReader {
  /** Runs a statement that gives no rows; says how many it changed. */
  run(sql: string, parameters?: readonly SqlValue[]): Promise<number>
}

export interface SqlPort extends SqlReader {
  /**
   * Runs `work` in one transaction that excludes other writers, durable when this resolves; what `work` throws rolls it
   * back. `work` may run more than once, and waits for nothing but its session (and, briefly, for files).
   */
  write<T>(work: (session: SqlSession) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** Where databases write the same thing in different words. */
export interface SqlDialect {
  /** A column that counts up by itself and is the primary key. */
  identity: string
  /** After a table whose rows lie in the order of the primary key, where that can be asked for. */
  clustered: string
}
