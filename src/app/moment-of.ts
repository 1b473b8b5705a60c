/** The moment that people mean by an age or a date, such as that of `--since`. */
import { UsageError } from '../domain/errors.ts'
import { parseSince } from '../std/since.ts'

/** Epoch milliseconds. Throws UsageError. */
export function momentOf(written: string, now: number): number {
  const since = parseSince(written, now)
  if (since === undefined) {
    throw new UsageError(`"${written}" is neither an age nor a date`, {
      hint: 'write 7d, 12h, 30m, or a day such as 2026-11-01',
    })
  }
  if (since > now) throw new UsageError(`"${written}" is still to come`, { hint: 'days are those of UTC' })
  return Math.max(0, since)
}
