/** `retry`, `timeout` and `cache` of an agent: each of their keys, in the configuration and through the command line. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Clock, systemClock } from '../../src/std/clock.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { eagerClock } from '../../src/testing/eager-clock.ts'
import { type CliRig, openCli } from './rig.ts'

let cli: CliRig
beforeEach(async () => {
  cli = await openCli()
})
afterEach(() => cli.close())

const small = 'meta/meta-llama-3-8b-instruct'
const agent = (policies: string) =>
  cli.write('replicate-agent.yaml', `agents:\n  writer: {model: ${small}${policies}}\n`)

describe('retry', () => {
  /** How long was waited before each further attempt, milliseconds, over so many calls that all fail. */
  async function waits(
    retry: string,
    calls = 1,
    fault = 'status=500',
    clock: Clock = eagerClock(10_000),
  ): Promise<number[]> {
    await agent(retry && `, retry: ${retry}`)
    await cli.write('faults.yaml', `latency: 1\nfaults: ['meta/*:${fault}']\n`)
    const list = JSON.stringify(Array.from({ length: calls }, (_, at) => at))
    const step = `{foreach: {in: ${list}}, agent: writer, input: {prompt: 'say \${{ item }}'}}`
    await cli.write('flow.yaml', `name: flow\nsteps:\n  say: ${step}\n`)
    const end = await cli.run('run flow.yaml --sandbox --faults faults.yaml --json', { clock })
    expect(end.code).toBe(1)
    const { events } = (await cli.run(`runs logs ${String(end.json()['run_id'])} --json`)).json() as {
      events: JsonObject[]
    }
    return events.flatMap(({ type, retry_in_ms }) => (type === 'call.settled' ? ((retry_in_ms as number) ?? []) : []))
  }

  test('has `attempts`, which are 3 by default', async () => {
    expect(await waits('')).toHaveLength(2)
    expect(await waits('{attempts: 1}')).toHaveLength(0)
    expect(await waits('{attempts: 5}')).toHaveLength(4)
  })

  test('waits `base_delay`, twice as long each time, and never more than `max_delay`', async () => {
    expect(await waits('{attempts: 4, jitter: none}')).toEqual([500, 1_000, 2_000])
    expect(await waits('{attempts: 4, jitter: none, base_delay: 2s}')).toEqual([2_000, 4_000, 8_000])
    expect(await waits('{attempts: 4, jitter: none, base_delay: 2s, max_delay: 3s}')).toEqual([2_000, 3_000, 3_000])
  })

  test('spreads delays as `jitter` says', async () => {
    const span = async (jitter: string) => {
      const all = await waits(`{attempts: 2, base_delay: 1s, jitter: ${jitter}}`, 40)
      expect(all).toHaveLength(40)
      return [Math.min(...all), Math.max(...all)] as const
    }
    const within = ([least, most]: readonly [number, number], low: number, high: number) => {
      expect(least).toBeGreaterThanOrEqual(low)
      expect(most).toBeLessThanOrEqual(high)
      // Of forty, some lie in the lower and some in the upper half, but once in 10¹².
      expect(least).toBeLessThan((low + high) / 2)
      expect(most).toBeGreaterThan((low + high) / 2)
    }
    expect(await span('none')).toEqual([1_000, 1_000])
    within(await span('full'), 0, 1_000)
    within(await span('equal'), 500, 1_000)
    within(await span('decorrelated'), 1_000, 3_000)
  })

  test('is of failures that `on` names', async () => {
    expect(await waits('{on: [timeout]}')).toHaveLength(0)
    expect(await waits('{on: server}')).toHaveLength(2)
    expect(await waits('{on: [timeout, resource_exhausted]}', 1, 'failed')).toHaveLength(0)
  })

  test('differs by class where `by_class` says so, and a class that is named there is tried again', async () => {
    const first = '{attempts: 2, jitter: none, by_class: {server: {attempts: 4, base_delay: 3s, max_delay: 5s}}}'
    expect(await waits(first)).toEqual([3_000, 5_000, 5_000])
    expect(await waits('{jitter: none, by_class: {network: {attempts: 9, base_delay: 3s}}}')).toEqual([500, 1_000])
    expect(await waits('{jitter: none, by_class: {exception: {}}}', 1, 'error=NSFW')).toEqual([500, 1_000])
    const spread = await waits('{attempts: 2, jitter: none, by_class: {server: {jitter: equal}}}', 20)
    expect(new Set(spread).size).toBeGreaterThan(5)
  })

  test('waits for a 429 as often as `by_class.rate_limited` says, and as long; otherwise as often as there is time', async () => {
    await cli.write('faults.yaml', `latency: 1\nfaults: ['meta/*:429=0:times=4']\n`)
    let asked = 0
    const ask = async (retry: string) => {
      await agent(`, retry: ${retry}`)
      const clock = eagerClock(100_000)
      // Of each question, the first four creates are refused.
      asked += 1
      const end = await cli.run(`agents run writer -i prompt=${asked} --sandbox --faults faults.yaml --json`, { clock })
      const { call } = (end.json() as unknown as { steps: { call: { status: string; error?: { code: string } } } })
        .steps
      return { end: call.error?.code ?? call.status, slept: clock.slept.filter((ms) => ms % 7_000 === 0 && ms > 0) }
    }
    expect(await ask('{attempts: 2}')).toMatchObject({ end: 'succeeded' })
    expect(await ask('{by_class: {rate_limited: {attempts: 4}}}')).toMatchObject({ end: 'rate_limited' })
    expect(await ask('{by_class: {rate_limited: {attempts: 5}}}')).toMatchObject({ end: 'succeeded' })
    expect(await ask('{on: [server]}')).toMatchObject({ end: 'rate_limited' })
    const delays = '{base_delay: 1ms, by_class: {rate_limited: {base_delay: 7s, max_delay: 21s, jitter: none}}}'
    expect((await ask(delays)).slept).toEqual([7_000, 14_000, 21_000, 21_000])
  })

  test('has a `budget`: retries are a share of the calls of the last minute, and some are made in any case', async () => {
    const all = (budget: string) => waits(`{attempts: 3, base_delay: 0, budget: ${budget}}`, 20, 'failed', systemClock)
    expect(await all('{ratio: 0.2, min_per_minute: 0}')).toHaveLength(4)
    expect(await all('{ratio: 0, min_per_minute: 7}')).toHaveLength(7)
    expect(await all('false')).toHaveLength(40)
  })
})

