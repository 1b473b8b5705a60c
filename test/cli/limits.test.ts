/** `limits` and `bulkhead` of agents, models and Replicate: each of their keys in YAML, and the verbs that show them. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/std/json.ts'
import { systemClock } from '../../src/std/clock.ts'
import { eagerClock } from '../../src/testing/eager-clock.ts'
import { type CliRig, openCli } from './rig.ts'

let cli: CliRig
beforeEach(async () => {
  cli = await openCli()
})
afterEach(() => cli.close())

const model = 'meta/meta-llama-3-8b-instruct'

/** Six calls of an agent at once. */
async function project({ agent = '', more = '', limits = '' }: { agent?: string; more?: string; limits?: string }) {
  const text = `agents:\n  writer: {model: ${model}${agent}}\n${more}${limits && `limits: ${limits}\n`}`
  await cli.write('replicate-agent.yaml', text)
  const items = `{in: [1, 2, 3, 4, 5, 6]}`
  const step = `{foreach: ${items}, agent: writer, input: {prompt: 'Say \${{ item }}.', max_tokens: 40}}`
  await cli.write('w.yaml', `name: w\nsteps:\n  say: ${step}\n`)
}

/** What the calls of a run said that they wait for, and how long, in seconds. */
async function waits(): Promise<{ for: string; seconds: number }[]> {
  const end = await cli.run('run w.yaml --sandbox --jsonl', { clock: eagerClock(60_000) })
  expect(end.code, end.stderr).toBe(0)
  return end.lines().flatMap(({ type, status }) => {
    const said = /^waiting for the limit of (.+), (\d+) s$/.exec(type === 'call.progress' ? String(status) : '')
    return said ? [{ for: said[1] as string, seconds: Number(said[2]) }] : []
  })
}

describe('a limit', () => {
  it.each([
    ['agent "writer"', { agent: ', limits: {requests_per_minute: 4}' }],
    ['agent "writer" (tokens)', { agent: ', limits: {tokens_per_minute: 100}' }],
    ['agent "writer" (dollars)', { agent: ', limits: {usd_per_minute: 0.000001}' }],
    [model, { limits: `{models: {${model}: {requests_per_minute: 4}}}` }],
    [`${model} (tokens)`, { limits: `{models: {${model}: {tokens_per_minute: 100}}}` }],
    [`${model} (dollars)`, { limits: `{models: {${model}: {usd_per_minute: 0.000001}}}` }],
    ['Replicate', { limits: '{replicate: {creates_per_minute: 4}}' }],
    ['Replicate (tokens)', { limits: '{replicate: {tokens_per_minute: 100}}' }],
    ['Replicate (dollars)', { limits: '{replicate: {usd_per_minute: 0.000001}}' }],
  ])('of %s holds calls back, which say so, and lets all of them go in the end', async (title, written) => {
    await project(written)
    const all = await waits()
    expect(all.length).toBeGreaterThan(0)
    expect(all.every((wait) => wait.for === title)).toBe(true)
    expect(Math.max(...all.map(({ seconds }) => seconds))).toBeGreaterThan(3)
  })

  it('is nothing that anybody waits for when there is none', async () => {
    await project({})
    expect(await waits()).toEqual([])
  })

  it.each([
    ['agent "writer"', (burst: number) => ({ agent: `, limits: {requests_per_minute: 7, burst: ${burst}}` })],
    [model, (burst: number) => ({ limits: `{models: {${model}: {requests_per_minute: 7, burst: ${burst}}}}` })],
    ['Replicate', (burst: number) => ({ limits: `{replicate: {creates_per_minute: 7, burst: ${burst}}}` })],
  ])('of %s lets a burst go at once', async (_title, written) => {
    await project(written(6))
    expect(await waits()).toEqual([])
    await cli.run('limits reset --all --sandbox')
    await project(written(1))
    expect((await waits()).length).toBeGreaterThanOrEqual(5)
  })

  it('of other requests holds polls back, and not creates', async () => {
    await project({ limits: '{replicate: {requests_per_minute: 4}}' })
    await cli.write('slow.yaml', 'latency: 3000\n')
    const clock = eagerClock(60_000)
    const end = await cli.run('run w.yaml --sandbox --faults slow.yaml --json', { clock })
    expect(end.code, end.stderr).toBe(0)
    expect(Math.max(...clock.slept)).toBeGreaterThan(10_000)
    const { limits } = (await cli.run('limits show replicate --sandbox --json')).json()
    expect(limits).toMatchObject([{ what: 'requests', in_use: true }])
  })

  it('of dollars is an error for a model whose price nobody knows', async () => {
    await project({ agent: ', price: {hardware: acme-chip}, limits: {usd_per_minute: 1}' })
    const end = await cli.run('run w.yaml --sandbox')
    expect([end.code, end.stderr]).toEqual([
      5,
      expect.stringContaining(
        'nobody knows what the call costs, so the `usd_per_minute` of agent "writer" can not be kept',
      ),
    ])
  })

  it('of dollars counts in the end what calls really cost, not what was set aside for them', async () => {
    // No time goes by, so nothing comes in.
    const at = Date.now()
    const clock = { ...systemClock, now: () => at }
    await project({ agent: ', limits: {usd_per_minute: 1}' })
    const run = (await cli.run('run w.yaml --sandbox --json', { clock })).json()
    const { limits } = (await cli.run('limits show writer --sandbox --json', { clock })).json() as {
      limits: { what: string; available: number }[]
    }
    expect(limits).toMatchObject([
      { what: 'dollars', available: expect.closeTo(0.1 - (run['cost_usd'] as number), 9) as number },
    ])
  })

  it('is shared by runs that follow each other', async () => {
    await project({ agent: ', limits: {requests_per_minute: 7, burst: 6}' })
    expect((await cli.run('run w.yaml --sandbox --json')).code).toBe(0)
    const { limits } = (await cli.run('limits show writer --sandbox --json')).json() as { limits: JsonObject[] }
    expect(limits[0]?.['available']).toBeLessThan(1)
    const all = await waits()
    expect(all).toHaveLength(6)
    expect(Math.max(...all.map(({ seconds }) => seconds))).toBeGreaterThan(30)
  })
})

