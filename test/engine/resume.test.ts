import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { CancelledError, StoreError } from '../../src/domain/errors.ts'
import type { RunResult } from '../../src/domain/run.ts'
import type { Store } from '../../src/state/store/contract.ts'
import { deferred } from '../../src/std/deferred.ts'
import { eagerClock } from '../../src/testing/eager-clock.ts'
import type { Json } from '../../src/std/json.ts'
import {
  answerApproval,
  cancelRun,
  pauseRun,
  planRetry,
  readRun,
  resumeRun,
  retryRun,
  startRun,
} from '../../src/workflow/engine.ts'
import { foldEvents } from '../../src/workflow/fold.ts'
import { type Model, openRig, type Rig } from './rig.ts'

let rig: Rig
afterEach(async () => {
  await rig.close()
})

/** Everything that the engine can do in one small workflow. */
const everything = `
name: everything
max_concurrency: 4
steps:
  start: { value: { list: [1, 2, 3], limit: 2 } }
  draw: { model: o/draw, input: { n: "\${{ item }}" }, foreach: { in: "\${{ steps.start.output.list }}" } }
  polish: { model: o/polish, input: { before: "\${{ previous }}" }, repeat: { until: output >= 2, max: 4 } }
  join: { value: "\${{ steps.draw.output }}", condition: len(steps.draw.output) == 3 }
  never: { model: o/never, condition: steps.polish.output > 100 }
  last: { model: o/last, input: { all: "\${{ steps.join.output }}", n: "\${{ steps.polish.output }}" } }
finally:
  report: { model: o/report, input: { status: "\${{ run.status }}" } }
outputs: { last: "\${{ steps.last.output }}" }
`
const models: Record<string, Model> = {
  'o/draw': ({ input }) => `drawing ${input.n as number}`,
  'o/polish': ({ input }) => Number(input.before ?? 0) + 1,
  'o/last': ({ input }) => ({ n: input.n as Json, count: (input.all as Json[]).length }),
  'o/report': ({ input }) => input.status as Json,
}

function outcome(result: RunResult): unknown {
  const steps = Object.fromEntries(
    Object.entries(result.steps).map(([id, step]) => [
      id,
      { status: step.status, output: step.output, attempts: step.attempts },
    ]),
  )
  return { status: result.status, outputs: result.outputs, steps, cost_usd: result.cost_usd }
}

/** A store whose process dies at its n-th commit: before it, or right after it became durable. */
function dyingStore(store: Store, at: number, when: 'before' | 'after'): { store: Store; died: () => boolean } {
  let commits = 0
  let dead = false
  const wrapped: Store = Object.create(store) as Store
  wrapped.append = async (...args) => {
    if (dead) throw new StoreError('store', 'the process is dead')
    commits += 1
    if (commits === at && when === 'before') dead = true
    if (!dead) await store.append(...args)
    if (commits === at) dead = true
    if (dead) throw new StoreError('store', 'the process is dead')
  }
  wrapped.releaseLease = async (lease) => {
    if (!dead) await store.releaseLease(lease)
  }
  for (const method of [
    'createRun',
    'getRun',
    'findRuns',
    'listRuns',
    'putDefinition',
    'getDefinition',
    'readEvents',
    'acquireLease',
    'heartbeat',
    'getLease',
    'sendCommand',
    'pendingCommands',
    'finishCommands',
    'claimPrediction',
    'cacheGet',
    'cacheWrite',
    'cacheEvict',
    'secretKey',
    'close',
  ] as const) {
    // Private fields of the real store need the real receiver.
    wrapped[method] = (store[method] as (...args: never[]) => never).bind(store)
  }
  return { store: wrapped, died: () => dead }
}

