/** How good an arm has proved: by scores where there are some, else by how often it succeeded (ruling 41). */
import { observations as countOf, worth } from './seen.ts'
import type { ArmRecord } from './statistics.ts'

export interface ObservedQuality {
  /** In [0, 1]; null: nothing was observed. */
  mean: number | null
  /** Scores, or calls where nothing scored them; what was forgotten counts no more. */
  observations: number
}

export function observedQuality(record: ArmRecord): ObservedQuality {
  const observations = countOf(record)
  return { mean: observations > 0 ? worth(record) / observations : null, observations }
}
