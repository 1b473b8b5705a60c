import { describe, expect, it } from 'vitest'
import { CancelledError, RateLimitError, ServerError } from '../../src/domain/errors.ts'
import type { Json } from '../../src/std/json.ts'
import type { TargetContext } from '../../src/targets/target.ts'
import { memoryCall } from '../../src/testing/memory-call.ts'
import { spec, harness, scriptedHarness, settled } from './harness.ts'

describe('timeout and cancellation', () => {
  const hang = (context: TargetContext): Promise<Json> =>
    new Promise((_resolve, reject) => {
      context.signal.addEventListener('abort', () => reject(context.signal.reason as Error))
    })

  it('covers all attempts together, with what was spent before', async () => {
    const { executor, clock } = scriptedHarness(async (context, at) => {
      await context.record.intended({}, undefined)
      if (at === 1) throw new ServerError('x')
      setImmediate(() => clock.advance(20_000))
      return hang(context)
    })
    const { context, facts } = memoryCall({ prior: { elapsed_ms: 10_000 } })
    const outcome = await executor.execute(spec({ timeout_ms: 30_000 }), context)
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'timeout' }, attempts: 2, cost_usd: null })
    expect(settled(facts)).toMatchObject([{ status: 'failed' }, { status: 'cancelled', error: { code: 'timeout' } }])
    expect(outcome.latency_ms).toBeGreaterThanOrEqual(30_000)
  })

  it('tells the target by when it must be over', async () => {
    const { executor, clock } = scriptedHarness(async (context) => context.deadline?.() ?? null)
    const start = clock.now()
    const outcome = await executor.execute(spec({ timeout_ms: 30_000 }), memoryCall().context)
    expect(outcome).toMatchObject({ output: start + 30_000 })
  })

  it('ends as cancelled, with what the target says that it cost', async () => {
    const controller = new AbortController()
    const { executor } = scriptedHarness(async (context) => {
      await context.record.intended({}, undefined)
      controller.abort(new CancelledError('cancelled by a person'))
      throw new CancelledError('cancelled at the remote', { details: { cost_usd: 0.01 } })
    })
    const { context, facts } = memoryCall({ signal: controller.signal })
    expect(await executor.execute(spec(), context)).toMatchObject({ status: 'cancelled', attempts: 1, cost_usd: 0.01 })
    expect(settled(facts)).toMatchObject([{ status: 'cancelled' }])
  })

  it('does not wait for ever for a target that does not end', async () => {
    const controller = new AbortController()
    const { executor, clock } = scriptedHarness(() => {
      controller.abort(new CancelledError('cancelled by a person'))
      setImmediate(() => clock.advance(60_000))
      return new Promise(() => {})
    })
    const { context } = memoryCall({ signal: controller.signal })
    expect(await executor.execute(spec(), context)).toMatchObject({ status: 'cancelled' })
  })

  it('rejects with the reason, and settles nothing, when the work is only abandoned', async () => {
    const controller = new AbortController()
    const reason = new CancelledError('second Ctrl-C', { code: 'interrupted' })
    const { executor } = scriptedHarness(async (context) => {
      await context.record.intended({}, undefined)
      controller.abort(reason)
      return new Promise(() => {})
    })
    const { context, facts } = memoryCall({ signal: controller.signal })
    await expect(executor.execute(spec(), context)).rejects.toBe(reason)
    expect(settled(facts)).toEqual([])
  })

  it('keeps a result that arrives together with the cancellation', async () => {
    const controller = new AbortController()
    const { executor } = scriptedHarness(async () => {
      controller.abort(new CancelledError('cancelled by a person'))
      return 'just in time'
    })
    const { context } = memoryCall({ signal: controller.signal })
    expect(await executor.execute(spec(), context)).toMatchObject({ status: 'succeeded', output: 'just in time' })
  })

  it('begins nothing when it is cancelled during a back-off', async () => {
    const controller = new AbortController()
    let calls = 0
    const { executor } = harness({
      f: () => {
        calls += 1
        throw new RateLimitError('later', { retryAfterMs: 3_600_000 })
      },
    })
    const { context } = memoryCall({ signal: controller.signal })
    const outcome = executor.execute(spec(), context)
    setImmediate(() => setImmediate(() => controller.abort(new CancelledError('enough'))))
    expect(await outcome).toMatchObject({ status: 'cancelled' })
    expect(calls).toBe(1)
  })
})