test('`retry.attempt_timeout` cancels an attempt that takes longer, and the next one is made', async () => {
  await cli.write('slow.yaml', `latency: 50\nfaults: ['meta/*:queue=600:times=1']\n`)
  await agent(', retry: {attempt_timeout: 600ms, base_delay: 0}')
  const end = await cli.run('agents run writer -i prompt=hi --sandbox --faults slow.yaml --json')
  expect(end.json()).toMatchObject({ steps: { call: { status: 'succeeded', attempts: 2 } } })
  const { events } = (await cli.run(`runs logs ${String(end.json()['run_id'])} --json`)).json() as {
    events: JsonObject[]
  }
  expect(events.filter(({ type }) => type === 'call.settled')).toMatchObject([
    { status: 'failed', error: { code: 'timeout' } },
    { status: 'succeeded' },
  ])
  // The first was cancelled, so that nothing runs, and costs, twice.
  const [first] = events.filter(({ type }) => type === 'call.settled')
  expect((first as { error: { details: JsonObject } }).error.details).toMatchObject({ prediction: expect.any(String) })
  await agent(', retry: {attempt_timeout: 300ms, attempts: 1}')
  const late = await cli.run('agents run writer -i prompt=ho --sandbox --faults slow.yaml --json')
  expect(late.json()).toMatchObject({
    steps: { call: { error: { code: 'timeout', hint: expect.stringContaining('attempt_timeout') } } },
  })
})

