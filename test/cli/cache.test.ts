/** The verbs of the cache, and what runs say of it. */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/std/clock.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { type CliRig, openCli } from './rig.ts'

const small = 'meta/meta-llama-3-8b-instruct'
const flux = 'black-forest-labs/flux-schnell'

let cli: CliRig
beforeEach(async () => {
  cli = await openCli()
  await cli.write(
    'replicate-agent.yaml',
    `agents:\n  writer: {model: ${small}, cache: {ttl: 1h}}\n  artist: {model: ${flux}, cache: true}\n`,
  )
})
afterEach(() => cli.close())

/** What the only step of `agents run` came to, so many minutes from now. */
async function ask(agent: string, prompt: string, minutes = 0): Promise<JsonObject> {
  const clock = { ...systemClock, now: () => systemClock.now() + minutes * 60_000 }
  const end = await cli.run(['agents', 'run', agent, '-i', `prompt=${prompt}`, '--sandbox', '--json'], { clock })
  expect(end.code, end.stderr).toBe(0)
  const { steps, run_id } = end.json() as unknown as { run_id: string; steps: { call: JsonObject } }
  return { run_id, ...steps.call }
}

/** Of the only look of a call. */
async function why(run = 'last', step = 'call'): Promise<JsonObject> {
  const { looks } = (await cli.run(`cache why ${run} ${step} --json`)).json() as { looks: JsonObject[] }
  expect(looks).toHaveLength(1)
  return looks[0] as JsonObject
}

const stats = async () =>
  (await cli.run('cache stats --sandbox --json')).json() as { rows: JsonObject[]; total: JsonObject }

describe('cache stats', () => {
  test('counts answers, hits, money and time by agent and model, of each world for itself', async () => {
    expect(await cli.run('cache stats --sandbox')).toMatchObject({ code: 0, stdout: '' })
    for (const prompt of ['a', 'b', 'a', 'a']) await ask('artist', prompt)
    await ask('writer', 'a')
    const { rows, total } = await stats()
    expect(rows).toEqual([
      expect.objectContaining({
        ...{ agent: 'artist', model: flux, entries: 2, hits: 2, misses: 2, hit_rate: 0.5 },
        ...{ saved_usd: 0.006, unknown_hits: 0 },
      }),
      expect.objectContaining({
        agent: 'writer',
        model: small,
        entries: 1,
        hits: 0,
        misses: 1,
        saved_usd: 0,
        hit_rate: 0,
      }),
    ])
    expect(total).toMatchObject({ entries: 3, hits: 2, misses: 3, hit_rate: 0.4, saved_usd: 0.006 })
    // Of two pictures.
    expect(rows[0]?.['bytes']).toBeGreaterThan(10_000)
    const { stdout } = await cli.run('cache stats --sandbox')
    expect(stdout).toMatch(/artist +black-forest-labs\/flux-schnell +2 .* 50% +\$0\.0060/)
    expect(stdout).toMatch(/3 answers of at most 100000, \d+ kB of at most 10 GB/)
    expect((await cli.run('cache stats --json')).json()).toMatchObject({ rows: [] })
  })

  test('tells the limits of the configuration', async () => {
    await cli.write('replicate-agent.yaml', 'cache: {max_entries: 5, max_bytes: 2MiB, memory_bytes: 0}\n')
    const { limits } = (await cli.run('cache stats --json')).json()
    expect(limits).toEqual({ max_entries: 5, max_bytes: 2 ** 21, memory_bytes: 0 })
  })
})

