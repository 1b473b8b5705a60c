/** Each key of `cache`, of agents, steps and the configuration, in workflows that are run. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Clock, systemClock } from '../../src/std/clock.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { type CliRig, openCli } from './rig.ts'

const model = 'meta/meta-llama-3-8b-instruct'

let cli: CliRig
beforeEach(async () => {
  cli = await openCli()
  await cli.write('still.yaml', 'latency: 0\n')
})
afterEach(() => cli.close())

/** No two moments are the same. */
function after(hours: number): Clock {
  let last = 0
  return { ...systemClock, now: () => (last = Math.max(last + 1, systemClock.now() + hours * 3_600_000)) }
}

/** `name: prompt, more keys` of steps, one after the other. Gives the names of those that were answered from the cache. */
async function run(cache: string, steps: Record<string, string>, { hours = 0, id = '', more = '' } = {}) {
  await cli.write(
    'replicate-agent.yaml',
    `agents:\n  writer: {model: ${model}${cache && `, cache: ${cache}`}}\n${more}`,
  )
  const lines = Object.entries(steps).map(([name, keys], at, all) => {
    const [prompt, ...rest] = keys.split(', ')
    const before = all[at - 1]
    return `  ${name}: {agent: writer, input: {prompt: ${prompt}}${['', ...(before ? [`needs: [${before[0]}]`] : []), ...rest].join(', ')}}\n`
  })
  await cli.write('flow.yaml', `name: flow\nsteps:\n${lines.join('')}`)
  const end = await cli.run(`run flow.yaml --sandbox --faults still.yaml --json ${id && `--run-id ${id}`}`, {
    clock: after(hours),
  })
  expect(end.code, end.stderr).toBe(0)
  const settled = Object.entries(end.json()['steps'] as Record<string, JsonObject>)
  return settled.flatMap(([name, { cached }]) => (cached === true ? [name] : []))
}

const entries = async () =>
  ((await cli.run('cache stats --sandbox --json')).json()['total'] as { entries: number }).entries

describe('Of an agent', () => {
  test.each([
    ['lru', 'b'],
    ['lfu', 'd'],
    ['fifo', 'a'],
    ['ttl', 'c'],
  ])('`policy: %s` lets go of "%s"', async (policy, gone) => {
    // The first one is `a`, what was not used for longest `b`, what expires soonest `c`, and what was never used `d`.
    const hits = await run(
      `{policy: ${policy}, ttl: 2h, max_entries: 3}`,
      { a: 'a', b: 'b', c: 'c, cache: {ttl: 1h}', use_b: 'b', use_c: 'c', use_a: 'a', d: 'd' },
      { id: 'one' },
    )
    expect(hits).toEqual(['use_b', 'use_c', 'use_a'])
    const kept = []
    for (const step of ['a', 'b', 'c', 'd']) {
      const { looks } = (await cli.run(`cache why one ${step} --json`)).json() as { looks: JsonObject[] }
      if (looks[0]?.['kept_now'] === true) kept.push(step)
    }
    expect(kept).toEqual(['a', 'b', 'c', 'd'].filter((step) => step !== gone))
  })

  test('`policy` is lru by default', async () => {
    const steps = { a: 'a', b: 'b', use_a: 'a', c: 'c' }
    await run('{max_entries: 2}', steps, { id: 'one' })
    const { looks } = (await cli.run('cache why one b --json')).json() as { looks: JsonObject[] }
    expect(looks[0]).toMatchObject({ kept_now: false })
    expect(await entries()).toBe(2)
  })

  test.each([
    ['true', ['again']],
    ['{max_bytes: 1MB}', ['again']],
    ['{max_bytes: 1}', []],
    ['{ttl: 90m}', []],
    ['{ttl: 3h}', ['again']],
    ['false', []],
    ['', []],
  ])('`cache: %s` says whether an answer is given again two hours later: %j', async (cache, hits) => {
    await run(cache, { first: 'a' })
    expect(await run(cache, { again: 'a' }, { hours: 2 })).toEqual(hits)
  })
})

test("A step's own `cache` comes before that of its agent, key by key", async () => {
  await run('{ttl: 1h}', {
    short: 'a',
    long: 'b, cache: {ttl: 3h}',
    same: 'c, cache: {policy: fifo}',
    off: 'd, cache: false',
  })
  expect(await entries()).toBe(3)
  const later = { short: 'a', long: 'b, cache: {ttl: 3h}', same: 'c, cache: {policy: fifo}' }
  expect(await run('{ttl: 1h}', later, { hours: 2 })).toEqual(['long'])
  await run('', { on: 'e, cache: true' })
  expect(await run('', { on: 'e, cache: true', off: 'e' })).toEqual(['on'])
})

test.each([
  ['{max_entries: 2}', 2],
  ['{max_bytes: 1}', 0],
  ['{max_bytes: 1MB}', 3],
])('`cache: %s` of the configuration holds for all answers together', async (all, left) => {
  await run('true', { a: 'a', b: 'b', c: 'c' }, { more: `cache: ${all}\n` })
  expect(await entries()).toBe(left)
})
