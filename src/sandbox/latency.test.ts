import { describe, expect, it } from 'vitest'
import { drawLatency, parseLatency } from './latency.ts'

describe('latency', () => {
  it.each([
    ['0', { kind: 'constant', ms: 0 }],
    ['250', { kind: 'constant', ms: 250 }],
    ['1.5s', { kind: 'constant', ms: 1_500 }],
    ['uniform:100,500', { kind: 'uniform', fromMs: 100, toMs: 500 }],
    ['lognormal:300,0.5', { kind: 'lognormal', medianMs: 300, sigma: 0.5 }],
  ])('reads %s', (written, latency) => expect(parseLatency(written)).toEqual(latency))

  it.each([
    '',
    'fast',
    '-1',
    'uniform:5',
    'uniform:500,100',
    'lognormal:300',
    'lognormal:300,x',
    'normal:1,2',
    'uniform:1,2,3',
    '99h',
  ])('refuses %j', (written) => expect(() => parseLatency(written)).toThrow(expect.objectContaining({ code: 'usage' })))

  it('draws within its bounds and around its median, the same for the same seed', () => {
    const draws = (written: string) =>
      Array.from({ length: 500 }, (_, seed) => drawLatency(parseLatency(written), () => seed * 7919))
    const uniform = draws('uniform:100,500')
    expect(Math.min(...uniform)).toBeGreaterThanOrEqual(100)
    expect(Math.max(...uniform)).toBeLessThanOrEqual(500)
    const lognormal = draws('lognormal:300,0.5').toSorted((a, b) => a - b)
    expect(Math.abs((lognormal[250] ?? 0) - 300)).toBeLessThan(45)
    expect(draws('lognormal:300,0.5').toSorted((a, b) => a - b)).toEqual(lognormal)
  })
})
