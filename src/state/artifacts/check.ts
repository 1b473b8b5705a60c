/** Looks over kept files, for `doctor`: is each what its name says, and are all there that journals speak of? */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { hashOfFile } from './hash-of-file.ts'

export interface FilesReport {
  files: number
  bytes: number
  /** Hashes whose bytes are something else, or can't be read. */
  damaged: string[]
  missing: string[]
}

/** Changes nothing. Reads every file, so it takes its time. A folder that is not there holds none. */
export async function checkArtifacts(folder: string, wanted: ReadonlySet<string>): Promise<FilesReport> {
  const report: FilesReport = { files: 0, bytes: 0, damaged: [], missing: [] }
  const found = new Set<string>()
  for (const shelf of await namesIn(folder, /^[0-9a-f]{2}$/)) {
    for (const name of await namesIn(join(folder, shelf), /^[0-9a-f]{64}$/)) {
      const path = join(folder, shelf, name)
      const kept = await stat(path).catch(() => undefined)
      if (!kept?.isFile()) continue
      found.add(name)
      report.files += 1
      report.bytes += kept.size
      if ((await hashOfFile(path).catch(() => undefined)) !== name) report.damaged.push(name)
    }
  }
  for (const hash of wanted) if (!found.has(hash)) report.missing.push(hash)
  return report
}

async function namesIn(folder: string, pattern: RegExp): Promise<string[]> {
  const names = await readdir(folder).catch(() => [])
  return names.filter((name) => pattern.test(name)).sort()
}
