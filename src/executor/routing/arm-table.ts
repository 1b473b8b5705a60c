/** Records of arms and their contexts, in memory. */
import type { ArmRecords } from './learn.ts'
import { nestedContexts } from './nested-contexts.ts'
import { type ArmRecord, emptyRecord, type Statistics } from './statistics.ts'

export interface ArmTable extends Statistics {
  /** To learn in: those of the arm and of every context in the key, made where there are none. */
  records(arm: string, key: string): ArmRecords
}

export function createArmTable(): ArmTable {
  const arms = new Map<string, Map<string, ArmRecord>>()
  const unknown = emptyRecord()
  const whole = ''
  /** The arm that was asked for last: its contexts are asked for one after the other. */
  let last = ''
  let ofLast: ReadonlyMap<string, ArmRecord> | undefined
  return {
    of(arm, context = whole) {
      if (arm !== last || !ofLast) {
        last = arm
        ofLast = arms.get(arm)
      }
      return ofLast?.get(context) ?? unknown
    },
    records(arm, key) {
      const contexts = kept(arms, arm, () => new Map<string, ArmRecord>())
      const recordOf = (context: string) => kept(contexts, context, emptyRecord)
      return { all: recordOf(whole), contexts: nestedContexts(key).map(recordOf) }
    },
  }
}

function kept<V>(map: Map<string, V>, key: string, make: () => V): V {
  const known = map.get(key) ?? make()
  map.set(key, known)
  return known
}
