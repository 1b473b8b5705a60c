/** Removes the chosen runs one by one, then the files, cached results and definitions that nothing needs any more. */
import { periodOf } from '../../executor/resilience/budget/periods.ts'
import type { HeldLease, RunRecord } from '../../state/store/contract.ts'
import type { Cells } from '../../std/cells.ts'
import type { EngineParts } from '../../workflow/engine.ts'
import { isDriven } from '../../workflow/running/hold.ts'
import type { Choice } from './choose-runs.ts'
import { type Dropped, dropFiles } from './drop-files.ts'
import { keepMoney, moneyOfRuns } from './kept-money.ts'
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

type Parts = Pick<EngineParts, 'store' | 'artifacts' | 'probe' | 'clock'> & {
  /** Of the sandbox, or of real calls. */
  cells(sandbox: boolean): Promise<Cells>
}

export async function removeRuns(parts: Parts, survey: Survey, chosen: readonly Choice[]): Promise<Removed> {
  const { store, artifacts, clock } = parts
  const now = clock.now()
  const [removed, changed]: [Choice[], Holding[]] = [[], []]
  for (const choice of chosen) {
    const { holding } = choice
    // The journal must be the one that was looked through, or it may name more files by now.
    const mayRemove = (run: RunRecord, held: HeldLease | undefined): boolean =>
      holding.seqs.get(run.run_id) === run.seq && !isDriven(parts, held)
    const { root, seqs, files } = holding
    const since = periodOf('month', now).since
    const money = root.updated_at >= since ? await moneyOfRuns(store, seqs.keys(), now) : undefined
    const isGone = await store.removeRun(root.run_id, [...files], mayRemove)
    if (isGone) removed.push(choice)
    else changed.push(holding)
    if (isGone && money?.size) await keepMoney(await parts.cells(root.sandbox), money)
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
