/** Which runs go, and what room that makes. Pure. */
import type { RunStatus } from '../../domain/run.ts'
import { type Holding, type Survey, touchedAt } from './survey-store.ts'

/** A run goes when everything that is given agrees. */
export interface Criteria {
  older_than_ms?: number
  /** Longest untouched first, until journals and files take no more than this. */
  max_bytes?: number
  /** So many of the newest stay. */
  keep?: number
  /** Default: those that are over. */
  statuses?: readonly RunStatus[]
  workflow?: string
  /** Only these. */
  runs?: readonly string[]
}

export interface Choice {
  holding: Holding
  /** What its removal gives back: its journals, and the files that nothing else names by then. */
  bytes: number
}

const over: readonly RunStatus[] = ['succeeded', 'failed', 'cancelled']

/** `isHeld` tells the runs that somebody drives. They are never chosen, and given back as `held` when they would have been. */
export function chooseRuns(
  survey: Survey,
  criteria: Criteria,
  now: number,
  isHeld: (holding: Holding) => boolean,
): { chosen: Choice[]; held: Holding[] } {
  const fitting = fittingRuns(survey, criteria, now)
  const names = countNames(survey)
  let total = [...survey.sizes.values()].reduce((sum, bytes) => sum + bytes, 0)
  for (const { bytes } of survey.holdings) total += bytes
  const [chosen, held]: [Choice[], Holding[]] = [[], []]
  for (const holding of fitting) {
    if (criteria.max_bytes !== undefined && total <= criteria.max_bytes) break
    if (isHeld(holding)) {
      held.push(holding)
      continue
    }
    const bytes = holding.bytes + unname(holding, names, survey.sizes)
    total -= bytes
    chosen.push({ holding, bytes })
  }
  return { chosen, held }
}

/** In the order of the survey. */
function fittingRuns({ holdings }: Survey, criteria: Criteria, now: number): Holding[] {
  const { older_than_ms, keep = 0, statuses = over, workflow, runs } = criteria
  const alike = holdings.filter(
    ({ root }) => statuses.includes(root.status) && (workflow === undefined || root.workflow === workflow),
  )
  return (keep === 0 ? alike : alike.slice(0, -keep)).filter(
    (holding) =>
      (older_than_ms === undefined || touchedAt(holding) < now - older_than_ms) &&
      (runs === undefined || runs.includes(holding.root.run_id)),
  )
}

/** How many runs (and what is no run) name each file. */
function countNames({ holdings, besides }: Survey): Map<string, number> {
  const names = new Map([...besides].map((hash) => [hash, 1]))
  for (const { files } of holdings) for (const hash of files) names.set(hash, (names.get(hash) ?? 0) + 1)
  return names
}

/** Bytes of the files that nothing names any more without this run. */
function unname({ files }: Holding, names: Map<string, number>, sizes: ReadonlyMap<string, number>): number {
  let bytes = 0
  for (const hash of files) {
    const left = (names.get(hash) as number) - 1
    names.set(hash, left)
    if (left === 0) bytes += sizes.get(hash) as number
  }
  return bytes
}
