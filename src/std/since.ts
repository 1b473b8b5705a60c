/** The moment from which on something is wanted, as people write it: `7d`, `12h`, `1d12h`, `2026-11-01`. */

const unitMs = { w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 } as const
const agePattern = /^(?:\d{1,6}(?:w|d|h|m|s))+$/
const datePattern = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?Z)?$/

/** Epoch milliseconds; undefined when it is neither an age nor a date. A date is its beginning, UTC. */
export function parseSince(written: string, now: number): number | undefined {
  const text = written.replaceAll(/\s+/g, '')
  if (agePattern.test(text)) {
    const parts = [...text.matchAll(/(\d+)([wdhms])/g)]
    return now - parts.reduce((ms, [, number, unit]) => ms + Number(number) * unitMs[unit as keyof typeof unitMs], 0)
  }
  if (!datePattern.test(text)) return undefined
  const time = Date.parse(text)
  return Number.isNaN(time) || !new Date(time).toISOString().startsWith(text.slice(0, 10)) ? undefined : time
}
