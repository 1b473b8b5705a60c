/** Models that the account made, and the versions that trainings gave them, as rows. */
import type { DatabaseSync } from 'node:sqlite'

export interface OwnModelRow {
  seq: number
  /** `owner/name`. */
  name: string
  visibility: 'public' | 'private'
  hardware: string
  /** JSON of what its page shows: description and links. */
  facts: string
  readme: string
  created_ms: number
}

export interface OwnVersionRow {
  seq: number
  /** 64 hex digits. */
  id: string
  model: string
  /** The version that it was trained from. */
  base: string
  training: string
  created_ms: number
}

export function openModelRows(database: DatabaseSync) {
  const insert = database.prepare(
    `insert into models (name, visibility, hardware, facts, readme, created_ms) values (?, ?, ?, ?, ?, ?)
     on conflict (name) do nothing`,
  )
  const get = database.prepare('select * from models where name = ?')
  const all = database.prepare('select * from models order by seq')
  const change = database.prepare('update models set facts = ?, readme = ? where name = ?')
  const remove = database.prepare(
    'delete from models where name = ? and not exists (select 1 from versions where model = models.name)',
  )
  const insertVersion = database.prepare(
    `insert into versions (id, model, base, training, created_ms)
     select ?, name, ?, ?, ? from models where name = ? on conflict (id) do nothing`,
  )
  const version = database.prepare('select * from versions where id = ?')
  const versions = database.prepare('select * from versions where model = ? order by seq desc')
  const removeVersion = database.prepare('delete from versions where id = ?')
  return {
    /** False when there is one of that name. */
    insert(row: Omit<OwnModelRow, 'seq'>): boolean {
      const { name, visibility, hardware, facts, readme, created_ms } = row
      return Number(insert.run(name, visibility, hardware, facts, readme, created_ms).changes) === 1
    },
    get: (name: string) => get.get(name) as unknown as OwnModelRow | undefined,
    all: () => all.all() as unknown as OwnModelRow[],
    change: (name: string, facts: string, readme: string) => void change.run(facts, readme, name),
    /** False when it has versions, or is gone. */
    remove: (name: string) => Number(remove.run(name).changes) === 1,
    /** Nothing happens when its model was deleted meanwhile. */
    insertVersion(row: Omit<OwnVersionRow, 'seq'>): void {
      insertVersion.run(row.id, row.base, row.training, row.created_ms, row.model)
    },
    version: (id: string) => version.get(id) as unknown as OwnVersionRow | undefined,
    /** Newest first. */
    versions: (name: string) => versions.all(name) as unknown as OwnVersionRow[],
    removeVersion: (id: string) => Number(removeVersion.run(id).changes) === 1,
  }
}
export type ModelRows = ReturnType<typeof openModelRows>
