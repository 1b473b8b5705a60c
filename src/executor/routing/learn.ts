/** Adds what came of a call to the records of its arm: of all calls, and of each context that the call was in. */
import type { RoutingPolicy } from '../../domain/routing.ts'
import { believe, isScored } from './quality-belief.ts'
import { type ArmRecord, correct, type LaterScore, type Observation, observe, tallyOf } from './statistics.ts'

export type Learning = Pick<RoutingPolicy, 'ema_alpha' | 'discount' | 'change_point' | 'prior_strength'>

/** The records of one arm that a call counts in: of all its calls, and of `nestedContexts`, in their order. */
export interface ArmRecords {
  all: ArmRecord
  contexts: readonly ArmRecord[]
}

export function learn(records: ArmRecords, observation: Observation, policy: Learning): void {
  const { succeeded, quality } = observation
  // Where answers are scored, a success without a score says nothing yet.
  const isTelling = quality !== undefined || !succeeded || !isScored(records.all)
  const worth = isTelling ? (quality ?? (succeeded ? 1 : 0)) : undefined
  change(records, worth, policy, (record) => observe(record, observation, policy))
}

/** A score that came later corrects what was learned; it counts for change points when it comes. */
export function learnScore(records: ArmRecords, score: LaterScore, policy: Learning): void {
  change(records, score.quality, policy, (record) => correct(record, score, policy))
}

/**
 * A change for the worse is found by CUSUM (Page 1954): shortfalls of quality, less a slack, add up while there are any;
 * over a limit the arm was changed at once. With these, 20 answers of no worth betray a model that was worth 0.6, and
 * one that never changed is taken for changed about once in a million calls.
 */
const slack = 0.2
const limit = 8

function change(
  { all, contexts }: ArmRecords,
  worth: number | undefined,
  policy: Learning,
  add: (record: ArmRecord) => void,
): void {
  const isWatched = policy.change_point && worth !== undefined
  const expected = isWatched ? expectedOf(all, contexts, policy) : 0
  for (const context of contexts) renew(context, all.derived.changes)
  add(all)
  for (const context of contexts) add(context)
  if (isWatched) watch(all, expected - worth)
}

function expectedOf(all: ArmRecord, contexts: readonly ArmRecord[], { prior_strength }: Learning): number {
  const { mean } = believe({ count: 1, levels: contexts.length, records: () => [all, ...contexts] }, prior_strength)
  return mean[0] as number
}

/** A record from before the arm's last change point begins anew. */
function renew({ sums, derived }: ArmRecord, changes: number): void {
  if (derived.changes >= changes) return
  derived.changes = changes
  derived.forgotten = tallyOf(sums)
}

/** What was observed since the shortfalls began stays: it is of the arm as it is now. */
function watch({ sums, derived }: ArmRecord, shortfall: number): void {
  derived.drop = Math.max(0, derived.drop + shortfall - slack)
  if (derived.drop > limit) {
    derived.forgotten = derived.since
    derived.changes += 1
    derived.drop = 0
  }
  if (derived.drop === 0) derived.since = tallyOf(sums)
}
