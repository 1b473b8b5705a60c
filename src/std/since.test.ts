import { expect, test } from 'vitest'
import { parseSince } from './since.ts'

const now = Date.parse('2026-11-21T12:00:00Z')
const since = (written: string) => {
  const moment = parseSince(written, now)
  return moment === undefined ? undefined : new Date(moment).toISOString()
}

test('An age counts back from now, a date is its beginning', () => {
  expect(since('7d')).toBe('2026-11-14T12:00:00.000Z')
  expect(since('1d 12h')).toBe('2026-11-20T00:00:00.000Z')
  expect(since('30m')).toBe('2026-11-21T11:30:00.000Z')
  expect(since('2026-11-01')).toBe('2026-11-01T00:00:00.000Z')
  expect(since('2026-11-01T06:30Z')).toBe('2026-11-01T06:30:00.000Z')
})

test('What is neither is not guessed at', () => {
  for (const written of ['', '7', 'd', '-7d', '7 days', 'yesterday', '2026-02-30', '2026-11', '01.11.2026', '9999999d'])
    expect(since(written), written).toBeUndefined()
})