describe('a run whose process dies', () => {
  it('ends as the undisturbed run does, creating nothing twice, wherever it dies (invariants 1, 3, 4)', async () => {
    rig = await openRig({ models })
    const workflow = await rig.load(everything)
    const undisturbed = await (await startRun(rig.parts, workflow, { inputs: {} })).done
    const creates = rig.provider.creates.length
    expect(undisturbed.status).toBe('succeeded')
    let deaths = 0
    for (let at = 1; at < 100; at += 1) {
      let anyDeath = false
      for (const when of ['before', 'after'] as const) {
        await rig.close()
        rig = await openRig({ models })
        const again = await rig.load(everything)
        const dying = dyingStore(rig.store, at, when)
        const driving = await startRun({ ...rig.parts, store: dying.store }, again, { inputs: {}, runId: 'r' })
        const first = await driving.done.catch((error: unknown) => error)
        if (!dying.died()) continue
        expect(first).toBeInstanceOf(StoreError)
        anyDeath = true
        deaths += 1
        const resumed = await (await resumeRun(rig.another(), 'r')).done
        expect(outcome(resumed), `death at commit ${at}, ${when} it was durable`).toEqual(outcome(undisturbed))
        expect(rig.provider.creates.length, `death at commit ${at}, ${when} it was durable`).toBe(creates)
      }
      if (!anyDeath) break
    }
    expect(deaths).toBeGreaterThan(20)
  })

  it('survives several deaths in a row, at any points', async () => {
    rig = await openRig({ models })
    const undisturbed = await (await startRun(rig.parts, await rig.load(everything), { inputs: {} })).done
    const creates = rig.provider.creates.length
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ at: fc.integer({ min: 1, max: 12 }), after: fc.boolean() }), {
          minLength: 1,
          maxLength: 5,
        }),
        async (deaths) => {
          await rig.close()
          rig = await openRig({ models })
          const workflow = await rig.load(everything)
          let parts = rig.parts
          for (const [turn, death] of deaths.entries()) {
            const dying = dyingStore(rig.store, death.at, death.after ? 'after' : 'before')
            const mortal = { ...parts, store: dying.store }
            const driving =
              turn === 0 ? await startRun(mortal, workflow, { inputs: {}, runId: 'r' }) : await resumeRun(mortal, 'r')
            await driving.done.catch(() => {})
            // Another one lives; this one's holder counts as gone.
            const before = parts
            parts = rig.another()
            const probe = parts.probe
            parts.probe = (held) => (held.pid === before.holder.pid ? 'gone' : probe(held))
          }
          const last = await (await resumeRun(parts, 'r')).done
          expect(outcome(last)).toEqual(outcome(undisturbed))
          expect(rig.provider.creates.length).toBe(creates)
        },
      ),
      { numRuns: 25 },
    )
  })

  it('folds its journal to the very state that the live run had', async () => {
    rig = await openRig({ models })
    const live = await (await startRun(rig.parts, await rig.load(everything), { inputs: {} })).done
    expect(await readRun(rig.parts, live.run_id)).toEqual(live)
    const events = await rig.store.readEvents(live.run_id)
    expect(events.map((event) => event.seq)).toEqual(events.map((_, at) => at + 1))
    expect(foldEvents(live.run_id, events).status).toBe('succeeded')
  })
})

