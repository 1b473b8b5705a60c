/** Records of arms and their contexts, in memory. */
import { ArmShelf } from './arm-shelf.ts'
import type { ArmRecords } from './learn.ts'
import { type ArmRecord, emptyRecord, type Statistics } from './statistics.ts'

export interface ArmTable extends Statistics {
  /** To learn in: those of the arm and of every context in the key, made where there are none. */
  records(arm: string, key: string): ArmRecords
}

export function createArmTable(): ArmTable {
  const arms = new Map<string, ArmShelf>()
  const shelfOf = (arm: string): ArmShelf => {
    const known = arms.get(arm)
    if (known) return known
    const made = new ArmShelf(emptyRecord)
    arms.set(arm, made)
    return made
  }
  return {
    of: (arm, context = '') => shelfOf(arm).of(context),
    along: (arm, key) => shelfOf(arm).along(key),
    records(arm, key) {
      const [all, ...contexts] = shelfOf(arm).along(key)
      return { all: all as ArmRecord, contexts }
    },
  }
}
