import { expect, test } from 'vitest'
import { defaultRouting } from '../../domain/routing.ts'
import { predict } from './predict.ts'
import { type ArmRecord, emptyRecord, observe } from './statistics.ts'

const candidate = { name: 'writer', target: 'replicate', model: 'a/b', deployment: false, defaults: {} }

/** Calls that cost so much each. */
function paid(usd: number, times: number): ArmRecord {
  const record = emptyRecord()
  for (let n = 0; n < times; n += 1)
    observe(record, { succeeded: true, cost_usd: usd, latency_ms: 100 }, defaultRouting)
  return record
}

async function costOf(known: Partial<Record<'alike' | 'agent' | 'anywhere', ArmRecord>>, price: number | null) {
  const all = { alike: emptyRecord(), agent: emptyRecord(), anywhere: emptyRecord(), ...known }
  return (await predict(candidate, {}, all, { expected: async () => price })).cost_usd
}

test('A call is predicted to cost what calls like it did, once there are three', async () => {
  expect(await costOf({ alike: paid(0.5, 3), agent: paid(0.25, 10) }, 1)).toBe(0.5)
  expect(await costOf({ alike: paid(0.5, 2), agent: paid(0.25, 10) }, 1)).toBe(0.25)
  expect(await costOf({ alike: paid(0.5, 1), agent: paid(0.5, 1) }, 1)).toBe(0.5)
})

test('Before its first call for an agent its price decides, whatever other agents paid for something else', async () => {
  expect(await costOf({ anywhere: paid(0.125, 50) }, 1)).toBe(1)
})

test('Without a price, what other agents paid is better than nothing', async () => {
  expect(await costOf({ anywhere: paid(0.125, 1) }, null)).toBe(0.125)
  expect(await costOf({}, null)).toBeNull()
})
