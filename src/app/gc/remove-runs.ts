/** Removes the chosen runs one by one, then the files, cached results and definitions that nothing needs any more. */
import type { HeldLease, RunRecord } from '../../state/store/contract.ts'
import type { EngineParts } from '../../workflow/engine.ts'
import { isDriven } from '../../workflow/running/hold.ts'
import type { Choice } from './choose-runs.ts'
import { type Dropped, dropFiles } from './drop-files.ts'
import type { Holding, Survey } from './survey-store.ts'

/** A holder on another machine that has not renewed its lease for this long writes no more, milliseconds. */
const silentForMs = 24 * 60 * 60 * 1_000

export interface Removed {
  /** In the order of the choice. */
  removed: Choice[]
  /** They went on, or were taken, since they were chosen. */
  changed: Holding[]
  files: Dropped
  cached: number
  store: { before: number; after: number }
}

type Parts = Pick<EngineParts, 'store' | 'artifacts' | 'probe' | 'clock'>

export async function removeRuns(parts: Parts, survey: Survey, chosen: readonly Choice[]): Promise<Removed> {
  const { store, artifacts, clock } = parts
  const now = clock.now()
  const [removed, changed]: [Choice[], Holding[]] = [[], []]
  for (const choice of chosen) {
    const { holding } = choice
    // The journal must be the one that was looked through, or it may name more files by now.
    const mayRemove = (run: RunRecord, held: HeldLease | undefined): boolean =>
      holding.seqs.get(run.run_id) === run.seq && !isDriven(parts, held)
    if (await store.removeRun(holding.root.run_id, [...holding.files], mayRemove)) removed.push(choice)
    else changed.push(holding)
  }
  const gone = new Set(removed.map(({ holding }) => holding))
  const stay = survey.holdings.filter((holding) => !gone.has(holding))
  const named = new Set([...survey.besides, ...stay.flatMap(({ files }) => [...files])])
  const seen = new Map(stay.flatMap(({ seqs }) => [...seqs]))
  const mayWrite = (held: HeldLease): boolean => {
    const life = parts.probe(held.holder)
    return life === 'elsewhere' ? held.expires_at + silentForMs > now : life !== 'gone'
  }
  const files = await dropFiles({ store, artifacts, now, mayWrite: ({ held }) => mayWrite(held) }, survey, named, seen)
  const { cached } = await store.removeStale(now, (held) => !mayWrite(held))
  return { removed, changed, files, cached, store: await store.shrink() }
}
