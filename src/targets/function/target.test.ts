import { describe, expect, it } from 'vitest'
import { openTargets } from '../table.ts'
import { createFunctionTarget } from './target.ts'

const candidate = (model: string) => ({ name: model, target: 'function', model, deployment: false, defaults: {} })

describe('functions as agents', () => {
  it('reckons by the price of the agent, and by nothing without one', async () => {
    const target = createFunctionTarget({})
    const price = { usd_per_call: 0.5, usd_per_second: 0.1 }
    expect(await target.estimate(candidate('f'), {}, {})).toBe(0)
    expect(await target.estimate({ ...candidate('f'), price }, {}, { timeout_ms: 10_000 })).toBe(1.5)
    expect(await target.estimate({ ...candidate('f'), price }, {}, {})).toBeNull()
    expect(await target.estimate({ ...candidate('f'), price: { usd_per_output_token: 1 } }, {}, {})).toBeNull()
    expect(await target.estimate({ ...candidate('f'), price: { hardware: 'cpu' } }, {}, {})).toBeNull()
  })
})

describe('the table of targets', () => {
  const prices = { find: () => undefined, models: new Map(), hardware: new Map(), max_age_days: 90 }
  const clock = { now: () => 0, monotonic: () => 0, sleep: async () => {} }
  const options = { replicate: { prices, clock, random: () => 0 } }

  it('makes each target once, and names those that there are', async () => {
    const targets = openTargets({ ...options, functions: { shout: () => 'A' } })
    expect(await targets.get('function')).toBe(await targets.get('function'))
    await expect(targets.get('constructor')).rejects.toMatchObject({
      code: 'configuration',
      hint: expect.stringContaining('replicate, function') as string,
    })
    await targets.close()
  })

  it('says what is missing, and tries again next time, when a target can not be made', async () => {
    const targets = openTargets({ ...options, functions: {} })
    await expect(targets.get('replicate')).rejects.toMatchObject({ code: 'missing_token' })
    await expect(targets.get('replicate')).rejects.toMatchObject({
      code: 'missing_token',
      hint: expect.stringContaining('--sandbox') as string,
    })
    await targets.close()
  })
})