describe('cache clear', () => {
  const left = async () => (await stats()).rows.map(({ agent, entries }) => `${String(agent)} ${String(entries)}`)

  test('clears what fits, or only says so', async () => {
    await cli.write(
      'replicate-agent.yaml',
      `agents:\n  writer: {model: ${small}, cache: true}\n  artist: {model: ${flux}, cache: true}\n`,
    )
    await ask('writer', 'a', -120)
    await ask('writer', 'b')
    const { run_id } = await ask('artist', 'c')
    const clear = async (options: string) => (await cli.run(`cache clear ${options} --sandbox --json`)).json()
    expect(await clear('--dry-run')).toMatchObject({ dry_run: true, entries: 3 })
    expect(await clear('--agent nobody')).toMatchObject({ entries: 0, cleared: [] })
    expect(await clear(`--model ${flux} --dry-run`)).toMatchObject({
      entries: 1,
      cleared: [{ agent: 'artist', model: flux }],
    })
    expect(await clear('--older-than 1h --dry-run')).toMatchObject({ entries: 1 })
    expect(await clear(`--run ${String(run_id)}/other --dry-run`)).toMatchObject({ entries: 0 })
    expect(await left()).toEqual(['artist 1', 'writer 2'])
    expect(await clear('--run last/call')).toMatchObject({ dry_run: false, entries: 1 })
    expect(await left()).toEqual(['artist 0', 'writer 2'])
    const { stdout } = await cli.run('cache clear --agent writer --older-than 1h --sandbox')
    expect(stdout).toMatch(/^cleared 1 answer of "writer", \d+ B\n$/)
    expect(await cli.run('cache clear')).toMatchObject({ code: 0, stdout: 'there is nothing to clear\n' })
    expect(await left()).toEqual(['artist 0', 'writer 1'])
    expect((await cli.run('cache clear --sandbox')).stdout).toMatch(/^cleared 1 answer/)
    expect(await ask('writer', 'b')).not.toHaveProperty('cached')
    expect(await cli.run('cache clear --run nothing')).toMatchObject({ code: 2 })
  })

  test.each([
    ['1MB', true],
    ['0', false],
  ])(
    'is noticed by a run that goes on elsewhere once it does not trust its memory any more: `memory_bytes: %s`',
    async (size, hit) => {
      await cli.write(
        'replicate-agent.yaml',
        `agents: {writer: {model: ${small}, cache: true}}\ncache: {memory_bytes: ${size}}\n`,
      )
      await cli.write(
        'flow.yaml',
        `name: flow\nsteps:
  first: {agent: writer, input: {prompt: same}}
  between: {model: ${small}, needs: [first], input: {prompt: other}}
  again: {agent: writer, needs: [between], input: {prompt: same}}\n`,
      )
      await cli.write('slow.yaml', `latency: 1500\n`)
      let cleared: Promise<void> | undefined
      const untilGone = async () => {
        while ((await cli.run('cache clear --sandbox --json')).json()['entries'] === 0);
      }
      // Time stands still for this run, so that a second is never over.
      const clock = { ...systemClock, monotonic: () => 0 }
      const watch = (printed: string) => {
        if (/"type":"call.created".*"step":"between"/.test(printed)) cleared ??= untilGone()
      }
      const end = await cli.run('run flow.yaml --sandbox --faults slow.yaml --jsonl', { clock, watch })
      await cleared
      expect(cleared).toBeDefined()
      const settled = end.lines().find(({ type, step }) => type === 'step.settled' && step === 'again')
      expect(settled?.['cached'] ?? false).toBe(hit)
    },
  )
})

