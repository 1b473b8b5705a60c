/** The machine that the figures are of. */
import { existsSync, readFileSync, statfsSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os'
import { join } from 'node:path'

const memoryFileSystems = new Map([
  [0x01021994, 'tmpfs'],
  [0x858458f6, 'ramfs'],
])

/** A journal in memory would measure nothing: throws. */
export function assertOnDisk(folder: string): void {
  const name = memoryFileSystems.get(statfsSync(folder).type)
  if (name !== undefined) throw new Error(`${folder} is on ${name}; give a folder on a disk with --folder`)
}

export function describeMachine(benchFolder: string): string[] {
  const peer = join(benchFolder, 'node_modules', '@langchain', 'langgraph', 'package.json')
  const version = existsSync(peer)
    ? (JSON.parse(readFileSync(peer, 'utf8')) as { version: string }).version
    : 'not measured'
  return [
    `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${(totalmem() / 2 ** 30).toFixed(0)} GiB, ${process.platform} ${release()}, load ${(loadavg()[0] ?? 0).toFixed(1)} at the end`,
    `Node ${process.versions.node}, SQLite ${process.versions['sqlite'] ?? 'of node:sqlite'}`,
    `LangGraph.js ${version}, SqliteSaver on WAL with synchronous = FULL, durability "sync"`,
  ]
}
