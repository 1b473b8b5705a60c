/** The machine that the figures are of. */
import { statfsSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os'

const memoryFileSystems = new Map([
  [0x01021994, 'tmpfs'],
  [0x858458f6, 'ramfs'],
])

/** A journal in memory would measure nothing: throws. */
export function assertOnDisk(folder: string): void {
  const name = memoryFileSystems.get(statfsSync(folder).type)
  if (name !== undefined) throw new Error(`${folder} is on ${name}; give a folder on a disk with --folder`)
}

export function describeMachine(): string {
  const cores = `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'})`
  const memory = `${(totalmem() / 2 ** 30).toFixed(0)} GiB`
  const software = `Node ${process.versions.node}, SQLite ${process.versions['sqlite'] ?? 'of node:sqlite'}`
  return `${cores}, ${memory}, ${process.platform} ${release()}, ${software}, load ${(loadavg()[0] ?? 0).toFixed(1)} at its end`
}
