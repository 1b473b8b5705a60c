/** The name of a call, and so of the decision that led to it: `run/step[index]#round/call`. */
import type { CallLabels } from '../contract.ts'

/** After a retry of the run, calls are counted anew: `run~2/…`. */
export function callId({ run_id, attempt, step, index, round }: CallLabels, call: number): string {
  const run = attempt === undefined || attempt === 1 ? run_id : `${run_id}~${attempt}`
  const item = index === undefined ? '' : `[${index}]`
  return `${run}/${step}${item}${round === undefined ? '' : `#${round}`}/${call}`
}
