/** `runs gc` over real runs. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { type CliRig, openCli } from './rig.ts'

let sandbox: Sandbox
let cli: CliRig

const poster = `
name: poster
inputs: {topic: {type: string, required: true}}
steps:
  draw:
    model: black-forest-labs/flux-schnell
    input: {prompt: "\${{ inputs.topic }}", output_format: png, seed: 1}
    cache: CACHE
outputs: {picture: "\${{ first(steps.draw.output) }}"}
`
const asking = `
name: asking
steps: {publish: {approval: {message: "Publish?"}}}
`
const series = `
name: series
steps:
  each: {foreach: {in: [tea, rain], as: topic}, workflow: poster, input: {topic: "\${{ topic }}"}}
`

beforeAll(async () => {
  sandbox = await startSandbox({ latency: '0', faults: ['openai/gpt-4o-mini:stall'] })
})
afterAll(() => sandbox.close())
beforeEach(async () => {
  cli = await openCli({ REPLICATE_BASE_URL: sandbox.url, REPLICATE_API_TOKEN: 'any' })
  await cli.write('workflows/poster.yaml', poster.replace('CACHE', 'false'))
})
afterEach(() => cli.close())

async function run(id: string, command: string, code = 0): Promise<void> {
  expect(await cli.run(`run ${command} --run-id ${id} -q`)).toMatchObject({ code })
}

async function gc(options: string): Promise<JsonObject & { removed: { run_id: string; bytes: number }[] }> {
  const end = await cli.run(`runs gc ${options} --json`)
  expect(end, end.stderr).toMatchObject({ code: 0 })
  return end.json() as Awaited<ReturnType<typeof gc>>
}

const idsOf = ({ removed }: { removed: { run_id: string }[] }) => removed.map(({ run_id }) => run_id)

async function runs(): Promise<string[]> {
  return ((await cli.run('runs list --json')).json()['runs'] as { run_id: string }[]).map(({ run_id }) => run_id)
}

/** Kept files, with the second names that they are shown under. */
async function kept(): Promise<string[]> {
  const all = await readdir(join(cli.home, 'artifacts'), { recursive: true })
  return all.filter((name) => /[0-9a-f]{64}/.test(name))
}

async function filesOf(id: string): Promise<JsonObject[]> {
  return (await cli.run(`runs files ${id} --artifacts out --json`)).json()['files'] as JsonObject[]
}

test('without a condition nothing goes, and it says what can be given', async () => {
  const { code, stderr } = await cli.run('runs gc')
  expect(code).toBe(2)
  expect(stderr).toContain('--older-than 30d')
  for (const wrong of ['--older-than 30', '--older-than -1d', '--max-bytes much', '--keep -1', '--status dead'])
    expect((await cli.run(`runs gc ${wrong}`)).code, wrong).toBe(2)
})

