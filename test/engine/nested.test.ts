import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { CancelledError } from '../../src/domain/errors.ts'
import { systemClock } from '../../src/std/clock.ts'
import { deferred } from '../../src/std/deferred.ts'
import type { Json } from '../../src/std/json.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'
import { answerApproval, pendingApprovals, readRun, resumeRun, retryRun, startRun } from '../../src/workflow/engine.ts'
import { type Model, openRig, type Rig, type RigOptions } from './rig.ts'

let rig: Rig
afterEach(async () => {
  await rig.close()
})

const echo: Record<string, Model> = { 'o/echo': ({ input }) => input.text as Json }

/** A rig whose folder holds a nested workflow beside the one that is run. */
async function rigWith(child: string, options: RigOptions = {}): Promise<Rig> {
  rig = await openRig({ models: echo, ...options })
  await writeFile(join(rig.home, 'child.yaml'), child)
  return rig
}

const parent = `
name: parent
inputs: { key: { type: string, secret: true, default: none } }
steps:
  inner: { workflow: ./child.yaml, input: { text: hello } }
  after: { value: "\${{ steps.inner.output.text }}!" }
outputs: { text: "\${{ steps.after.output }}" }
`
const child = `
name: child
inputs: { text: { type: string, required: true } }
steps: { say: { model: o/echo, input: { text: "\${{ inputs.text }} there" } } }
outputs: { text: "\${{ steps.say.output }}" }
`

