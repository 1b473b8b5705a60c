/** `costs` over real runs, answered by a sandbox that stands in for Replicate. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { systemClock } from '../../src/std/clock.ts'
import { type CliRig, openCli } from './rig.ts'

let sandbox: Sandbox
let cli: CliRig

const shop = `
name: shop
agents:
  painter: {model: black-forest-labs/flux-schnell, defaults: {output_format: png, seed: 1}}
  stranger: {model: abiruyt/text-extract-ocr, price: {usd_per_output_token: 0.001}}
inputs: {topic: {type: string}}
steps:
  draw: {agent: painter, input: {prompt: "\${{ inputs.topic }}"}, cache: true}
  write: {model: meta/meta-llama-3-8b-instruct, input: {prompt: "\${{ inputs.topic }}"}}
  read: {agent: stranger, input: {image: "\${{ first(steps.draw.output) }}"}}
`
const pair = `
name: pair
steps:
  each: {foreach: {in: [tea, rain], as: topic}, workflow: shop, input: {topic: "\${{ topic }}"}}
`
const broken = `
name: broken
steps:
  draw: {model: stability-ai/sdxl, input: {prompt: x}, retry: {attempts: 2}}
`

beforeAll(async () => {
  sandbox = await startSandbox({ latency: '0', faults: ['stability-ai/sdxl:failed'] })
})
afterAll(() => sandbox.close())
beforeEach(async () => {
  cli = await openCli({ REPLICATE_BASE_URL: sandbox.url, REPLICATE_API_TOKEN: 'any' })
  await cli.write('workflows/shop.yaml', shop)
  await cli.write('workflows/pair.yaml', pair)
  await cli.write('workflows/broken.yaml', broken)
})
afterEach(() => cli.close())

async function costs(options: string) {
  const end = await cli.run(`costs ${options} --json`)
  expect(end.code, end.stderr).toBe(0)
  return end.json() as { rows: Record<string, unknown>[]; total: Record<string, number>; runs: number }
}

describe('costs', () => {
  test('says what calls cost by model, unknown ones and those from the cache apart', async () => {
    const first = await cli.run('run shop -i topic=tea --json')
    expect(first.code, first.stderr).toBe(0)
    expect(first.json()['cost_usd']).toBeNull()
    await cli.run('run shop -i topic=tea -q')
    const { rows, total, runs } = await costs('')
    expect(runs).toBe(2)
    expect(total).toMatchObject({ calls: 5, unknown_calls: 2, open_calls: 0, cached_calls: 1, saved_usd: 0.003 })
    const keys = rows.map(({ key }) => key)
    expect(keys.toSorted((a, b) => (String(a) < String(b) ? -1 : 1))).toEqual([
      'abiruyt/text-extract-ocr',
      'black-forest-labs/flux-schnell',
      'meta/meta-llama-3-8b-instruct',
    ])
    expect(rows.find(({ key }) => key === 'abiruyt/text-extract-ocr')).toMatchObject({
      cost_usd: null,
      unknown_calls: 2,
    })
    expect(rows.find(({ key }) => key === 'black-forest-labs/flux-schnell')).toMatchObject({ cost_usd: 0.003 })
    expect((await costs('--by agent')).rows.map(({ key }) => key)).toEqual(
      expect.arrayContaining(['painter', 'stranger', null]),
    )
  })

  test('counts nested runs once, with the workflow that was started, as its own report does', async () => {
    const run = await cli.run('run pair --json')
    expect(run.code, run.stderr).toBe(0)
    const { rows, total, runs } = await costs('--by workflow')
    expect(rows).toMatchObject([{ key: 'pair', calls: 6, unknown_calls: 2 }])
    expect(runs).toBe(2)
    const steps = run.json()['steps'] as { each: { cost_usd: number | null } }
    expect(steps.each.cost_usd).toBeNull()
    expect(total['cost_usd']).toBeGreaterThan(0.006)
  })

  test('agrees with what runs say that they cost, failed calls included', async () => {
    const failed = await cli.run('run broken --json')
    expect(failed.code).toBe(1)
    const { total } = await costs('')
    expect(total['cost_usd']).toBe(failed.json()['cost_usd'])
    expect(total['failed_calls']).toBe(2)
    expect(total['failed_usd']).toBe(total['cost_usd'])
  })

  test('counts a judge once, as the model that it is', async () => {
    const llama = 'meta/meta-llama-3-8b-instruct'
    await cli.write(
      'workflows/judged.yaml',
      `name: judged\nagents:\n  writer: {model: openai/gpt-4o-mini, routing: {quality: {judge: critic}}}\n  critic: {model: ${llama}}\nsteps: {write: {agent: writer, input: {prompt: tea}}}\n`,
    )
    const run = await cli.run('run judged --json')
    expect(run.code, run.stderr).toBe(0)
    const { rows, total } = await costs('')
    expect(rows.map(({ key }) => key)).toEqual(expect.arrayContaining(['openai/gpt-4o-mini', llama]))
    expect(total['cost_usd']).toBeGreaterThan(0)
    expect(total['cost_usd']).toBeCloseTo(run.json()['cost_usd'] as number, 7)
    expect((await costs('--by workflow')).rows).toMatchObject([{ key: 'judged', calls: 2 }])
  })

  test('counts days of UTC, and only those that were asked for', async () => {
    const began = Date.now()
    const day = (iso: string) => ({ ...systemClock, now: () => Date.parse(iso) + Date.now() - began })
    for (const at of ['2026-11-01T23:30:00Z', '2026-11-02T00:30:00Z', '2026-11-20T10:00:00Z'])
      await cli.run('agents run black-forest-labs/flux-schnell -i prompt=tea -q', { clock: day(at) })
    const clock = day('2026-11-21T12:00:00Z')
    const by = async (since: string) => {
      const end = await cli.run(`costs --by day --since ${since} --json`, { clock })
      return (end.json()['rows'] as { key: string; cost_usd: number }[]).map(({ key, cost_usd }) => [key, cost_usd])
    }
    expect(await by('30d')).toEqual([
      ['2026-11-01', 0.003],
      ['2026-11-02', 0.003],
      ['2026-11-20', 0.003],
    ])
    expect(await by('2026-11-02')).toEqual([
      ['2026-11-02', 0.003],
      ['2026-11-20', 0.003],
    ])
    expect(await by('2d')).toEqual([['2026-11-20', 0.003]])
    expect(await by('1h')).toEqual([])
  })

  test('keeps the sandbox apart from what was paid', async () => {
    const own = await openCli()
    try {
      await own.run('agents run black-forest-labs/flux-schnell -i prompt=tea -q --sandbox')
      expect((await own.run('costs --json')).json()).toMatchObject({ rows: [], total: { calls: 0, cost_usd: 0 } })
      expect((await own.run('costs --sandbox --json')).json()).toMatchObject({ total: { calls: 1, cost_usd: 0.003 } })
      expect((await own.run('costs --sandbox')).stdout).toContain('nothing of it was paid')
    } finally {
      await own.close()
    }
  })

  test('tells of a journal that can not be read, and counts all others', async () => {
    for (const id of ['good', 'bad'])
      await cli.run(`agents run black-forest-labs/flux-schnell -i prompt=x --run-id ${id} -q`)
    const database = new DatabaseSync(join(cli.home, 'store.db'))
    database.exec(`update events set body = '{"seq' where run_id = 'bad' and seq = 3`)
    database.close()
    const end = await cli.run('costs --json')
    expect(end).toMatchObject({ code: 0 })
    expect(end.stderr).toContain('what run bad cost is not all counted')
    expect(end.json()).toMatchObject({ unreadable_runs: ['bad'], total: { calls: 1, cost_usd: 0.003 } })
    expect((await cli.run('costs')).stdout).toContain('besides 1 run that can not be read')
  })

  test('is a table for people, and one note where there is nothing', async () => {
    const none = await cli.run('costs')
    expect(none).toMatchObject({ code: 0, stdout: '' })
    expect(none.stderr).toMatch(/^no calls since \d{4}-\d{2}-\d{2}/)
    await cli.run('run shop -i topic=tea -q')
    const { stdout } = await cli.run('costs')
    expect(stdout).toMatch(/^model +calls +cost +unknown$/m)
    expect(stdout).toMatch(/^abiruyt\/text-extract-ocr +1 +\? +1$/m)
    expect(stdout).toMatch(/ for 3 calls of 1 run; besides 1 call of unknown cost$/m)
  })

  test.each([
    ['--since yesterday', '"yesterday" is neither an age nor a date'],
    ['--since 2999-01-01', '"2999-01-01" is still to come'],
    ['--by colour', 'colour'],
  ])('refuses %s', async (options, message) => {
    const end = await cli.run(`costs ${options}`)
    expect(end.code).toBe(2)
    expect(end.stderr).toContain(message)
  })
})