describe('the agents of a chain', () => {
  const chain = (policies: string, step = '') => `
name: flow
agents:
  writer: {model: ${small}, fallback: spare${policies}}
  spare: {model: openai/gpt-5-nano, retry: {attempts: 2, jitter: none, base_delay: 3s}, timeout: 1h}
steps:
  say: {agent: writer, input: {prompt: hi}${step}}
`
  const run = async (faults: string, text: string) => {
    await cli.write('faults.yaml', faults)
    await cli.write('flow.yaml', text)
    const end = await cli.run('run flow.yaml --sandbox --faults faults.yaml --json')
    const { say } = (end.json() as unknown as { steps: { say: JsonObject } }).steps
    const logs = (await cli.run(`runs logs ${String(end.json()['run_id'])} --json`)).json()
    const settled = (logs['events'] as JsonObject[]).filter(({ type }) => type === 'call.settled')
    return { say, waits: settled.map(({ retry_in_ms }) => retry_in_ms ?? null) }
  }

  test('are tried each as its own `retry` says, with what the step says over it', async () => {
    const down = `faults: ['*:status=500']\n`
    const own = await run(down, chain(', retry: {attempts: 1}').replace('3s', '3ms'))
    expect(own.waits).toEqual([null, 3, null])
    const step = await run(down, chain(', retry: {attempts: 1}', ', retry: {base_delay: 7ms, jitter: none}'))
    expect(step.waits).toEqual([null, 7, null])
    expect(step.say).toMatchObject({
      error: {
        details: {
          tried: [
            { model: small, code: 'server' },
            { model: 'openai/gpt-5-nano', code: 'server' },
          ],
        },
      },
    })
  })

  test('have each their own `timeout`, within that of the step', async () => {
    const slow = `faults: ['meta/*:queue=600']\n`
    const { say } = await run(slow, chain(', timeout: 300ms'))
    expect(say).toMatchObject({ status: 'succeeded', model: expect.stringContaining('openai/gpt-5-nano') })
    const whole = await run(slow, chain('', ', timeout: 300ms'))
    expect(whole.say).toMatchObject({ status: 'failed', error: { code: 'timeout' }, attempts: 1 })
  })
})

test('No back-off goes beyond the `timeout`: the call ends at once, and says why', async () => {
  await cli.write('faults.yaml', `faults: ['meta/*:429=3600']\n`)
  await agent(', timeout: 10m')
  const { stdout, code } = await cli.run('agents run writer -i prompt=hi --sandbox --faults faults.yaml --json')
  expect([code, JSON.parse(stdout)]).toMatchObject([
    1,
    { steps: { call: { error: { code: 'rate_limited', message: expect.stringMatching(/not tried again: .*1h/) } } } },
  ])
})

test('`timeout` ends a call, all attempts together', async () => {
  await cli.write('slow.yaml', 'latency: 60000\n')
  const call = 'agents run writer -i prompt=hi --sandbox --faults slow.yaml --json'
  await agent(', timeout: 200ms')
  const { code, json } = await cli.run(call)
  expect(code).toBe(1)
  expect(json()).toMatchObject({ steps: { call: { error: { code: 'timeout' } } } })
  await cli.write('slow.yaml', 'latency: 500\n')
  await agent(', timeout: 1h')
  expect(await cli.run(call)).toMatchObject({ code: 0 })
})

