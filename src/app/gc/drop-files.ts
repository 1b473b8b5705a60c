/**
 * Removes kept files that nothing names any more, while other processes may be keeping files.
 *
 * A process puts (or renews) a file first and commits the event that names it afterwards. So:
 * 1. Names are looked up, and files removed, while nobody can commit: what was committed before is seen.
 * 2. What will be committed afterwards belongs to somebody who drives a run. A file that was put since the oldest of
 *    these runs began is left alone.
 * 3. A file that no run ever named may belong to a run that is about to begin: it is left alone for an hour, and as
 *    long as anybody drives a run. So is one that was put again after the runs that held it had ended.
 * 4. What removed runs held stays written down as released until it is gone, so that a gc that was killed is finished
 *    by the next one.
 */
import type { ArtifactStore } from '../../state/artifacts/contract.ts'
import type { DrivenRun, Store } from '../../state/store/contract.ts'
import type { Survey } from './survey-store.ts'

const unnamedForMs = 60 * 60 * 1_000
/** File systems keep time in steps of some milliseconds. */
const slackMs = 1_000
/** Others wait while these are removed. */
const filesAtOnce = 200

export interface DropParts {
  store: Store
  artifacts: ArtifactStore
  now: number
  /** Whether a process that holds a lease may still write. */
  mayWrite(driven: DrivenRun): boolean
}

export interface Dropped {
  files: number
  bytes: number
  /** Nothing names them, but it is too soon to remove them. */
  left: number
}

/** `named`: what the runs that stay name, as far as the survey saw their journals (`seen`). */
export async function dropFiles(
  parts: DropParts,
  survey: Survey,
  named: ReadonlySet<string>,
  seen: ReadonlyMap<string, number>,
): Promise<Dropped> {
  const released = await parts.store.releasedFiles()
  const candidates = new Set([...released.keys(), ...survey.sizes.keys()])
  const dropped: Dropped = { files: 0, bytes: 0, left: 0 }
  const unnamed = [...candidates].filter((hash) => !named.has(hash))
  for (let at = 0; at < unnamed.length; at += filesAtOnce) {
    const some = unnamed.slice(at, at + filesAtOnce)
    await parts.store.dropFiles(some, seen, async (hashes, driven) => {
      const limit = limitOf(parts, driven)
      const gone: string[] = []
      for (const hash of hashes) {
        const bytes = survey.sizes.get(hash)
        // Not there when the survey began: if it is by now, somebody has put it since.
        if (bytes === undefined) gone.push(hash)
        else if (await parts.artifacts.remove(hash, limit(released.get(hash)))) {
          gone.push(hash)
          dropped.files += 1
          dropped.bytes += bytes
        } else dropped.left += 1
      }
      return gone
    })
  }
  return dropped
}

/** Files put after this moment stay; it depends on when the runs that held them ended. */
function limitOf({ now, mayWrite }: DropParts, driven: readonly DrivenRun[]): (endedAt: number | undefined) => number {
  const begun = driven.filter(mayWrite).map(({ created_at }) => created_at)
  if (begun.length === 0) return (endedAt = 0) => Math.max(endedAt, now - unnamedForMs)
  const oldest = Math.min(...begun) - slackMs
  return (endedAt = 0) => Math.min(endedAt, oldest)
}