describe('who drives', () => {
  it('refuses a second driver while the first lives, and names it', async () => {
    const gate = deferred()
    rig = await openRig({ models: { 'o/wait': () => gate.promise.then(() => 1) } })
    const driving = await startRun(rig.parts, await rig.load('name: w\nsteps: { a: { model: o/wait } }'), {
      inputs: {},
    })
    const other = { ...rig.parts, holder: { ...rig.parts.holder, pid: 4242 } }
    await expect(resumeRun(other, driving.run_id)).rejects.toMatchObject({
      code: 'held',
      message: expect.stringContaining(String(rig.parts.holder.pid)),
    })
    gate.resolve()
    expect((await driving.done).status).toBe('succeeded')
  })

  describe('a run that a process on another machine was driving', () => {
    const far = { pid: 9, host: 'far.example', started: '1', boot: 'another' }
    const clock = eagerClock(20_000)

    /** A run that waits, held by a process that this one can't look at. */
    async function heldElsewhere() {
      rig = await openRig({ clock })
      const parts = { ...rig.parts, probe: (): 'elsewhere' => 'elsewhere' }
      const driving = await startRun(parts, await rig.load('name: w\nsteps: { a: { approval: { message: m } } }'), {
        inputs: {},
      })
      await driving.done
      const taken = await rig.store.acquireLease(driving.run_id, far, () => true)
      if (!('lease' in taken)) throw new Error('not taken')
      return { parts, runId: driving.run_id, lease: taken.lease }
    }

    it('is taken once its lease has ended, and that is said before it is waited for', async () => {
      const { parts, runId } = await heldElsewhere()
      const told: [string, number][] = []
      const waiting = ({ host }: typeof far, ms: number) => void told.push([host, ms])
      const result = await (await resumeRun(parts, runId, { waiting })).done
      expect(result.status).toBe('waiting')
      expect(told).toEqual([['far.example', 15_000]])
      expect(clock.slept).toContain(15_000)
    })

    it('is left to a process that has renewed its lease meanwhile', async () => {
      const { parts, runId, lease } = await heldElsewhere()
      let renewed: Promise<boolean> | undefined
      const waiting = () => {
        clock.advance(3_000)
        renewed = rig.store.heartbeat(lease)
      }
      await expect(resumeRun(parts, runId, { waiting })).rejects.toMatchObject({
        code: 'held',
        message: expect.stringContaining('process 9 on far.example'),
      })
      expect(await renewed).toBe(true)
    })

    it('is not waited for any longer than somebody wants', async () => {
      const { parts, runId } = await heldElsewhere()
      const signal = AbortSignal.abort(new CancelledError('enough'))
      await expect(resumeRun(parts, runId, { signal })).rejects.toThrow('enough')
    })
  })

  it('lets a driver that lost its lease write nothing more (invariant 5)', async () => {
    const gate = deferred()
    let calls = 0
    rig = await openRig({
      models: {
        'o/wait': () => {
          calls += 1
          return calls === 1 ? gate.promise.then(() => 'old') : 'new'
        },
      },
    })
    const driving = await startRun(rig.parts, await rig.load('name: w\nsteps: { a: { model: o/wait } }'), {
      inputs: {},
    })
    const done = driving.done.catch((error: unknown) => error)
    while (calls === 0) await new Promise(setImmediate)
    const taken = await (await resumeRun(rig.another(), driving.run_id)).done
    const before = (await rig.store.readEvents(driving.run_id)).length
    gate.resolve()
    expect(await done).toMatchObject({ code: 'lease_lost' })
    expect(taken.steps.a?.output).toBe('new')
    expect(await rig.store.readEvents(driving.run_id)).toHaveLength(before)
    expect(rig.provider.creates).toHaveLength(1)
  })

  it('attaches to the same run by its id, and refuses the id for another definition or other inputs (ruling 26)', async () => {
    rig = await openRig({ models: { 'o/echo': ({ input }) => input.text as Json } })
    const yaml =
      'name: w\ninputs: { t: { type: string, default: a } }\nsteps: { a: { model: o/echo, input: { text: "${{ inputs.t }}" } } }'
    const first = await (await startRun(rig.parts, await rig.load(yaml), { inputs: {}, runId: 'same' })).done
    const again = await (await startRun(rig.parts, await rig.load(yaml), { inputs: {}, runId: 'same' })).done
    expect(again).toEqual(first)
    expect(rig.provider.creates).toHaveLength(1)
    await expect(
      startRun(rig.parts, await rig.load(yaml), { inputs: { t: 'b' }, runId: 'same' }),
    ).rejects.toMatchObject({ code: 'run_mismatch' })
    await expect(
      startRun(rig.parts, await rig.load(`${yaml}\noutputs: { x: 1 }`), { inputs: {}, runId: 'same' }),
    ).rejects.toMatchObject({ code: 'run_mismatch' })
  })
})