describe('cache', () => {
  const hour = 3_600_000

  /** Whether the same question was answered from the cache, so long after it was answered first. */
  async function cached(cache: string, later: number): Promise<boolean> {
    await agent(cache)
    const ask = async (by: number) => {
      const clock = { ...systemClock, now: () => systemClock.now() + by }
      const end = await cli.run('agents run writer -i prompt=hi --sandbox --json', { clock })
      const { steps } = end.json() as unknown as { steps: { call: { status: string; cached?: boolean } } }
      expect(steps.call.status).toBe('succeeded')
      return steps.call.cached ?? false
    }
    expect(await ask(0)).toBe(false)
    return ask(later)
  }

  test('is off by default', async () => {
    expect(await cached('', 0)).toBe(false)
  })

  test('keeps answers for ever, or for `ttl`', async () => {
    expect(await cached(', cache: true', 20_000 * hour)).toBe(true)
  })

  test.each([
    [0.5, true],
    [1.5, false],
  ])('keeps answers for `ttl`: one hour, asked again after %s', async (hours, expected) => {
    expect(await cached(', cache: {ttl: 1h}', hours * hour)).toBe(expected)
  })

  /** Asks for each letter in turn, a minute and a process apart; gives those that were answered from the cache. */
  async function hits(cache: string, letters: string, config = ''): Promise<string> {
    await cli.write('replicate-agent.yaml', `agents:\n  writer: {model: ${small}, cache: ${cache}}\n${config}`)
    let found = ''
    for (const [at, letter] of [...letters].entries()) {
      const clock = { ...systemClock, now: () => systemClock.now() + at * 60_000 }
      const end = await cli.run(`agents run writer -i prompt=${letter} --sandbox --json`, { clock })
      const { steps } = end.json() as unknown as { steps: { call: { cached?: boolean } } }
      found += steps.call.cached ? letter : '-'
    }
    return found
  }

  // When d comes, c was not used for longest (and least often), a was kept first.
  test.each([
    ['lru by default', '{max_entries: 3}', '---ab---'],
    ['fifo', '{policy: fifo, max_entries: 3}', '---ab-c-'],
    ['lfu', '{policy: lfu, max_entries: 3}', '---ab--a'],
    ['ttl', '{policy: ttl, ttl: 1h, max_entries: 3}', '---ab-c-'],
  ])('evicts by `policy`: %s', async (_policy, cache, expected) => {
    expect(await hits(cache, 'abcabdca')).toBe(expected)
  })

  test('keeps no more than `max_entries` and `max_bytes` of an agent, and of all by the configuration', async () => {
    expect(await hits('true', 'aba')).toBe('--a')
    expect(await hits('{max_entries: 1}', 'efe')).toBe('---')
    expect(await hits('{max_bytes: 100}', 'gg')).toBe('--')
    expect(await hits('{max_bytes: 1MB}', 'ii')).toBe('-i')
    expect(await hits('true', 'klk', 'cache: {max_entries: 1}\n')).toBe('---')
    expect(await hits('true', 'mm', 'cache: {max_bytes: 100}\n')).toBe('--')
  })

  test('of a step counts key by key over that of its agent', async () => {
    await agent(', cache: {ttl: 1h, max_entries: 1}')
    const ask = async (step: string, later: number) => {
      await cli.write('flow.yaml', `name: flow\nsteps:\n  say: {agent: writer, input: {prompt: hi}${step}}\n`)
      const clock = { ...systemClock, now: () => systemClock.now() + later }
      const end = await cli.run('run flow.yaml --sandbox --json', { clock })
      return (end.json() as unknown as { steps: { say: { cached?: boolean } } }).steps.say.cached ?? false
    }
    expect(await ask('', 0)).toBe(false)
    expect(await ask(', cache: {max_entries: 5}', 0.5 * hour)).toBe(true)
    expect(await ask(', cache: {ttl: 10m}', 0.5 * hour)).toBe(false)
    expect(await ask(', cache: true', 0.6 * hour)).toBe(true)
    expect(await ask(', cache: false', 0.6 * hour)).toBe(false)
  })

  test('is refused where it makes no sense, with its place', async () => {
    for (const [cache, message] of [
      ['{policy: ttl}', '`policy: ttl` removes what expires soonest'],
      ['{policy: mru}', 'must be one of lru, lfu, fifo, ttl'],
      ['{max_bytes: much}', 'must be a size: 500MB'],
      ['{max_entries: 0}', 'must be a whole number from 1'],
    ] as const) {
      await agent(`, cache: ${cache}`)
      const end = await cli.run('agents run writer -i prompt=hi --sandbox')
      expect([end.code, end.stderr]).toEqual([3, expect.stringContaining(message)])
      expect(end.stderr).toMatch(/replicate-agent\.yaml:2:\d+/)
    }
  })
})
