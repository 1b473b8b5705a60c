import { describe, expect, test } from 'vitest'
import { count, formatAge, formatBytes, formatSmallUsd, formatUsd, shortModel } from './quantity.ts'

describe('quantities', () => {
  test.each([
    [null, '?'],
    [0, '$0'],
    [0.00001, '<$0.0001'],
    [0.0031, '$0.0031'],
    [1.256, '$1.26'],
    [1234.5, '$1234.50'],
  ])('%s dollars are %s', (usd, text) => {
    expect(formatUsd(usd)).toBe(text)
  })

  test.each([
    [null, '?'],
    [0, '$0'],
    [0.0000051, '$0.0000051'],
    [0.00058, '$0.00058'],
    [0.0123, '$0.0123'],
  ])('%s dollars are %s where costs are compared', (usd, text) => {
    expect(formatSmallUsd(usd)).toBe(text)
  })

  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_500, '1.5 kB'],
    [119_400, '119 kB'],
    [2_300_000, '2.3 MB'],
    [5e15, '5000 TB'],
  ])('%i bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })

  test('counts have a singular', () => {
    expect([count(0, 'step'), count(1, 'step'), count(2, 'step')]).toEqual(['0 steps', '1 step', '2 steps'])
  })

  test.each([
    [5, 'just now'],
    [-5, 'just now'],
    [90, '1 min ago'],
    [7_200, '2 h ago'],
    [86_400, '1 day ago'],
    [3 * 86_400, '3 days ago'],
  ])('%i seconds ago is %s', (seconds, text) => {
    const now = Date.parse('2026-11-21T12:00:00Z')
    expect(formatAge(now - seconds * 1_000, now)).toBe(text)
  })

  test('what is long ago is a date', () => {
    expect(formatAge(Date.parse('2026-01-02T03:00:00Z'), Date.parse('2026-11-21T12:00:00Z'))).toBe('2026-01-02')
  })

  test('versions of models are cut to what tells them apart', () => {
    expect(shortModel(`a/b:${'0123456789abcdef'.repeat(4)}`)).toBe('a/b:01234567')
    expect(shortModel('a/b')).toBe('a/b')
  })
})