describe('a bulkhead', () => {
  const calls = async () => {
    const end = await cli.run('run w.yaml --sandbox --json')
    const { steps } = end.json() as unknown as {
      steps: { say: { items: { status: string; model?: string; error?: { code: string; message: string } }[] } }
    }
    return steps.say.items
  }

  it.each([
    ['agent "writer"', (text: string) => ({ agent: `, retry: {attempts: 1}, bulkhead: ${text}` })],
    [
      model,
      (text: string) => ({ agent: ', retry: {attempts: 1}', limits: `{models: {${model}: {bulkhead: ${text}}}}` }),
    ],
    ['Replicate', (text: string) => ({ agent: ', retry: {attempts: 1}', limits: `{replicate: {bulkhead: ${text}}}` })],
  ])('of %s refuses calls beyond `max_queue`', async (title, written) => {
    await project(written('{max_concurrent: 1, max_queue: 2}'))
    const refused = (await calls()).filter(({ status }) => status === 'failed')
    expect(refused).toHaveLength(3)
    expect(refused[0]?.error).toMatchObject({
      code: 'resource_exhausted',
      message: expect.stringMatching(`^the bulkhead of ${title} is full: `),
    })
  })

  it.each([
    ['`bulkhead`', (places: number) => `bulkhead: {max_concurrent: ${places}}`],
    ['`limits.max_concurrency`', (places: number) => `limits: {max_concurrency: ${places}}`],
  ])('of an agent, written as %s, makes calls wait that find no place', async (_key, written) => {
    const waiting = async (places: number) => {
      await project({ agent: `, ${written(places)}` })
      const end = await cli.run('run w.yaml --sandbox --jsonl', { clock: eagerClock(60_000) })
      expect(end.code, end.stderr).toBe(0)
      const said = end.lines().filter(({ status }) => String(status).startsWith('waiting for a place'))
      expect(new Set(said.map(({ status }) => status)).size).toBeLessThanOrEqual(1)
      return said[0]?.['status']
    }
    expect(await waiting(1)).toBe('waiting for a place in the bulkhead of agent "writer"')
    expect(await waiting(6)).toBe(undefined)
  })

  it('refuses calls that waited for `queue_timeout`; without it, and without `max_queue`, all of them wait', async () => {
    const written = (text: string) => ({ agent: `, retry: {attempts: 1}, bulkhead: ${text}` })
    await project(written('{max_concurrent: 1, queue_timeout: 1ms}'))
    const late = (await calls()).filter(({ status }) => status === 'failed')
    expect(late.length).toBeGreaterThan(0)
    expect(late[0]?.error?.message).toContain('no place became free within 1ms')
    await project(written('{max_concurrent: 1}'))
    expect((await calls()).every(({ status }) => status === 'succeeded')).toBe(true)
  })

  it('sends what it refuses to the fallback, and teaches the router nothing of it', async () => {
    await project({
      agent: ', retry: {attempts: 1}, fallback: spare, bulkhead: {max_concurrent: 2, max_queue: 0}',
      more: '  spare: {model: openai/gpt-5-nano}\n',
    })
    const items = await calls()
    expect(items.map(({ status }) => status)).toEqual(Array(6).fill('succeeded'))
    expect(items.filter(({ model: called }) => called?.startsWith('openai/'))).toHaveLength(4)
    const { agents } = (await cli.run('router stats --sandbox --json')).json() as unknown as {
      agents: { agent: string; models: { failures: number }[] }[]
    }
    expect(agents.find(({ agent }) => agent === 'writer')?.models).toMatchObject([{ calls: 2, failures: 0 }])
  })
})

