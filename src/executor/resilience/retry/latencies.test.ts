import { expect, test } from 'vitest'
import { latenciesByModel } from './latencies.ts'

test('A hedge waits as long as that share of the last hundred answers took, or longer', () => {
  const latencies = latenciesByModel()({ target: 'function', model: 'f' })
  const after = (percentile: number) => latencies.after({ after: { percentile }, max: 1 })
  for (let ms = 1; ms <= 9; ms += 1) latencies.add(ms)
  expect(after(95)).toBeUndefined()
  latencies.add(10)
  expect([after(50), after(90), after(95)]).toEqual([5, 9, 10])
  for (let ms = 1_001; ms <= 1_100; ms += 1) latencies.add(ms)
  expect([after(1), after(50), after(99)]).toEqual([1_001, 1_050, 1_099])
})
