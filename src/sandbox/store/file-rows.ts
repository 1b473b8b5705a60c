/** Files as rows: uploads, and what predictions put out. */
import type { DatabaseSync } from 'node:sqlite'

export interface FileRow {
  seq: number
  id: string
  /** The prediction that put it out; null for an upload. */
  prediction: string | null
  name: string
  media_type: string
  bytes: number
  sha256: string
  /** JSON. */
  metadata: string
  created_ms: number
  expires_ms: number
}

export function openFileRows(database: DatabaseSync) {
  const insert = database.prepare(
    `insert into files (id, prediction, name, media_type, bytes, sha256, metadata, created_ms, expires_ms)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (id) do nothing`,
  )
  const get = database.prepare('select * from files where id = ?')
  const remove = database.prepare('delete from files where id = ?')
  const ofPrediction = database.prepare('select * from files where prediction = ? order by seq')
  const olderUploads = database.prepare(
    'select * from files where prediction is null and seq < ? and expires_ms > ? order by seq desc limit ?',
  )
  const newerUploads = database.prepare(
    'select * from files where prediction is null and seq > ? and expires_ms > ? order by seq limit ?',
  )
  const expired = database.prepare('select id from files where expires_ms < ? limit 1000')
  return {
    insert(row: Omit<FileRow, 'seq'>): void {
      const { id, prediction, name, media_type, bytes, sha256, metadata, created_ms, expires_ms } = row
      insert.run(id, prediction, name, media_type, bytes, sha256, metadata, created_ms, expires_ms)
    },
    get: (id: string) => get.get(id) as unknown as FileRow | undefined,
    remove: (id: string) => Number(remove.run(id).changes) === 1,
    ofPrediction: (id: string) => ofPrediction.all(id) as unknown as FileRow[],
    /** Newest first; those older than `before`, or the nearest ones newer than `after`. */
    uploads({ before, after, now, limit }: { before?: number; after?: number; now: number; limit: number }): FileRow[] {
      if (after !== undefined) return (newerUploads.all(after, now, limit) as unknown as FileRow[]).reverse()
      return olderUploads.all(before ?? Number.MAX_SAFE_INTEGER, now, limit) as unknown as FileRow[]
    },
    expired: (now: number) => expired.all(now).map((row) => row['id'] as string),
  }
}
export type FileRows = ReturnType<typeof openFileRows>
