import { afterEach, describe, expect, it } from 'vitest'
import { NonRetryableError } from '../../src/domain/errors.ts'
import { deferred } from '../../src/std/deferred.ts'
import type { Json, JsonObject } from '../../src/std/json.ts'
import { startRun } from '../../src/workflow/engine.ts'
import { type ModelCall, openRig, type Rig, type RigOptions } from './rig.ts'

let rig: Rig | undefined
afterEach(async () => {
  await rig?.close()
  rig = undefined
})

async function run(yaml: string, inputs: JsonObject = {}, options: RigOptions = {}) {
  rig = await openRig(options)
  const driving = await startRun(rig.parts, await rig.load(yaml), { inputs })
  return driving.done
}

const echo = { 'o/echo': ({ input }: ModelCall) => input.text as Json }

describe('a run', () => {
  it('runs steps in the order of what they use and renders its outputs', async () => {
    const result = await run(
      `
name: greet
inputs: { who: { type: string, required: true } }
steps:
  shout: { value: "\${{ upper(steps.hello.output) }}!" }
  hello: { model: o/echo, input: { text: "hello \${{ inputs.who }}" } }
outputs: { text: "\${{ steps.shout.output }}" }
`,
      { who: 'Ada' },
      { models: echo },
    )
    expect(result).toMatchObject({
      status: 'succeeded',
      workflow: 'greet',
      outputs: { text: 'HELLO ADA!' },
      cost_usd: 0.01,
    })
    expect(result.steps.hello).toMatchObject({
      status: 'succeeded',
      output: 'hello Ada',
      attempts: 1,
      model: 'o/echo',
      cost_usd: 0.01,
    })
  })

  it('starts a step as soon as its needs are settled, whatever its level (invariant 2)', async () => {
    const gate = deferred()
    const result = await run(
      `
name: uneven
steps:
  slow: { model: o/slow }
  quick: { model: o/echo, input: { text: a } }
  after_quick: { model: o/opens, needs: [quick] }
`,
      {},
      {
        models: {
          ...echo,
          'o/slow': () => gate.promise.then(() => 'slow'),
          // Were there a level barrier, nobody would ever open the gate.
          'o/opens': () => {
            gate.resolve()
            return 'opened'
          },
        },
      },
    )
    expect(result.status).toBe('succeeded')
  })

  it('keeps going when a step fails, skips what depends on it, and ends failed (ruling 9)', async () => {
    const result = await run(
      `
name: half
steps:
  bad: { model: o/bad }
  after_bad: { model: o/echo, needs: [bad], input: { text: x } }
  other: { model: o/echo, input: { text: fine } }
  handled: { model: o/echo, condition: 'failed("bad")', input: { text: "\${{ steps.bad.error.message }}" } }
`,
      {},
      {
        models: {
          ...echo,
          'o/bad': () => {
            throw new Error('broken glass')
          },
        },
      },
    )
    expect(result.status).toBe('failed')
    expect(result.error).toMatchObject({ code: 'step_failed', step: 'bad' })
    expect(result.steps.after_bad).toMatchObject({ status: 'skipped', reason: '"bad" failed' })
    expect(result.steps.other).toMatchObject({ status: 'succeeded' })
    expect(result.steps.handled).toMatchObject({ status: 'succeeded', output: 'broken glass' })
  })

  it('lets dependents of a step with on_error: continue run, with null as its output (ruling 10)', async () => {
    const result = await run(
      `
name: lenient
steps:
  bad: { model: o/bad, on_error: continue }
  after: { value: { got: "\${{ steps.bad.output }}", why: "\${{ steps.bad.error.code }}" }, needs: [bad] }
outputs: { after: "\${{ steps.after.output }}" }
`,
      {},
      {
        models: {
          'o/bad': () => {
            throw new Error('no')
          },
        },
      },
    )
    expect(result).toMatchObject({ status: 'succeeded', outputs: { after: { got: null, why: 'exception' } } })
    expect(result.steps.bad?.status).toBe('failed')
  })

  it('skips a step whose condition is false and says so', async () => {
    const result = await run(`
name: choosy
steps:
  score: { value: 3 }
  big: { value: big, needs: [score], condition: output > 5 }
  small: { value: small, needs: [score], condition: output <= 5 }
  join: { value: "\${{ steps.big.output ?? steps.small.output }}", condition: always() }
outputs: { size: "\${{ steps.join.output }}" }
`)
    expect(result.outputs).toEqual({ size: 'small' })
    expect(result.steps.big).toMatchObject({ status: 'skipped' })
    expect(result.steps.big?.reason).toContain('output > 5')
  })

  it('never has more calls in flight than max_concurrency', async () => {
    let now = 0
    let most = 0
    const result = await run(
      `
name: narrow
max_concurrency: 3
steps:
  many: { model: o/count, foreach: { in: "\${{ range(20) }}" }, input: { n: "\${{ item }}" } }
  more: { model: o/count, foreach: { in: "\${{ range(20) }}" }, input: { n: "\${{ item }}" } }
`,
      {},
      {
        models: {
          'o/count': async () => {
            now += 1
            most = Math.max(most, now)
            await new Promise(setImmediate)
            now -= 1
            return null
          },
        },
      },
    )
    expect(result.status).toBe('succeeded')
    expect(most).toBe(3)
  })
})