describe('cancelling and pausing', () => {
  it('cancels what is in flight, runs finally, ends cancelled, and goes on when resumed (invariant 7, ruling 22)', async () => {
    const begun = deferred()
    let first = true
    rig = await openRig({
      models: {
        'o/quick': () => 'q',
        'o/slow': () => {
          if (!first) return 's'
          first = false
          begun.resolve()
          return new Promise<never>(() => {})
        },
        'o/report': ({ input }) => input.status as Json,
      },
    })
    const yaml = `
name: c
steps:
  quick: { model: o/quick }
  slow: { model: o/slow, needs: [quick] }
  after: { value: "\${{ steps.slow.output }}!" }
finally: { report: { model: o/report, input: { status: "\${{ run.status }}" } } }
outputs: { after: "\${{ steps.after.output }}" }
`
    const driving = await startRun(rig.parts, await rig.load(yaml), { inputs: {} })
    await begun.promise
    driving.cancel('a test')
    const cancelled = await driving.done
    expect(cancelled).toMatchObject({
      status: 'cancelled',
      steps: { quick: { status: 'succeeded' }, slow: { status: 'cancelled' }, report: { output: 'cancelled' } },
    })
    expect(cancelled.steps.after).toBeUndefined()
    expect(rig.provider.cancelled).toEqual(['o/slow'])
    const resumed = await (await resumeRun(rig.another(), driving.run_id)).done
    expect(resumed).toMatchObject({ status: 'succeeded', outputs: { after: 's!' } })
    expect(rig.provider.creates.filter((made) => made.model === 'o/quick')).toHaveLength(1)
  })

  it('keeps the rounds of a repeat that was cancelled in the middle', async () => {
    const begun = deferred()
    let calls = 0
    rig = await openRig({
      models: {
        'o/round': ({ input }) => {
          calls += 1
          if (calls !== 2) return Number(input.before ?? 0) + 1
          begun.resolve()
          return new Promise<never>(() => {})
        },
      },
    })
    const yaml = `
name: c
steps: { r: { model: o/round, input: { before: "\${{ previous }}" }, repeat: { until: output >= 2, max: 5 } } }
outputs: { r: "\${{ steps.r.output }}" }
`
    const driving = await startRun(rig.parts, await rig.load(yaml), { inputs: {} })
    await begun.promise
    driving.cancel('a test')
    expect((await driving.done).status).toBe('cancelled')
    const resumed = await (await resumeRun(rig.another(), driving.run_id)).done
    expect(resumed).toMatchObject({ status: 'succeeded', outputs: { r: 2 } })
    expect(rig.provider.creates.map((made) => made.input.before)).toEqual([null, 1, 1])
  })

  it('journals nothing after it was abandoned, and a resume takes the open call up again', async () => {
    const begun = deferred()
    let first = true
    rig = await openRig({
      models: {
        'o/slow': () => {
          begun.resolve()
          if (!first) return 'done'
          first = false
          return new Promise<never>(() => {})
        },
      },
    })
    const driving = await startRun(rig.parts, await rig.load('name: a\nsteps: { s: { model: o/slow } }'), {
      inputs: {},
    })
    await begun.promise
    driving.abandon(new CancelledError('second Ctrl-C', { code: 'interrupted' }))
    await expect(driving.done).rejects.toMatchObject({ code: 'interrupted' })
    expect(await readRun(rig.parts, driving.run_id)).toMatchObject({ status: 'running', interrupted: true })
    expect(await (await resumeRun(rig.another(), driving.run_id)).done).toMatchObject({
      status: 'succeeded',
      steps: { s: { output: 'done' } },
    })
    expect(rig.provider.creates).toHaveLength(1)
  })

  it('cancels from another process, with and without a driver', async () => {
    const begun = deferred()
    rig = await openRig({
      models: {
        'o/slow': () => {
          begun.resolve()
          return new Promise<never>(() => {})
        },
      },
    })
    const workflow = await rig.load('name: a\nsteps: { s: { model: o/slow } }')
    const driving = await startRun(rig.parts, workflow, { inputs: {} })
    await begun.promise
    const asked = await cancelRun(
      { ...rig.parts, holder: { ...rig.parts.holder, pid: 4243 } },
      driving.run_id,
      'another process',
    )
    expect((await asked.done).status).toBe('cancelled')
    expect((await driving.done).status).toBe('cancelled')
    const second = await startRun(rig.parts, workflow, { inputs: {} })
    second.abandon(new CancelledError('gone', { code: 'interrupted' }))
    await second.done.catch(() => {})
    expect((await (await cancelRun(rig.another(), second.run_id, 'me')).done).status).toBe('cancelled')
  })

  it('cancels the items of a foreach where they run, also when nobody drives it', async () => {
    let calls = 0
    const both = deferred()
    rig = await openRig({
      models: {
        'o/slow': () => {
          calls += 1
          if (calls === 2) both.resolve()
          return new Promise<never>(() => {})
        },
      },
    })
    const yaml =
      'name: f\nsteps: { s: { model: o/slow, input: { n: "${{ item }}" }, foreach: { in: [1, 2, 3], max_concurrency: 2 } } }'
    const driving = await startRun(rig.parts, await rig.load(yaml), { inputs: {} })
    await both.promise
    driving.abandon(new CancelledError('gone', { code: 'interrupted' }))
    await driving.done.catch(() => {})
    const { steps } = await (await cancelRun(rig.another(), driving.run_id, 'me')).done
    expect(steps.s).toMatchObject({ status: 'cancelled', items: [{ status: 'cancelled' }, { status: 'cancelled' }] })
    expect(rig.provider.cancelled).toEqual(['o/slow', 'o/slow'])
  })

  it('runs the items of a foreach that were cancelled when it goes on, although another one had failed', async () => {
    const begun = deferred()
    let first = true
    rig = await openRig({
      models: {
        'o/item': ({ index }) => {
          if (index === 0) throw new Error('no')
          if (!first) return index as number
          first = false
          begun.resolve()
          return new Promise<never>(() => {})
        },
      },
    })
    const yaml =
      'name: f\nsteps: { s: { model: o/item, input: { n: "${{ item }}" }, foreach: { in: [1, 2, 3], max_concurrency: 1 } } }'
    const driving = await startRun(rig.parts, await rig.load(yaml), { inputs: {} })
    await begun.promise
    driving.cancel('a test')
    expect((await driving.done).steps.s).toMatchObject({ status: 'cancelled' })
    const resumed = await (await resumeRun(rig.another(), driving.run_id)).done
    expect(resumed.steps.s).toMatchObject({
      status: 'failed',
      items: [{ status: 'failed' }, { status: 'succeeded', output: 1 }, { status: 'succeeded', output: 2 }],
    })
  })

  it('starts no more items after a failure with fail_fast, also when the process died right after it', async () => {
    const failing = deferred()
    rig = await openRig({
      models: {
        'o/item': ({ index }) =>
          index === 0 ? failing.promise.then(() => Promise.reject(new Error('no'))) : new Promise<never>(() => {}),
      },
    })
    const yaml =
      'name: f\nsteps: { s: { model: o/item, input: { n: "${{ item }}" }, foreach: { in: [1, 2, 3, 4], max_concurrency: 2, fail_fast: true } } }'
    const driving = await startRun(
      {
        ...rig.parts,
        bus: ({ event }) => {
          if (event.type === 'step.settled' && event.index === 0)
            driving.abandon(new CancelledError('gone', { code: 'interrupted' }))
        },
      },
      await rig.load(yaml),
      { inputs: {} },
    )
    while (rig.provider.creates.length < 2) await new Promise(setImmediate)
    failing.resolve()
    await expect(driving.done).rejects.toMatchObject({ code: 'interrupted' })
    const resumed = await (await resumeRun(rig.another(), driving.run_id)).done
    expect(resumed.steps.s).toMatchObject({ status: 'failed', items: [{ status: 'failed' }, { status: 'cancelled' }] })
    expect(rig.provider.creates).toHaveLength(2)
    expect(rig.provider.cancelled).toContain('o/item')
  })

  it('pauses without cancelling what is in flight, and goes on when resumed', async () => {
    const begun = deferred()
    const gate = deferred()
    rig = await openRig({
      models: {
        'o/slow': () => {
          begun.resolve()
          return gate.promise.then(() => 1)
        },
      },
    })
    const yaml = 'name: p\nsteps: { s: { model: o/slow }, t: { value: 2, needs: [s] } }'
    const driving = await startRun(rig.parts, await rig.load(yaml), { inputs: {} })
    await begun.promise
    await pauseRun(rig.parts, driving.run_id, 'a test')
    driving.pause('a test')
    gate.resolve()
    expect(await driving.done).toMatchObject({
      status: 'waiting',
      waiting_for: 'resume',
      steps: { s: { status: 'succeeded' } },
    })
    expect(await (await resumeRun(rig.parts, driving.run_id)).done).toMatchObject({
      status: 'succeeded',
      steps: { t: { output: 2 } },
    })
  })
})

