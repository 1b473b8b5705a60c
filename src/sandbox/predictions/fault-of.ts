/** The fault that a prediction was given when it was created. */
import type { Fault } from '../faults/fault.ts'
import type { PredictionRow } from '../store/prediction-rows.ts'

export function faultOf(row: Pick<PredictionRow, 'fault'>): Fault | undefined {
  return row.fault === null ? undefined : (JSON.parse(row.fault) as Fault)
}

/** Whether it will never show the output that its model gives. */
export function hidesOutput(row: Pick<PredictionRow, 'fault'>): boolean {
  const kind = faultOf(row)?.kind
  return kind === 'failed' || kind === 'empty' || kind === 'stall'
}