describe('cache why', () => {
  test('says what an answer was kept by, and what it saved', async () => {
    const { run_id } = await ask('artist', 'a')
    expect(await ask('artist', 'a')).toMatchObject({ cached: true, saved_usd: 0.003, cost_usd: 0 })
    expect(await why()).toMatchObject({
      ...{ outcome: 'hit', model: flux, kept_by: run_id, saved_usd: 0.003, kept_now: true },
    })
    expect((await cli.run('cache why last call')).stdout).toMatch(
      /hit {2}black-forest-labs\/flux-schnell[^]*the answer was kept just now by run \w+; it saved \$0\.0030 and /,
    )
  })

  test('says why a call was made: off, absent, another input, expired, cleared, evicted', async () => {
    await ask('writer', 'a', -200)
    expect(await why()).toMatchObject({ outcome: 'missed', reason: 'absent', kept_now: true })
    await ask('writer', 'b', -190)
    expect(await why()).toMatchObject({
      reason: 'other_input',
      nearest: { changed: ['prompt'], added: [], removed: [] },
    })
    expect((await cli.run('cache why last call')).stdout).toMatch(/the nearest, kept .* by run \w+, had another prompt/)
    await ask('writer', 'a', 0)
    expect(await why()).toMatchObject({ reason: 'expired' })
    await cli.run('cache clear --sandbox')
    await ask('writer', 'a', 1)
    expect(await why()).toMatchObject({ reason: 'cleared' })
    await cli.write('replicate-agent.yaml', `agents: {writer: {model: ${small}, cache: {max_entries: 1}}}\n`)
    await ask('writer', 'c', 2)
    await ask('writer', 'a', 3)
    expect(await why()).toMatchObject({ reason: 'evicted' })
    await cli.write('replicate-agent.yaml', `agents: {writer: {model: ${small}}}\n`)
    await ask('writer', 'a', 4)
    expect(await why()).toMatchObject({ outcome: 'off', model: small })
    expect((await cli.run('cache why last nothing')).code).toBe(2)
    await cli.write('flow.yaml', 'name: flow\nsteps: {one: {value: 1}}\n')
    await cli.run('run flow.yaml', { clock: { ...systemClock, now: () => systemClock.now() + 300_000 } })
    expect(await cli.run('cache why last one')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('called no model'),
    })
  })

  test('says of a file that is gone, an answer that is damaged, and a schema that it does not fit', async () => {
    await ask('artist', 'a')
    for (const shelf of await readdir(join(cli.home, 'artifacts')))
      if (shelf !== 'unfinished') await rm(join(cli.home, 'artifacts', shelf), { recursive: true })
    expect(await ask('artist', 'a')).not.toHaveProperty('cached')
    expect(await why()).toMatchObject({ reason: 'file_gone', kept_now: true })
    const database = new DatabaseSync(join(cli.home, 'store.db'))
    database.exec("update cache set value = '{'")
    database.close()
    const end = await cli.run('agents run artist -i prompt=a --sandbox')
    expect(end).toMatchObject({ code: 0, stderr: expect.stringContaining('an answer in the cache is damaged') })
    expect(await why()).toMatchObject({ reason: 'damaged' })
    await cli.write(
      'flow.yaml',
      `name: flow\nsteps: {draw: {agent: artist, input: {prompt: a}, output_schema: {type: number}}}\n`,
    )
    expect((await cli.run('run flow.yaml --sandbox')).code).toBe(1)
    expect(await why('last', 'draw')).toMatchObject({ reason: 'misfit' })
  })
})

test('A run says what its cached answers saved', async () => {
  await cli.write(
    'flow.yaml',
    `name: flow\nsteps: {draw: {agent: artist, foreach: {in: [a, a, b]}, input: {prompt: '\${{ item }}'}}}\n`,
  )
  expect((await cli.run('run flow.yaml --sandbox')).stderr).toContain('$0.0060, $0.0030 saved by the cache')
  expect((await cli.run('run flow.yaml --sandbox')).stderr).toContain('$0, $0.0090 saved by the cache')
  const { steps } = (await cli.run('runs show last --json')).json() as unknown as {
    steps: { draw: { items: { cached?: boolean; saved_usd?: number }[] } }
  }
  expect(steps.draw.items.map(({ cached, saved_usd }) => [cached, saved_usd])).toEqual([
    [true, 0.003],
    [true, 0.003],
    [true, 0.003],
  ])
  const { total } = (await cli.run('costs --sandbox --json')).json()
  expect(total).toMatchObject({ calls: 2, cached_calls: 4, saved_usd: 0.012 })
})

test('A fallback keeps its answers as its own agent says, where neither the step nor the agent that was asked says anything', async () => {
  await cli.write(
    'replicate-agent.yaml',
    `agents:\n  asked: {model: ${small}, fallback: spare, retry: {attempts: 1}}\n  spare: {model: ${flux}, cache: true}\n`,
  )
  await cli.write('down.yaml', `faults: ['${small}:failed']`)
  const call = async (cache = '') => {
    await cli.write(
      'flow.yaml',
      `name: flow\nsteps: {draw: {agent: asked, input: {prompt: a}${cache && `, cache: ${cache}`}}}\n`,
    )
    const end = await cli.run('run flow.yaml --sandbox --faults down.yaml --json')
    expect(end.code, end.stderr).toBe(0)
    return (end.json() as unknown as { steps: { draw: JsonObject } }).steps.draw
  }
  await call()
  expect((await stats()).rows).toEqual([expect.objectContaining({ agent: 'spare', misses: 1, entries: 1 })])
  expect(await call()).toMatchObject({ cached: true, saved_usd: 0.003, model: flux })
  expect(await call('false')).not.toHaveProperty('cached')
  const { records } = (await cli.run('audit list --sandbox --json')).json() as { records: { cache: string }[] }
  expect(records.map(({ cache }) => cache)).toEqual(['off', 'hit', 'miss'])
})