describe('an approval', () => {
  const yaml = `
name: ask
steps:
  other: { value: 1 }
  ok: { approval: { message: "Spend \${{ steps.other.output }} dollar?", inputs: { limit: { type: number, default: 5 } } } }
  after: { value: "\${{ steps.ok.output.inputs.limit }}" }
outputs: { limit: "\${{ steps.after.output }}" }
`
  it('waits until somebody answers, then goes on with the answer (ruling 15)', async () => {
    rig = await openRig()
    const waiting = await (await startRun(rig.parts, await rig.load(yaml), { inputs: {} })).done
    expect(waiting).toMatchObject({
      status: 'waiting',
      waiting_for: 'approval',
      steps: { ok: { status: 'waiting', reason: 'Spend 1 dollar?' } },
    })
    await expect(
      answerApproval(rig.parts, waiting.run_id, { approved: true, inputs: { limit: 'x' }, by: 'me' }),
    ).rejects.toMatchObject({ code: 'invalid_input' })
    await answerApproval(rig.parts, waiting.run_id, { approved: true, inputs: { limit: 9 }, by: 'me' })
    const result = await (await resumeRun(rig.parts, waiting.run_id)).done
    expect(result).toMatchObject({ status: 'succeeded', outputs: { limit: 9 } })
    expect(result.steps.ok?.output).toMatchObject({ approved: true, by: 'me' })
  })

  it('fails as rejected when it is rejected', async () => {
    rig = await openRig()
    const waiting = await (await startRun(rig.parts, await rig.load(yaml), { inputs: {} })).done
    await answerApproval(rig.parts, waiting.run_id, { approved: false, inputs: {}, by: 'me' })
    const result = await (await resumeRun(rig.parts, waiting.run_id)).done
    expect(result).toMatchObject({
      status: 'failed',
      steps: { ok: { error: { code: 'rejected' } }, after: { status: 'skipped' } },
    })
  })
})

