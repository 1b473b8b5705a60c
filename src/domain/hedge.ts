/** When a call that takes long is made a second time, so that the first answer of both is taken. */
export interface HedgePolicy {
  /** Milliseconds from when it was sent, or a percentile (1 to 99) of how long answers took. */
  after: { ms: number } | { percentile: number }
  /** Calls besides the first. */
  max: number
}

/** Targets whose calls can be made twice: nothing comes of it, and nothing is paid, that does not come of one. */
export const hedgedTargets: ReadonlySet<string> = new Set(['function'])
