/** What is believed of the quality of arms in a context: posterior means, and how many observations each is worth. */
import type { ArmRecord } from './statistics.ts'

/** What is known of arms, each at its position. */
export interface KnownArms {
  count: number
  /** How many contexts the call at hand is in. */
  levels: number
  /** The records of an arm: of all its calls, then of each context, from the outermost in. */
  records(at: number): readonly ArmRecord[]
  /** What one is believed to be before its first call; absent: nobody knows. */
  prior?(at: number): { quality: number; strength: number } | undefined
  /** Calls of one in flight: each counts as if it had brought what calls of these arms bring on average. */
  pending?(at: number): number
}

/** By position. Typed arrays, since a choice among a thousand arms is to take a fifth of a millisecond. */
export interface QualityBeliefs {
  /** In [0, 1]. */
  mean: Float64Array
  strength: Float64Array
}

/** A model of which nothing is known is hoped to be perfect, so that it is tried beside models that nearly are. */
const hope = { quality: 1, strength: 2 }

/**
 * All calls of an arm are weighed against its prior; then, from the outermost in, the calls in each context against what
 * was believed outside of it, worth at most `priorStrength` of them. What the context did to all arms together shifts
 * what is believed of those that were hardly called there: a hard task is hard for all of them.
 */
export function believe(known: KnownArms, priorStrength: number): QualityBeliefs {
  const { count, levels, prior, pending } = known
  const evidence = evidenceOf(known)
  const beliefs: QualityBeliefs = { mean: new Float64Array(count), strength: new Float64Array(count) }
  const { mean, strength } = beliefs
  for (let at = 0; at < count; at += 1) {
    const before = prior?.(at) ?? hope
    mean[at] = before.quality
    strength[at] = before.strength
    update(beliefs, at, evidence.n[at] as number, evidence.sum[at] as number)
  }
  for (let from = count; from <= levels * count; from += count) {
    let [surplus, n] = [0, priorStrength]
    for (let at = 0; at < count; at += 1) {
      const own = evidence.n[from + at] as number
      surplus += (evidence.sum[from + at] as number) - own * (mean[at] as number)
      n += own
    }
    const effect = n > 0 ? surplus / n : 0
    for (let at = 0; at < count; at += 1) {
      mean[at] = within((mean[at] as number) + effect)
      strength[at] = Math.min(priorStrength, strength[at] as number)
      update(beliefs, at, evidence.n[from + at] as number, evidence.sum[from + at] as number)
    }
  }
  if (pending) {
    const usual = meanOf(evidence, count)
    for (let at = 0; at < count; at += 1) update(beliefs, at, pending(at), pending(at) * usual)
  }
  return beliefs
}

/** Whether any call that still counts was scored. */
export function isScored({ sums: { quality }, derived: { forgotten } }: ArmRecord): boolean {
  return quality.n - forgotten.scores > 0
}

/** How many observations, and what they add up to: of all calls by position, then of each context in the same way. */
interface Evidence {
  n: Float64Array
  sum: Float64Array
}

interface Workspace extends Evidence {
  /** Successes without a score. */
  open: Float64Array
  /** The mean score of each arm. */
  scores: Float64Array
}

function newWorkspace(size: number): Workspace {
  const [n, sum, open, scores] = [0, 1, 2, 3].map(() => new Float64Array(size))
  return { n, sum, open, scores } as Workspace
}

/** Used anew by each choice, which waits for nothing: fresh memory would cost a tenth of one among a thousand arms. */
let workspace = newWorkspace(0)

/** Scores are at most 1; sums of them are not exact. */
const mostWorth = 1 + 1e-6

/**
 * A failure without a score is worth 0. Scores stand for the calls that nobody scored, too; where there are none, each
 * success is worth what `fillUnscored` says. What is no number, as damaged statistics may hold, says nothing. Each
 * record is read once, arm by arm, for what is kept of one lies together.
 */
function evidenceOf({ count, levels, records }: KnownArms): Evidence {
  const size = count * (levels + 1)
  if (workspace.n.length < size) workspace = newWorkspace(size)
  const { n, sum, open, scores } = workspace
  for (let at = 0; at < count; at += 1) {
    const along = records(at)
    const whole = along[0] as ArmRecord
    weigh(whole, at, workspace)
    scores[at] = isScored(whole) ? meanScore(whole) : -1
    for (let level = 1; level <= levels; level += 1) {
      const own = along[level] as ArmRecord
      // What is from before the arm's last change point counts no longer.
      if (own.derived.changes >= whole.derived.changes) weigh(own, level * count + at, workspace)
      else n[level * count + at] = sum[level * count + at] = open[level * count + at] = 0
    }
  }
  const worth = fillUnscored(scores, count)
  for (let at = 0, arm = 0; at < size; at += 1, arm = arm + 1 === count ? 0 : arm + 1) {
    const total = (sum[at] as number) + (open[at] as number) * (worth[arm] as number)
    const own = n[at] as number
    const isSound = own > 0 && own < Infinity && total >= 0 && total <= own * mostWorth
    n[at] = isSound ? own : 0
    sum[at] = isSound ? total : 0
  }
  return workspace
}

function weigh({ sums, derived: { forgotten } }: ArmRecord, at: number, { n, sum, open }: Workspace): void {
  const calls = sums.calls - forgotten.calls
  const scores = sums.quality.n - forgotten.scores
  const scorable = scores > 0 ? calls - (sums.unscored_failures - forgotten.unscored_failures) : 0
  if (scorable > 0) {
    n[at] = (scores * calls) / scorable
    sum[at] = sums.quality.sum - forgotten.score
    open[at] = 0
  } else {
    n[at] = calls
    sum[at] = 0
    open[at] = calls - (sums.failures - forgotten.failures)
  }
}

function meanScore({ sums: { quality }, derived: { forgotten } }: ArmRecord): number {
  return (quality.sum - forgotten.score) / (quality.n - forgotten.scores)
}

/** Of all calls; 0.5 where nothing is known. */
function meanOf(evidence: Evidence, count: number): number {
  let [n, sum] = [0, 0]
  for (let at = 0; at < count; at += 1) {
    n += evidence.n[at] as number
    sum += evidence.sum[at] as number
  }
  return n > 0 ? sum / n : 0.5
}

function update({ mean, strength }: QualityBeliefs, at: number, n: number, sum: number): void {
  if (n === 0) return
  const before = mean[at] as number
  const sure = (strength[at] as number) + n
  strength[at] = sure
  mean[at] = within(before + (sum - n * before) / sure)
}

function within(mean: number): number {
  return mean < 0 ? 0 : mean > 1 ? 1 : mean
}

/**
 * What a success without a score is worth of each arm: the mean of its scores (-1: it has none), else that of the
 * others', else 1 (ruling 41: where nothing is ever scored, quality is the success rate). In place.
 */
function fillUnscored(scores: Float64Array, count: number): Float64Array {
  let [sum, n] = [0, 0]
  for (let at = 0; at < count; at += 1) {
    if (scores[at] === -1) continue
    sum += scores[at] as number
    n += 1
  }
  const others = n === 0 ? 1 : sum / n
  for (let at = 0; at < count; at += 1) if (scores[at] === -1) scores[at] = others
  return scores
}