describe('retrying', () => {
  it('runs failed steps and what depends on them again in a new attempt, and nothing else (ruling 21)', async () => {
    let healthy = false
    rig = await openRig({
      models: {
        'o/good': () => 'good',
        'o/flaky': ({ input }) => {
          if (!healthy && input.n === 2) throw new Error('not today')
          return input.n as Json
        },
      },
    })
    const workflow = await rig.load(`
name: r
steps:
  good: { model: o/good }
  each: { model: o/flaky, needs: [good], foreach: { in: [1, 2, 3] }, input: { n: "\${{ item }}" } }
  after: { value: "\${{ steps.each.output }}" }
outputs: { all: "\${{ steps.after.output }}" }
`)
    const failed = await (await startRun(rig.parts, workflow, { inputs: {} })).done
    expect(failed.status).toBe('failed')
    healthy = true
    expect(await planRetry(rig.parts, failed.run_id, { choice: { failed: true } })).toMatchObject([
      { step: 'each', indexes: [1] },
      { step: 'after' },
    ])
    const retried = await retryRun(rig.parts, failed.run_id, { choice: { failed: true }, by: 'me' })
    expect(await retried.done).toMatchObject({ status: 'succeeded', outputs: { all: [1, 2, 3] } })
    expect(rig.provider.creates.map((made) => `${made.model} ${(made.input.n ?? '') as string}`)).toEqual([
      'o/good ',
      'o/flaky 1',
      'o/flaky 2',
      'o/flaky 3',
      'o/flaky 2',
    ])
  })

  it('with the current definition runs again what changed and what depends on it (invariant 6)', async () => {
    rig = await openRig({ models: { 'o/a': () => 'a', 'o/b': ({ input }) => input.t as Json } })
    const yaml = (text: string) => `
name: d
steps:
  a: { model: o/a }
  b: { model: o/b, input: { t: "${text} \${{ steps.a.output }}" } }
outputs: { b: "\${{ steps.b.output }}" }
`
    const first = await (await startRun(rig.parts, await rig.load(yaml('old')), { inputs: {} })).done
    const current = await rig.load(yaml('new'))
    const retried = await retryRun(rig.parts, first.run_id, { choice: { failed: true }, current, by: 'me' })
    expect(retried.reset.map((reset) => reset.step)).toEqual(['b'])
    expect((await retried.done).outputs).toEqual({ b: 'new a' })
    expect(rig.provider.creates.filter((made) => made.model === 'o/a')).toHaveLength(1)
  })
})

