/** Deployments as rows, each with its current release. */
import type { DatabaseSync } from 'node:sqlite'

export interface DeploymentRow {
  seq: number
  /** `owner/name`. */
  name: string
  /** Of the release; grows with every change. */
  number: number
  model: string
  version: string
  hardware: string
  min_instances: number
  max_instances: number
  released_ms: number
  /** When it last was known to have instances that are always on; 0: never. */
  online_ms: number
}

export function openDeploymentRows(database: DatabaseSync) {
  const insert = database.prepare(
    `insert into deployments (name, number, model, version, hardware, min_instances, max_instances, released_ms, online_ms)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (name) do nothing`,
  )
  const get = database.prepare('select * from deployments where name = ?')
  const all = database.prepare('select * from deployments order by seq')
  const release = database.prepare(
    `update deployments set number = number + 1, version = ?, hardware = ?, min_instances = ?, max_instances = ?,
     released_ms = ?, online_ms = ? where name = ?`,
  )
  const remove = database.prepare('delete from deployments where name = ?')
  const ofVersion = database.prepare('select name from deployments where version = ? limit 1')
  return {
    /** False when there is one of that name. */
    insert(row: Omit<DeploymentRow, 'seq'>): boolean {
      const { name, number, model, version, hardware, min_instances, max_instances, released_ms, online_ms } = row
      return (
        Number(
          insert.run(name, number, model, version, hardware, min_instances, max_instances, released_ms, online_ms)
            .changes,
        ) === 1
      )
    },
    get: (name: string) => get.get(name) as unknown as DeploymentRow | undefined,
    all: () => all.all() as unknown as DeploymentRow[],
    /** A new release with what the row now says. */
    release(row: DeploymentRow): void {
      const { version, hardware, min_instances, max_instances, released_ms, online_ms, name } = row
      release.run(version, hardware, min_instances, max_instances, released_ms, online_ms, name)
    },
    remove: (name: string) => Number(remove.run(name).changes) === 1,
    /** The name of one that runs this version. */
    ofVersion: (version: string) => ofVersion.get(version)?.['name'] as string | undefined,
  }
}
export type DeploymentRows = ReturnType<typeof openDeploymentRows>