describe('runs gc', () => {
  test('leaves the newest, and the files that they share with what goes', async () => {
    await run('one', 'poster -i topic=tea')
    await run('two', 'poster -i topic=rain')
    await run('three', 'poster -i topic=tea')
    const plan = await gc('--keep 1 --dry-run')
    expect([idsOf(plan), await runs(), (await kept()).length]).toEqual([['one', 'two'], ['three', 'two', 'one'], 4])
    const done = await gc('--keep 1')
    expect([idsOf(done), await runs()]).toEqual([['one', 'two'], ['three']])
    expect(done).toMatchObject({ files: { removed: 1, left: 0 }, held: [], freed_bytes: plan['freed_bytes'] })
    expect(done['removed']).toEqual(plan['removed'])
    expect(await kept()).toHaveLength(2)
    expect(await filesOf('three')).toHaveLength(1)
    expect(await cli.run('runs show one')).toMatchObject({ code: 2 })
    await gc('--keep 0')
    expect([await runs(), await kept()]).toEqual([[], []])
    expect((await cli.run('runs gc --keep 0')).stdout).toBe('nothing to remove\n')
  })

  test('goes by age, status and workflow, and by all that is given', async () => {
    for (const id of ['a', 'b', 'c']) await run(id, 'poster -i topic=tea')
    await cli.write(
      'workflows/broken.yaml',
      'name: broken\ninputs: {by: {type: number, default: 0}}\nsteps: {s: {value: "${{ 1 / inputs.by }}"}}',
    )
    await run('d', 'broken', 1)
    const database = new DatabaseSync(join(cli.home, 'store.db'))
    database.exec(`update runs set updated_at = updated_at - 86400000 * 10 where run_id in ('a', 'b', 'd')`)
    database.close()
    expect(idsOf(await gc('--older-than 12d --dry-run'))).toEqual([])
    expect(idsOf(await gc('--older-than 1w --dry-run'))).toEqual(['a', 'b', 'd'])
    expect(idsOf(await gc('--older-than 9.5d --keep 1 --dry-run'))).toEqual(['a', 'b', 'd'])
    expect(idsOf(await gc('--older-than 9d --keep 2 --dry-run'))).toEqual(['a', 'b'])
    expect(idsOf(await gc('--older-than 9d --workflow poster --keep 2 --dry-run'))).toEqual(['a'])
    expect(idsOf(await gc('--status failed'))).toEqual(['d'])
    expect(idsOf(await gc('--workflow poster'))).toEqual(['a', 'b', 'c'])
  })

  test('removes the oldest until what is left is small enough', async () => {
    for (const topic of ['tea', 'rain', 'snow']) await run(topic, `poster -i topic=${topic}`)
    const sizes = (await gc('--keep 0 --dry-run')).removed.map(({ bytes }) => bytes)
    const [, second = 0, third = 0] = sizes
    expect(idsOf(await gc('--max-bytes 1TB --dry-run'))).toEqual([])
    expect(idsOf(await gc(`--max-bytes ${second + third}`))).toEqual(['tea'])
    expect(idsOf(await gc(`--max-bytes ${second + third - 1}`))).toEqual(['rain'])
    expect(idsOf(await gc('--max-bytes 0'))).toEqual(['snow'])
    expect(await kept()).toEqual([])
  })

  test('takes nested runs and their files along', async () => {
    await cli.write('workflows/series.yaml', series)
    await run('s', 'series')
    await run('p', 'poster -i topic=tea')
    expect(await gc('--keep 1')).toMatchObject({ removed: [{ run_id: 's', nested: 2 }], files: { removed: 1 } })
    expect((await cli.run('runs show s.each.0')).code).toBe(2)
    expect(await filesOf('p')).toHaveLength(1)
    expect((await cli.run('doctor --json --sandbox')).json()['checks']).toContainEqual(
      expect.objectContaining({ name: 'store', status: 'ok', message: expect.stringContaining('1 runs') as string }),
    )
  })

  test('leaves what waits, unless it is told', async () => {
    await cli.write('workflows/asking.yaml', asking)
    await run('w', 'asking', 4)
    expect(idsOf(await gc('--keep 0'))).toEqual([])
    expect(idsOf(await gc('--status waiting'))).toEqual(['w'])
  })

  test('leaves a run that somebody drives, whatever it is told', async () => {
    await cli.write(
      'workflows/hanging.yaml',
      'name: hanging\nsteps: {think: {model: openai/gpt-4o-mini, input: {prompt: hm}}}',
    )
    let isTried = false
    const found: unknown[] = []
    await cli.run('run hanging --run-id live', {
      watch(printed, send) {
        if (isTried || !/think +… started/.test(printed)) return
        isTried = true
        void gc('--status running').then(async (gone) => {
          found.push(gone)
          send('SIGINT')
        })
      },
    })
    expect(found).toMatchObject([{ removed: [], held: ['live'] }])
    expect(await runs()).toEqual(['live'])
  })

  test('leaves files that a cached result names', async () => {
    await cli.write('workflows/poster.yaml', poster.replace('CACHE', '{ttl: 1h}'))
    await run('one', 'poster -i topic=tea')
    expect(await gc('--keep 0')).toMatchObject({ removed: [{ run_id: 'one' }], files: { removed: 0 } })
    await run('two', 'poster -i topic=tea')
    expect((await cli.run('runs show two --json')).json()).toMatchObject({
      cost_usd: 0,
      steps: { draw: { cached: true } },
    })
    expect(await filesOf('two')).toHaveLength(1)
  })

  test('asks on a terminal first, with what would go', async () => {
    await run('one', 'poster -i topic=tea')
    for (const stdin of ['n\n', '', 'yep\n']) {
      const end = await cli.run('runs gc --keep 0', { tty: true, stdin })
      expect(end.stdout).toMatch(/one +poster .*would remove 1 run, 1 file: \d+ kB/s)
      expect(end).toMatchObject({ code: 0, stderr: expect.stringContaining('remove 1 run? [y/N]') as string })
      expect(end.stderr).toContain('nothing was removed')
    }
    expect(await runs()).toEqual(['one'])
    await run('two', 'poster -i topic=tea')
    const end = await cli.run('runs gc --keep 1', { tty: true, stdin: 'y\n' })
    expect(end.stdout).toMatch(/removed 1 run: /)
    expect(await runs()).toEqual(['two'])
    expect((await cli.run('runs gc --keep 0 --yes', { tty: true })).stderr).toBe('')
    expect(await runs()).toEqual([])
  })

  test('makes the database smaller', async () => {
    const many = `name: many\nsteps: {s: {foreach: {in: "\${{ range(600) }}", as: n}, value: "\${{ n }}"}}`
    await cli.write('workflows/many.yaml', many)
    await run('m', 'many')
    const { store_bytes } = (await gc('--keep 0')) as unknown as { store_bytes: { before: number; after: number } }
    expect(store_bytes.after).toBeLessThan(store_bytes.before)
  })
})