describe('a run in the middle', () => {
  it('takes up another definition, keeping what did not change (invariant 6)', async () => {
    rig = await openRig({ models: { 'o/a': () => 'a', 'o/b': ({ input }) => input.t as Json } })
    const yaml = (text: string) => `
name: d
steps:
  a: { model: o/a }
  ok: { approval: "Go on?" }
  b: { model: o/b, needs: [ok], input: { t: "${text} \${{ steps.a.output }}" } }
outputs: { b: "\${{ steps.b.output }}" }
`
    const waiting = await (await startRun(rig.parts, await rig.load(yaml('old')), { inputs: {} })).done
    const current = await rig.load(yaml('new'))
    const again = await retryRun(rig.parts, waiting.run_id, { choice: { failed: true }, current, by: 'me' })
    expect(again.reset).toEqual([])
    expect(await again.done).toMatchObject({ status: 'waiting' })
    await answerApproval(rig.parts, waiting.run_id, { approved: true, inputs: {}, by: 'me' })
    const result = await (await resumeRun(rig.parts, waiting.run_id)).done
    expect(result.outputs).toEqual({ b: 'new a' })
    expect(rig.provider.creates.filter((made) => made.model === 'o/a')).toHaveLength(1)
  })

  it('is listed with what it cost so far, also when its process is gone', async () => {
    const begun = deferred()
    rig = await openRig({
      models: {
        'o/quick': () => 1,
        'o/slow': () => {
          begun.resolve()
          return new Promise<never>(() => {})
        },
      },
    })
    const yaml = 'name: l\nsteps: { a: { model: o/quick }, b: { model: o/slow, needs: [a] } }'
    const driving = await startRun(rig.parts, await rig.load(yaml), { inputs: {} })
    await begun.promise
    driving.abandon(new CancelledError('gone', { code: 'interrupted' }))
    await driving.done.catch(() => {})
    expect(await rig.store.getRun(driving.run_id)).toMatchObject({ status: 'running', cost_usd: 0.01 })
  })
})

describe('secrets', () => {
  it('never reach the journal, and are asked for again and compared at a resume (ruling 27)', async () => {
    const begun = deferred()
    let first = true
    rig = await openRig({
      models: {
        'o/leak': ({ input }) => {
          begun.resolve()
          if (!first) return `the key is ${input.key as string}`
          first = false
          return new Promise<never>(() => {})
        },
      },
    })
    const yaml = `
name: s
inputs: { key: { type: string, secret: true, required: true } }
steps: { leak: { model: o/leak, input: { key: "\${{ inputs.key }}" } } }
outputs: { text: "\${{ steps.leak.output }}" }
`
    const driving = await startRun(rig.parts, await rig.load(yaml), { inputs: { key: 'hunter2-secret' } })
    await begun.promise
    driving.abandon(new CancelledError('gone', { code: 'interrupted' }))
    await driving.done.catch(() => {})
    const parts = rig.another()
    await expect(resumeRun(parts, driving.run_id)).rejects.toMatchObject({ code: 'missing_secret' })
    await expect(resumeRun(parts, driving.run_id, { inputs: { key: 'wrong' } })).rejects.toMatchObject({
      code: 'missing_secret',
    })
    const result = await (await resumeRun(parts, driving.run_id, { inputs: { key: 'hunter2-secret' } })).done
    expect(result.outputs.text).toBe('the key is ***')
    expect(JSON.stringify(await rig.store.readEvents(driving.run_id))).not.toContain('hunter2-secret')
  })
})
