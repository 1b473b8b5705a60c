/** Cells in a SQLite file that all processes of a state folder share. What is in it survives the end of any of them. */
import { mkdirSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { StoreError } from '../../domain/errors.ts'
import type { Cells } from '../../std/cells.ts'
import type { Json } from '../../std/json.ts'
import { isBusy, storeError } from '../store/sqlite/failure.ts'
import { type Patience, whenFree } from '../store/sqlite/when-free.ts'

/** Marks a file as ours: "RpAc". */
const applicationId = 0x52704163
const layout = 1

export interface OpenCells extends Cells {
  close(): void
}

/** Makes the file where there is none. Throws StoreError. */
export async function openCells(patience: Patience): Promise<OpenCells> {
  const { file } = patience
  let database: DatabaseSync | undefined
  try {
    await makeFile(file)
    const opened = new DatabaseSync(file, { timeout: 0 })
    database = opened
    await whenFree(() => prepare(opened, file), patience)
    return cellsIn(opened, patience)
  } catch (error) {
    database?.close()
    throw explained(storeError(error, file), file)
  }
}

async function makeFile(file: string): Promise<void> {
  if (statSync(file, { throwIfNoEntry: false })) return
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  await (await open(file, 'a', 0o600)).close()
}

function prepare(database: DatabaseSync, file: string): void {
  const { application_id, user_version, tables } = database
    .prepare(
      'select application_id, user_version, (select count(*) from sqlite_schema) as tables from pragma_application_id, pragma_user_version',
    )
    .get() as Record<string, number>
  if (application_id !== applicationId && (application_id !== 0 || Number(tables) > 0))
    throw new StoreError('store', `${file} is a database of another program`, { hint: 'move it away' })
  if (Number(user_version) > layout)
    throw new StoreError('store_newer', `${file} was written by a newer version of replicate-agent`, {
      hint: 'update the program',
    })
  // A commit survives the end of the process; the last ones may not survive that of the machine.
  database.exec('pragma journal_mode = wal; pragma synchronous = normal; pragma journal_size_limit = 1048576')
  if (Number(user_version) === layout) return
  database.exec(`begin immediate;
    create table if not exists cells (name text not null primary key, value text not null) without rowid;
    pragma application_id = ${applicationId};
    pragma user_version = ${layout};
    commit`)
}

function cellsIn(database: DatabaseSync, patience: Patience): OpenCells {
  const statements = {
    version: database.prepare('pragma data_version'),
    one: database.prepare('select value from cells where name = ?'),
    some: database.prepare('select name, value from cells where name >= ? and name < ? order by name'),
    put: database.prepare(
      'insert into cells (name, value) values (?, ?) on conflict (name) do update set value = excluded.value',
    ),
    drop: database.prepare('delete from cells where name = ?'),
    begin: database.prepare('begin immediate'),
    commit: database.prepare('commit'),
  }
  /** As of `seen`, SQLite's count of what others committed. */
  const known = new Map<string, Json | undefined>()
  let seen: unknown

  function refresh(): void {
    const now = statements.version.get()?.['data_version']
    if (now === seen) return
    known.clear()
    seen = now
  }

  function read(name: string): Json | undefined {
    if (known.has(name)) return known.get(name)
    const value = valueIn(statements.one, name)
    known.set(name, value)
    return value
  }

  function commit(names: readonly string[], after: readonly (Json | undefined)[]): void {
    for (const [at, value] of after.entries()) {
      const name = names[at] as string
      if (value === undefined) statements.drop.run(name)
      else statements.put.run(name, JSON.stringify(value))
    }
    statements.commit.run()
    for (const [at, value] of after.entries()) known.set(names[at] as string, value)
  }

  const failed = (error: unknown) => explained(storeError(error, patience.file), patience.file)
  return {
    get(name) {
      try {
        refresh()
        return read(name)
      } catch (error) {
        // Somebody opens or closes the file just now: what was known a moment ago is good enough.
        if (isBusy(error)) return known.get(name)
        throw failed(error)
      }
    },
    list(prefix) {
      try {
        const rows = statements.some.all(prefix, `${prefix}\u{10FFFF}`) as { name: string; value: string }[]
        return new Map(
          rows.flatMap(({ name, value }) => {
            const read = parsed(value)
            return read === undefined ? [] : [[name, read] as const]
          }),
        )
      } catch (error) {
        throw failed(error)
      }
    },
    async change(names, change) {
      try {
        return await whenFree(() => {
          statements.begin.run()
          try {
            refresh()
            const { after, result } = change(names.map(read))
            commit(names, after)
            return result
          } catch (error) {
            known.clear()
            if (database.isTransaction) database.exec('rollback')
            throw error
          }
        }, patience)
      } catch (error) {
        throw failed(error)
      }
    },
    close: () => database.close(),
  }
}

function valueIn(one: StatementSync, name: string): Json | undefined {
  const row = one.get(name) as { value: string } | undefined
  return row && parsed(row.value)
}

/** What somebody damaged by hand is as if it were not there. */
function parsed(value: string): Json | undefined {
  try {
    return JSON.parse(value) as Json
  } catch {
    return undefined
  }
}

function explained(error: unknown, file: string): unknown {
  if (!(error instanceof StoreError) || error.code !== 'store_corrupt') return error
  return new StoreError('store_corrupt', error.message, {
    cause: error.cause,
    hint: `move ${file} away: breakers and limits begin anew then, budgets are counted again from the journals, and where the audit log ended is forgotten`,
  })
}