describe('a foreach', () => {
  it('keeps the order of its list, whichever item ends first', async () => {
    const result = await run(
      `
name: ordered
steps:
  each: { model: o/late, foreach: { in: [3, 1, 2] }, input: { n: "\${{ item }}", at: "\${{ index }}" } }
outputs: { all: "\${{ steps.each.output }}" }
`,
      {},
      {
        models: {
          'o/late': async ({ input }) => {
            for (let turn = 0; turn < Number(input.n) * 3; turn += 1) await new Promise(setImmediate)
            return `${input.at as number}:${input.n as number}`
          },
        },
      },
    )
    expect(result.outputs.all).toEqual(['0:3', '1:1', '2:2'])
    expect(result.steps.each?.items?.map((item) => item.index)).toEqual([0, 1, 2])
  })

  it('gives an empty list for an empty list, and fails for what is no list (ruling 12)', async () => {
    const result = await run(`
name: edges
steps:
  none: { value: 1, foreach: { in: [] } }
  wrong: { value: 1, foreach: { in: "\${{ parse_json('{}') }}" } }
`)
    expect(result.steps.none).toMatchObject({ status: 'succeeded', output: [], items: [] })
    expect(result.steps.wrong).toMatchObject({ status: 'failed', error: { code: 'expression_failed' } })
  })

  it('judges a condition that names the item for each item and holds null where one was skipped', async () => {
    const result = await run(`
name: some
steps:
  odd: { value: "\${{ n * 10 }}", foreach: { in: [1, 2, 3], as: n }, condition: n % 2 == 1 }
outputs: { odd: "\${{ steps.odd.output }}" }
`)
    expect(result.outputs.odd).toEqual([10, null, 30])
  })

  it('runs every item although one fails, then fails; with fail_fast it starts no more', async () => {
    const models = {
      'o/odd': ({ input }: ModelCall) => {
        if (input.n === 1) throw new Error('one is bad')
        return input.n as Json
      },
    }
    const yaml = (failFast: boolean) => `
name: partly
max_concurrency: 1
steps:
  each: { model: o/odd, foreach: { in: [0, 1, 2, 3], fail_fast: ${failFast} }, input: { n: "\${{ item }}" } }
`
    const slow = await run(yaml(false), {}, { models })
    expect(slow.steps.each).toMatchObject({ status: 'failed' })
    expect(slow.steps.each?.items?.map((item) => item.status)).toEqual([
      'succeeded',
      'failed',
      'succeeded',
      'succeeded',
    ])
    await rig?.close()
    const fast = await run(yaml(true), {}, { models })
    expect(fast.steps.each?.items?.map((item) => item.status)).toEqual(['succeeded', 'failed'])
    expect(fast.steps.each?.error?.message).toContain('one is bad')
  })

  it('streams many items through a bounded window and keeps journal rows small', async () => {
    let now = 0
    let most = 0
    const result = await run(
      `
name: stream
max_concurrency: 50
steps:
  each: { model: o/n, foreach: { in: "\${{ range(2000) }}", max_concurrency: 7 }, input: { n: "\${{ item }}" } }
`,
      {},
      {
        models: {
          'o/n': async ({ input }) => {
            now += 1
            most = Math.max(most, now)
            await Promise.resolve()
            now -= 1
            return input.n as Json
          },
        },
      },
    )
    expect(result.steps.each?.items).toHaveLength(2000)
    expect(most).toBeLessThanOrEqual(7)
    const events = await (rig as Rig).store.readEvents(result.run_id)
    const bytes = (from: number, to: number) => JSON.stringify(events.slice(from, to)).length / (to - from)
    expect(bytes(events.length - 500, events.length)).toBeLessThan(bytes(100, 600) * 1.1)
  })
})