describe('limits list, show and reset', () => {
  it('tell what there is, what is left of it, and what was never used', async () => {
    await project({
      agent:
        ', limits: {requests_per_minute: 7, burst: 6, usd_per_minute: 0.5}, bulkhead: {max_concurrent: 3, max_queue: 9}',
      limits: `{models: {${model}: {tokens_per_minute: 100000}}}`,
    })
    expect((await cli.run('limits list')).stdout).toMatch(
      /^limit .*\nreplicate +creates +600 +60 +60 +not used yet\nreplicate +other requests +3,000 +300 +300 +not used yet\n/,
    )
    const before = await cli.run('limits list --sandbox')
    expect(before.stdout).toMatch(/^limit .*\nmeta\S+ +tokens +100,000 +10,000 +10,000 +not used yet\n/)
    expect(before.stdout).toMatch(/\nagent writer +dollars +\$0.5000 +\$0.0500 +\$0.0500 +not used yet\n/)
    expect(before.stdout).toMatch(/\n\nbulkhead +under way\nagent writer +0 of 3 +9 may wait\n$/)
    expect((await cli.run('run w.yaml --sandbox --json')).code).toBe(0)
    const shown = await cli.run('limits show writer --sandbox')
    expect(shown.stdout).toMatch(/^limit .*\nagent writer +calls +7 +6 +0\n/)
    expect((await cli.run('limits reset writer --sandbox')).stdout).toMatch(/^\d limits? reset\n$/)
    expect((await cli.run('limits show writer --sandbox')).stdout).toMatch(/calls +7 +6 +6 +not used yet\n/)
  })

  it('say that a limit is paused, and for how long', async () => {
    await project({ limits: '{replicate: {creates_per_minute: 100}}' })
    await cli.write('faults.yaml', "faults: ['meta/*:429=50:times=1']\n")
    const clock = eagerClock(1)
    let seen: string | undefined
    const end = cli.run('run w.yaml --sandbox --faults faults.yaml --json', { clock })
    while (seen === undefined) {
      clock.advance(1)
      const { limits } = (await cli.run('limits list --sandbox --json', { clock })).json() as { limits: JsonObject[] }
      seen = limits[0]?.['paused_until'] as string | undefined
      if (seen !== undefined)
        expect((await cli.run('limits list --sandbox', { clock })).stdout).toMatch(
          /replicate +creates .* paused for [45]\d\.\ds/,
        )
    }
    const stop = setInterval(() => clock.advance(60_000), 1)
    expect((await end).code).toBe(0)
    clearInterval(stop)
  })

  it('say what to do about a name that is none, and when there is nothing', async () => {
    await project({})
    expect((await cli.run('limits list --sandbox')).stderr).toContain('nothing holds calls back in the sandbox')
    const unknown = await cli.run('limits show replicat')
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('did you mean "replicate"?')])
    expect((await cli.run('limits reset nobody')).code).toBe(2)
    expect((await cli.run('limits reset')).code).toBe(2)
    expect((await cli.run('limits reset replicate')).stdout).toBe('nothing of it was in use\n')
  })
})

describe('what is wrong with limits', () => {
  it.each([
    ['{replicate: {bulkhead: {max_queue: 3}}}', '`max_concurrent` is missing in limits.replicate.bulkhead'],
    ['{replicate: {usd_per_minute: 0}}', 'must be a number of dollars, more than 0'],
    [`{models: {llama: {requests_per_minute: 3}}}`, 'must be a model: owner/name'],
    [
      `{models: {${model}: {requests_per_minute: 3, burst: 3}}}`,
      '`burst` (3) must be less than `requests_per_minute` (3)',
    ],
    [`{models: {${model}: {burst: 3}}}`, '`burst` is a part of `requests_per_minute`, which is missing'],
  ])('is told: %s', async (limits, message) => {
    await project({ limits })
    const end = await cli.run('config check')
    expect([end.code, end.stderr]).toEqual([3, expect.stringContaining(message)])
  })

  it('is told of an agent that says it twice', async () => {
    await project({ agent: ', limits: {max_concurrency: 2}, bulkhead: {max_concurrent: 3}' })
    const end = await cli.run('config check')
    expect([end.code, end.stderr]).toEqual([3, expect.stringContaining('say the same thing twice')])
  })
})