describe('a nested workflow', () => {
  it('is a run of its own in the same store, and its outputs are the output of the step (ruling 16)', async () => {
    await rigWith(child)
    const result = await (await startRun(rig.parts, await rig.load(parent), { inputs: {}, runId: 'p' })).done
    expect(result).toMatchObject({ status: 'succeeded', outputs: { text: 'hello there!' }, cost_usd: 0.01 })
    expect(result.steps.inner).toMatchObject({
      child_run_id: 'p.inner',
      cost_usd: 0.01,
      output: { text: 'hello there' },
    })
    expect(await readRun(rig.parts, 'p.inner')).toMatchObject({ status: 'succeeded', workflow: 'child' })
    expect((await rig.store.listRuns({})).map((run) => run.run_id)).toEqual(['p'])
    expect((await rig.store.listRuns({ parent_run_id: 'p' })).map((run) => run.run_id)).toEqual(['p.inner'])
  })

  it('shares the budget of the run above it', async () => {
    await rigWith(child)
    const result = await (
      await startRun(rig.parts, await rig.load(`${parent}\nbudget_usd: 0.005`), { inputs: {} })
    ).done
    expect(result).toMatchObject({ status: 'failed', error: { code: 'budget_exceeded' } })
    expect(rig.provider.creates).toEqual([])
  })

  it('makes the run above wait when it waits, and both go on with the answer', async () => {
    await rigWith(`
name: child
inputs: { text: { type: string, required: true } }
steps:
  ok: { approval: "Say \${{ inputs.text }}?" }
  say: { model: o/echo, needs: [ok], input: { text: "\${{ inputs.text }} allowed" } }
outputs: { text: "\${{ steps.say.output }}" }
`)
    const waiting = await (await startRun(rig.parts, await rig.load(parent), { inputs: {}, runId: 'p' })).done
    expect(waiting).toMatchObject({
      status: 'waiting',
      waiting_for: 'approval',
      steps: { inner: { status: 'waiting' } },
    })
    expect(await pendingApprovals(rig.parts, 'p')).toMatchObject([
      { run_id: 'p.inner', step: 'ok', message: 'Say hello?' },
    ])
    await answerApproval(rig.parts, 'p', { approved: true, inputs: {}, by: 'me' })
    const result = await (await resumeRun(rig.parts, 'p')).done
    expect(result).toMatchObject({ status: 'succeeded', outputs: { text: 'hello allowed!' } })
  })

  it('is taken up again with the run above after a crash, paying nothing twice', async () => {
    const begun = deferred()
    let first = true
    await rigWith(child, {
      models: {
        'o/echo': ({ input }) => {
          begun.resolve()
          if (!first) return input.text as Json
          first = false
          return new Promise<never>(() => {})
        },
      },
    })
    const driving = await startRun(rig.parts, await rig.load(parent), { inputs: {}, runId: 'p' })
    await begun.promise
    driving.abandon(new CancelledError('gone', { code: 'interrupted' }))
    await driving.done.catch(() => {})
    const result = await (await resumeRun(rig.another(), 'p')).done
    expect(result).toMatchObject({ status: 'succeeded', outputs: { text: 'hello there!' }, cost_usd: 0.01 })
    expect(rig.provider.creates).toHaveLength(1)
  })

  it('keeps what it did when the budget ends both runs, and counts its cost once when they go on', async () => {
    await rigWith(`
name: child
inputs: { text: { type: string, required: true } }
steps:
  one: { model: o/echo, input: { text: "\${{ inputs.text }}" } }
  two: { model: o/echo, input: { text: "\${{ steps.one.output }} there" } }
outputs: { text: "\${{ steps.two.output }}" }
`)
    const stopped = await (
      await startRun(rig.parts, await rig.load(`${parent}\nbudget_usd: 0.015`), { inputs: {}, runId: 'p' })
    ).done
    expect(stopped).toMatchObject({ status: 'failed', error: { code: 'budget_exceeded' }, cost_usd: 0.01 })
    const result = await (await resumeRun(rig.parts, 'p', { budget_usd: 1 })).done
    expect(result).toMatchObject({ status: 'succeeded', outputs: { text: 'hello there!' }, cost_usd: 0.02 })
    expect(rig.provider.creates).toHaveLength(2)
  })

  it('is cancelled with the run above it', async () => {
    const begun = deferred()
    await rigWith(child, {
      models: {
        'o/echo': () => {
          begun.resolve()
          return new Promise<never>(() => {})
        },
      },
    })
    const driving = await startRun(rig.parts, await rig.load(parent), { inputs: {}, runId: 'p' })
    await begun.promise
    driving.cancel('a test')
    expect((await driving.done).status).toBe('cancelled')
    expect(await readRun(rig.parts, 'p.inner')).toMatchObject({
      status: 'cancelled',
      steps: { say: { status: 'cancelled' } },
    })
    expect(rig.provider.cancelled).toEqual(['o/echo'])
  })

  it('is cancelled too when it waits for an approval', async () => {
    const begun = deferred()
    await rigWith(
      `
name: child
inputs: { text: { type: string, required: true } }
steps: { ok: { approval: "Well?" } }
outputs: { text: none }
`,
      {
        models: {
          'o/slow': () => {
            begun.resolve()
            return new Promise<never>(() => {})
          },
        },
      },
    )
    const yaml = `
name: parent
steps:
  inner: { workflow: ./child.yaml, input: { text: hello } }
  slow: { model: o/slow }
`
    const driving = await startRun(rig.parts, await rig.load(yaml), { inputs: {}, runId: 'p' })
    await begun.promise
    while ((await rig.store.getRun('p.inner'))?.status !== 'waiting') await new Promise(setImmediate)
    driving.cancel('a test')
    expect(await driving.done).toMatchObject({ status: 'cancelled' })
    expect(await readRun(rig.parts, 'p.inner')).toMatchObject({ status: 'cancelled' })
  })

  it('fails the step with the reason of the run below, and is skipped over with on_error: continue', async () => {
    await rigWith(child, {
      models: {
        'o/echo': () => {
          throw new Error('voice lost')
        },
      },
    })
    const result = await (await startRun(rig.parts, await rig.load(parent), { inputs: {} })).done
    expect(result.status).toBe('failed')
    expect(result.steps.inner?.error?.message).toContain('voice lost')
  })
})