describe('a repeat', () => {
  it('goes on until its condition holds, showing each round the one before', async () => {
    const result = await run(
      `
name: polish
steps:
  draft:
    model: o/polish
    input: { before: "\${{ previous }}" }
    repeat: { until: output.score >= 0.9, max: 5 }
outputs: { text: "\${{ steps.draft.output }}" }
`,
      {},
      {
        models: {
          'o/polish': ({ input }) => {
            const before = (input.before as { score: number } | null)?.score ?? 0
            return { score: before + 0.5 }
          },
        },
      },
    )
    expect(result.outputs.text).toEqual({ score: 1 })
    expect(result.steps.draft).toMatchObject({ attempts: 2, cost_usd: 0.02 })
  })

  it('fails as repeat_exhausted when max is reached, and keeps its last output (ruling 13)', async () => {
    const result = await run(
      `
name: endless
steps:
  again: { model: o/same, repeat: { until: output > 1, max: 2 } }
`,
      {},
      { models: { 'o/same': () => 1 } },
    )
    expect(result.steps.again).toMatchObject({ status: 'failed', output: 1, error: { code: 'repeat_exhausted' } })
  })
})

describe('finally', () => {
  it('runs after success and after failure, sees run.status, and is not held back by failed needs', async () => {
    const yaml = (model: string) => `
name: tidy
steps: { work: { model: ${model} } }
finally:
  report: { value: "\${{ run.status }}: \${{ steps.work.status }}" }
`
    const models = {
      'o/bad': () => {
        throw new Error('no')
      },
      'o/good': () => 1,
    }
    const good = await run(yaml('o/good'), {}, { models })
    expect(good).toMatchObject({ status: 'succeeded', steps: { report: { output: 'succeeded: succeeded' } } })
    await rig?.close()
    const bad = await run(yaml('o/bad'), {}, { models })
    expect(bad).toMatchObject({ status: 'failed', steps: { report: { output: 'failed: failed' } } })
  })

  it('makes the run fail when it fails itself (ruling 14)', async () => {
    const result = await run(
      `
name: untidy
steps: { work: { value: 1 } }
finally: { report: { model: o/bad } }
`,
      {},
      {
        models: {
          'o/bad': () => {
            throw new Error('report lost')
          },
        },
      },
    )
    expect(result).toMatchObject({ status: 'failed', error: { step: 'report' } })
  })
})

describe('what stops a run', () => {
  it('leaves the run resumable when the provider refuses the token, and issues no more calls (ruling 18)', async () => {
    let calls = 0
    const result = await run(
      `
name: locked
max_concurrency: 1
steps: { each: { model: o/locked, foreach: { in: "\${{ range(1000) }}" } } }
`,
      {},
      {
        models: {
          'o/locked': () => {
            calls += 1
            throw new NonRetryableError('authentication', 'bad token')
          },
        },
      },
    )
    expect(calls).toBe(1)
    expect(result).toMatchObject({ status: 'waiting', waiting_for: 'resume', error: { code: 'authentication' } })
  })

  it('fails with budget_exceeded before the call that would pass the budget', async () => {
    const result = await run(
      `
name: thrifty
max_concurrency: 1
budget_usd: 0.035
steps: { each: { model: o/echo, foreach: { in: "\${{ range(10) }}" }, input: { text: "\${{ item }}" } } }
`,
      {},
      { models: echo },
    )
    expect(rig?.provider.creates).toHaveLength(3)
    expect(result).toMatchObject({ status: 'failed', error: { code: 'budget_exceeded' }, cost_usd: 0.03 })
  })

  it('fails a step whose template can not be rendered, and only that branch', async () => {
    const result = await run(`
name: broken
steps:
  bad: { value: "\${{ parse_json(steps.data.output).missing }}" }
  data: { value: '{"here": 1}' }
  fine: { value: ok }
`)
    expect(result).toMatchObject({
      status: 'failed',
      steps: { bad: { error: { code: 'expression_failed' } }, fine: { status: 'succeeded' } },
    })
  })
})
