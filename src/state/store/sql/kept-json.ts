/** JSON that a store has kept: what can't be read any more is damage, not a defect of whoever reads it. */
import { StoreError } from '../../../domain/errors.ts'

/** `what` names it in the message. Throws StoreError `store_corrupt`. */
export function keptJson<T>(text: unknown, what: string): T {
  try {
    return JSON.parse(String(text)) as T
  } catch (cause) {
    throw new StoreError('store_corrupt', `${what} is damaged in the store`, {
      cause,
      hint: 'Run `replicate-agent doctor` to see what is readable, and put a copy of the store back.',
    })
  }
}