describe('retrying a nested workflow', () => {
  it('runs again only what failed in it, and pays for nothing else twice', async () => {
    let healthy = false
    await rigWith(
      `
name: child
inputs: { text: { type: string, required: true } }
steps:
  dear: { model: o/echo, input: { text: "\${{ inputs.text }}" } }
  flaky: { model: o/flaky, input: { text: "\${{ steps.dear.output }} again" } }
outputs: { text: "\${{ steps.flaky.output }}" }
`,
      {
        models: {
          ...echo,
          'o/flaky': ({ input }) => {
            if (!healthy) throw new Error('not today')
            return input.text as Json
          },
        },
      },
    )
    const failed = await (await startRun(rig.parts, await rig.load(parent), { inputs: {}, runId: 'p' })).done
    expect(failed).toMatchObject({ status: 'failed', cost_usd: 0.02 })
    healthy = true
    const retried = await retryRun(rig.parts, 'p', { choice: { failed: true }, by: 'me' })
    expect(retried.reset).toMatchObject([{ step: 'inner', nested: true }, { step: 'after' }])
    expect(await retried.done).toMatchObject({ status: 'succeeded', outputs: { text: 'hello again!' }, cost_usd: 0.03 })
    expect(rig.provider.creates.map((made) => made.model)).toEqual(['o/echo', 'o/flaky', 'o/flaky'])
    expect(await readRun(rig.parts, 'p')).toMatchObject({
      cost_usd: 0.03,
      steps: { inner: { child_run_id: 'p.inner' } },
    })
  })

  it('runs all of it again when the step itself is named', async () => {
    await rigWith(child)
    await (
      await startRun(rig.parts, await rig.load(parent), { inputs: {}, runId: 'p' })
    ).done
    const again = await (await retryRun(rig.parts, 'p', { choice: { steps: ['inner'] }, by: 'me' })).done
    expect(again.steps.inner).toMatchObject({ status: 'succeeded', child_run_id: 'p.inner-retry2' })
    expect(rig.provider.creates).toHaveLength(2)
  })
})

describe('time', () => {
  it('ends a workflow that takes longer than its timeout as failed, cancels what is in flight, and runs finally', async () => {
    const clock = virtualClock()
    const begun = deferred()
    await rigWith(child, {
      clock,
      models: {
        'o/slow': () => {
          begun.resolve()
          return new Promise<never>(() => {})
        },
      },
    })
    const yaml = `
name: late
timeout: 10s
steps: { slow: { model: o/slow } }
finally: { note: { value: "\${{ run.status }}" } }
`
    const driving = await startRun(rig.parts, await rig.load(yaml), { inputs: {} })
    await begun.promise
    await clock.advance(10_000)
    const result = await driving.done
    expect(result).toMatchObject({
      status: 'failed',
      error: { code: 'timeout' },
      steps: { slow: { status: 'cancelled' }, note: { output: 'failed' } },
    })
    expect(rig.provider.cancelled).toEqual(['o/slow'])
  })

  it('fails an approval that nobody answered in time, also when nobody drove the run meanwhile', async () => {
    const clock = virtualClock()
    await rigWith(child, { clock })
    const yaml = `
name: ask
steps: { ok: { approval: { message: "Well?", timeout: 1h } } }
`
    const waiting = await (await startRun(rig.parts, await rig.load(yaml), { inputs: {} })).done
    expect(waiting.status).toBe('waiting')
    await clock.advance(3_600_000)
    const resumed = await resumeRun(rig.parts, waiting.run_id)
    await clock.advance(1)
    expect(await resumed.done).toMatchObject({
      status: 'failed',
      steps: { ok: { error: { code: 'approval_timeout' } } },
    })
  })

  it('sees at a resume that an approval has expired, before it settles down to wait again', async () => {
    let later = 0
    // Timers that are due at once still fire later than the loop turns.
    await rigWith(child, { clock: { ...systemClock, now: () => systemClock.now() + later } })
    const yaml = `
name: ask
steps: { ok: { approval: { message: "Well?", timeout: 1h } } }
`
    const waiting = await (await startRun(rig.parts, await rig.load(yaml), { inputs: {} })).done
    later = 3_600_000
    const result = await (await resumeRun(rig.parts, waiting.run_id)).done
    expect(result).toMatchObject({ status: 'failed', steps: { ok: { error: { code: 'approval_timeout' } } } })
  })

  it('journals times that never go backwards, although the clock does', async () => {
    const clock = virtualClock()
    let jump = 0
    await rigWith(child, {
      clock: { ...clock, now: () => clock.now() - jump, sleep: clock.sleep },
      models: {
        'o/echo': () => {
          jump += 3_600_000
          return 'x'
        },
      },
    })
    const result = await (await startRun(rig.parts, await rig.load(parent), { inputs: {}, runId: 'p' })).done
    expect(result).toMatchObject({ status: 'succeeded' })
    const times = (await rig.store.readEvents('p')).map((event) => event.time)
    expect([...times].sort((a, b) => a - b)).toEqual(times)
    expect(result.duration_ms).toBeGreaterThanOrEqual(0)
  })
})
