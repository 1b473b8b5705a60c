import { afterEach, describe, expect, it } from 'vitest'
import { createPriceBook } from '../../src/config/prices/book.ts'
import { defaultRetry } from '../../src/domain/definition.ts'
import { createExecutor } from '../../src/executor/executor.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { seededRandom } from '../../src/std/random.ts'
import { createReplicateTarget } from '../../src/targets/replicate/target.ts'
import { eagerClock } from '../../src/testing/eager-clock.ts'
import { memoryCall, type MemoryCall } from '../../src/testing/memory-call.ts'

const model = 'stability-ai/sdxl'
const input = { prompt: 'a lighthouse at dusk', width: 128, height: 128 }
const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function against(fail: string[], memory: MemoryCall = memoryCall(), before?: Sandbox) {
  const sandbox = before ?? (await startSandbox({ latency: '20', faults: fail }))
  if (!before) closing.push(() => sandbox.close())
  const clock = eagerClock(60_000, Date.now())
  const target = createReplicateTarget({
    prices: createPriceBook([]),
    token: 'any',
    baseUrl: sandbox.url,
    clock,
    random: seededRandom(1),
  })
  closing.push(() => target.close())
  const executor = createExecutor({ targets: async () => target, clock, random: seededRandom(1) })
  const chain = [{ name: model, target: 'replicate', model, deployment: false, defaults: {} }]
  const outcome = await executor.execute({ chain, input, retry: defaultRetry }, memory.context)
  return { outcome, sandbox, ...memory }
}

describe('against the sandbox, when things go wrong', () => {
  const faults = [
    '429=1',
    '429',
    'status=503',
    'status=500',
    'drop',
    'lost',
    'early',
    '429=2:on=get',
    'drop:on=get',
    'status=502:on=get',
  ]
  it.each(faults)('%s: the work is done with one prediction, at the price of one', async (fault) => {
    const { outcome, sandbox } = await against([`*:${fault}:times=1`])
    const bill = sandbox.bill()
    expect(outcome).toMatchObject({ status: 'succeeded' })
    expect(outcome.cost_usd).toBeCloseTo(bill.usd, 8)
    expect(bill.predictions).toBe(1)
  })

  it('a prediction that fails is paid for by what it ran, and made anew', async () => {
    const { outcome, sandbox } = await against([`${model}:failed:times=2`])
    expect(outcome).toMatchObject({ status: 'succeeded', attempts: 3 })
    expect(sandbox.bill().predictions).toBe(3)
    expect(outcome.cost_usd).toBeCloseTo(sandbox.bill().usd, 8)
  })

  it('a process that ended before it heard the id finds its prediction again; another of equal input is left alone', async () => {
    const first = await against([])
    const { sandbox } = first
    const intended = first.facts.find((fact) => fact.type === 'call.intended')
    const created = first.facts.find((fact) => fact.type === 'call.created')
    const version = first.versions.get(model) as string
    const open = { call: 1, candidate: 0, model, version, body: intended?.body ?? null, intended_at: Date.now() }
    const resumed = memoryCall({ prior: { calls: 1, open } })
    resumed.versions.set(model, version)
    const again = await against([], resumed, sandbox)
    expect(again.outcome).toMatchObject({ status: 'succeeded', output: (first.outcome as { output?: unknown }).output })
    expect(resumed.facts[0]).toMatchObject({ type: 'call.reattached', how: 'searched', id: created?.id })
    expect(sandbox.bill().predictions).toBe(1)
    const other = memoryCall({ prior: { calls: 1, open } })
    other.versions.set(model, version)
    other.claimed.add(created?.id ?? '')
    await against([], other, sandbox)
    expect(other.facts[0]).toMatchObject({ type: 'call.reattached', how: 'not_found' })
    expect(sandbox.bill().predictions).toBe(2)
  })

  it('a prediction whose data is gone is made again, and the cost is that of both', async () => {
    const first = await against([])
    const { sandbox } = first
    const created = first.facts.find((fact) => fact.type === 'call.created')
    const version = first.versions.get(model) as string
    await sandbox.expire(created?.id)
    const open = {
      call: 1,
      candidate: 0,
      model,
      version,
      body: { input },
      intended_at: Date.now(),
      id: created?.id ?? '',
    }
    const resumed = memoryCall({ prior: { calls: 1, open } })
    resumed.versions.set(model, version)
    const again = await against([], resumed, sandbox)
    expect(again.outcome).toMatchObject({ status: 'succeeded' })
    expect(resumed.facts[0]).toMatchObject({ type: 'call.reattached', how: 'lost', id: created?.id })
    expect(sandbox.bill().predictions).toBe(2)
    expect(again.outcome.cost_usd).toBeCloseTo(sandbox.bill().usd, 8)
  })
})
