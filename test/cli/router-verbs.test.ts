/** `router stats`, `reset`, `export`, `import` and `merge` over what runs in the sandbox taught. */
import { mkdir, readdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { type CliRig, openCli } from './rig.ts'

let sandbox: Sandbox
let cli: CliRig

const poster = `
name: poster
agents: {writer: {candidates: [openai/gpt-4o-mini, meta/meta-llama-3-8b-instruct], routing: {strategy: round_robin}}}
steps:
  text: {agent: writer, foreach: {in: [a, b, c, d], as: x}, input: {prompt: "about \${{ x }}"}}
  draw: {model: black-forest-labs/flux-schnell, input: {prompt: tea, output_format: png}}
`

beforeAll(async () => {
  sandbox = await startSandbox({ latency: '0' })
})
afterAll(() => sandbox.close())
beforeEach(async () => {
  cli = await openCli({ REPLICATE_BASE_URL: sandbox.url, REPLICATE_API_TOKEN: 'any' })
  await cli.write('workflows/poster.yaml', poster)
})
afterEach(() => cli.close())

const stateFile = () => readFile(join(cli.home, 'router-state.json'), 'utf8')
const json = async (command: string): Promise<JsonObject> => (await cli.run(`${command} --json`)).json()

interface Figures {
  model: string
  calls: number
  quality: JsonObject
  contexts?: { context: string; calls: number }[]
}
type Agents = { agent: string; models: Figures[] }[]

async function callsByAgent(): Promise<Record<string, number>> {
  const { agents } = (await json('router stats')) as unknown as { agents: Agents }
  return Object.fromEntries(
    agents.map(({ agent, models }) => [agent, models.reduce((sum, { calls }) => sum + calls, 0)]),
  )
}

describe('router stats', () => {
  test('says kindly that nothing was learned yet, and makes no file', async () => {
    const end = await cli.run('router stats')
    expect([end.code, end.stdout]).toEqual([0, ''])
    expect(end.stderr).toMatch(/nothing was learned yet/)
    expect(await json('router stats')).toMatchObject({ agents: [], bytes: 0 })
    await expect(readdir(cli.home)).rejects.toThrow('ENOENT')
  })

  test('is apart from that of the sandbox, as it is for the other verbs', async () => {
    await cli.run('run poster -q --sandbox')
    expect(await callsByAgent()).toEqual({})
    expect((await json('router stats --sandbox'))['agents']).toHaveLength(2)
    await cli.run('router export --sandbox -o learned.json')
    expect(await json('router import learned.json --sandbox')).toMatchObject({ changed: false })
    expect(await json('router import learned.json')).toMatchObject({ changed: true })
    expect(await callsByAgent()).toEqual({ writer: 4, 'black-forest-labs/flux-schnell': 1 })
    await cli.run('router reset --sandbox --yes')
    expect((await json('router stats --sandbox'))['agents']).toEqual([])
    expect(await callsByAgent()).toMatchObject({ writer: 4 })
    expect((await json('router log --sandbox'))['decisions']).toBe(4)
    expect((await json('router log'))['decisions']).toBe(0)
  })

  test('shows the models of each agent, aligned, with the file and its size', async () => {
    await cli.run('run poster -q')
    const { stdout } = await cli.run('router stats')
    expect(stdout).toMatch(/^agent +model +calls +success +quality +scores +latency +lately +cost +lately +last seen\n/)
    expect(stdout).toMatch(/\nwriter +meta\/meta-llama-3-8b-instruct\S* +2 +100 % +1\.00 ± 0\.00 +assumed +\d+ms/)
    expect(stdout).toMatch(/router-state\.json, \d/)
    const { agents, bytes } = (await json('router stats writer --by context')) as unknown as {
      agents: Agents
      bytes: number
    }
    expect(bytes).toBeGreaterThanOrEqual((await stateFile()).length)
    expect(agents.map(({ agent }) => agent)).toEqual(['writer'])
    const [llama] = agents[0]?.models ?? []
    expect(llama?.quality).toEqual({ mean: 1, sd: 0, n: 2, assumed: true })
    expect(llama?.contexts).toContainEqual(expect.objectContaining({ context: 'step=poster/text length=2', calls: 2 }))
    expect((await cli.run('router stats writer --by context')).stdout).toContain('  step=poster/text length=2')
  })

  test('keeps what the sandbox taught apart', async () => {
    await cli.run('run poster -q --sandbox')
    expect(await callsByAgent()).toEqual({})
    const { stdout } = await cli.run('router stats --sandbox')
    expect(stdout).toContain('router-state.sandbox.json')
  })

  test('of an agent that nobody called says which one is meant', async () => {
    await cli.run('run poster -q')
    const end = await cli.run('router stats writr')
    expect([end.code, end.stdout]).toEqual([2, ''])
    expect(end.stderr).toContain('did you mean "writer"?')
  })
})

test('A replay teaches nothing', async () => {
  await cli.run('run poster -q --record tape')
  const before = await stateFile()
  expect((await cli.run('run poster -q --replay tape')).code).toBe(0)
  expect(await stateFile()).toBe(before)
})

describe('router reset', () => {
  beforeEach(() => cli.run('run poster -q'))

  test('forgets an agent, and an older export does not bring it back', async () => {
    await cli.run('router export -o before.json')
    const end = await cli.run('router reset writer --yes')
    expect(end.stdout).toBe('forgot what 4 calls taught of 2 models of agent "writer"\n')
    expect(await callsByAgent()).toEqual({ 'black-forest-labs/flux-schnell': 1 })
    expect((await cli.run('router import before.json')).stdout).toBe('nothing in it is new here\n')
    expect(await callsByAgent()).toEqual({ 'black-forest-labs/flux-schnell': 1 })
    await cli.run('run poster -q')
    expect(await callsByAgent()).toMatchObject({ writer: 4 })
  })

  test('forgets one model in all its versions', async () => {
    expect((await json('router reset writer --model openai/gpt-4o-mini --yes'))['forgotten']).toHaveLength(1)
    expect(await callsByAgent()).toMatchObject({ writer: 2 })
  })

  test('asks at a terminal, and wants --yes where nobody can be asked', async () => {
    const refused = await cli.run('router reset')
    expect(refused.code).toBe(2)
    expect(refused.stderr).toMatch(/would forget what 5 calls taught.*\n.*--yes/)
    expect((await cli.run('router reset --json')).code).toBe(2)
    const no = await cli.run('router reset', { tty: true, stdin: 'n\n' })
    expect([no.code, await callsByAgent()]).toEqual([0, { 'black-forest-labs/flux-schnell': 1, writer: 4 }])
    expect((await cli.run('router reset', { tty: true, stdin: 'y\n' })).code).toBe(0)
    expect(await callsByAgent()).toEqual({})
    expect((await cli.run('router reset')).stderr).toContain('nothing to forget')
  })

  test('of what is not there is an error', async () => {
    const end = await cli.run('router reset nobody --yes')
    expect([end.code, end.stderr.split('\n')[0]]).toEqual([2, expect.stringContaining('"nobody"')])
  })
})

describe('what two machines learned', () => {
  let other: CliRig
  beforeEach(async () => {
    other = await openCli({ REPLICATE_BASE_URL: sandbox.url, REPLICATE_API_TOKEN: 'any' })
    await other.write('workflows/poster.yaml', poster)
    await cli.run('run poster -q')
    await other.run('run poster -q')
    await other.run('run poster -q')
    await cli.write('other.json', (await other.run('router export')).stdout)
  })
  afterEach(() => other.close())

  test('comes together once, however often it is imported', async () => {
    const first = await cli.run('router import other.json')
    expect(first.stdout).toMatch(/\nwriter +\S+ +2 +6\n/)
    expect(first.stdout).toMatch(/3 models from 1 machine \(1 new\)/)
    expect(await callsByAgent()).toEqual({ 'black-forest-labs/flux-schnell': 3, writer: 12 })
    const file = await stateFile()
    expect(await json('router import other.json')).toMatchObject({ changed: false, models: [] })
    expect(await stateFile()).toBe(file)
    await other.run('run poster -q')
    await other.run(['router', 'export', '-o', join(cli.cwd, 'later.json')])
    expect(await json('router import later.json')).toMatchObject({ writers: { added: 0, updated: 1 } })
    expect(await callsByAgent()).toMatchObject({ writer: 16 })
  })

  test('is estimated with where it was imported', async () => {
    await cli.run('router reset --yes')
    await cli.run('router import other.json')
    const plan = await json('workflows plan poster')
    expect((plan['steps'] as JsonObject[])[1]).toMatchObject({ basis: 'learned', estimate_usd: 0.003 })
  })

  test('is merged into a file that is the same in any order, and nothing here changes', async () => {
    const before = await stateFile()
    await cli.run('router export -o own.json')
    const end = await cli.run('router merge own.json other.json other.json -o all.json')
    expect(end.stdout).toMatch(/^all\.json: 15 calls of 3 models from 2 machines; \d/)
    expect(end.stderr).toContain('other.json: 10 calls of 3 models from 1 machine')
    const [one, two] = [await json('router merge own.json other.json'), await json('router merge other.json own.json')]
    const writers = (merged: JsonObject) => (merged['statistics'] as JsonObject)['writers']
    expect(writers(one)).toEqual(writers(two))
    expect(await stateFile()).toBe(before)
    await cli.run('router import all.json')
    expect(await callsByAgent()).toMatchObject({ writer: 12 })
  })

  test('goes into a pipe as the same text that goes into a file', async () => {
    await other.run('router export -o out.json')
    const file = JSON.parse(await readFile(join(other.cwd, 'out.json'), 'utf8')) as JsonObject
    expect(JSON.parse((await other.run('router export')).stdout)).toEqual(file)
    expect(Object.keys(file)).toEqual(['id', 'schema_version', 'writers'])
  })
})

describe('a file that is none', () => {
  const good = (total: string) => `{"schema_version":1,"id":"x","writers":{"x":{"revision":1,"forgotten":{},"agents":
    {"a":{"arms":{"m/m:1":{"at":1,"seen":"2026-01-01T00:00:00.000Z","contexts":{},"total":${total}}}}}}}}`
  const sums = (more: object = {}) => {
    const none = { n: 0, sum: 0, squares: 0 }
    return good(
      JSON.stringify({
        calls: 1,
        failures: 0,
        unscored_failures: 0,
        quality: none,
        latency: none,
        cost: none,
        ...more,
      }),
    )
  }

  test('is told of in one line, and nothing is changed', async () => {
    await cli.run('run poster -q')
    const before = await stateFile()
    const files = {
      'empty.json': '',
      'half.json': '{"schema_version":1,',
      'list.json': '[]',
      'text.json': good('"many"'),
      'negative.json': sums({ calls: -1 }),
      'halves.json': sums({ calls: 1.5 }),
      'failures.json': sums({ failures: 2 }),
      'scores.json': sums({ quality: { n: 1, sum: 2, squares: 4 } }),
      'none.json': sums({ latency: { n: 0, sum: 5, squares: 25 } }),
      'nan.json': good('NaN'),
      'huge.json': sums({ cost: { n: 1, sum: 'X', squares: 1 } }).replace('"X"', '1e999'),
      'proto.json': sums().replace('"a":', '"__proto__":'),
      'escaped.json': sums().replace('"a":', '"\\u005f_proto__":'),
      'newer.json': '{"schema_version":2}',
      'binary.json': '\u{fffd}'.repeat(9),
      'deep.json': `{"schema_version":1,"id":"x","writers":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}`,
    }
    for (const [name, text] of Object.entries(files)) await cli.write(name, text)
    await writeFile(join(cli.cwd, 'latin.json'), Buffer.from([0x7b, 0xff, 0x7d]))
    await writeFile(join(cli.cwd, 'large.json'), '')
    await truncate(join(cli.cwd, 'large.json'), 100_000_000)
    await mkdir(join(cli.cwd, 'folder.json'))
    await symlink('loop.json', join(cli.cwd, 'loop.json'))
    await symlink('nowhere', join(cli.cwd, 'dangling.json'))
    const others = ['latin.json', 'large.json', 'folder.json', 'loop.json', 'dangling.json', 'missing.json']
    for (const name of [...Object.keys(files), ...others]) {
      for (const verb of ['import', 'merge']) {
        const end = await cli.run(`router ${verb} ${name}`)
        expect([name, end.code, end.stdout]).toEqual([name, 3, ''])
        expect(end.stderr).toContain(name)
        expect(end.stderr.trim().split('\n').length).toBeLessThanOrEqual(2)
      }
    }
    expect(await stateFile()).toBe(before)
    await cli.write('good.json', sums())
    expect((await cli.run('router import good.json')).code).toBe(0)
    expect(await callsByAgent()).toMatchObject({ a: 1 })
  })

  test('in the place of the own one ends `router` with 74, and is left alone; a run sets it aside and goes on', async () => {
    await mkdir(cli.home, { recursive: true })
    await writeFile(join(cli.home, 'router-state.json'), '{"schema_version":1}')
    await cli.write('good.json', sums())
    for (const verb of ['stats', 'reset --yes', 'export', 'import good.json'])
      expect([verb, (await cli.run(`router ${verb}`)).code]).toEqual([verb, 74])
    expect(await stateFile()).toBe('{"schema_version":1}')
    const end = await cli.run('run poster -q')
    expect([end.code, end.stderr]).toEqual([0, expect.stringMatching(/kept as .*corrupt-/)])
    expect((await readdir(cli.home)).filter((name) => name.includes('.corrupt-'))).toHaveLength(1)
    expect(await callsByAgent()).toMatchObject({ writer: 4 })
  })

  test('of a later version harms no run, and is not touched', async () => {
    await mkdir(cli.home, { recursive: true })
    await writeFile(join(cli.home, 'router-state.json'), '{"schema_version":2}')
    const end = await cli.run('run poster -q')
    expect([end.code, end.stderr]).toEqual([0, expect.stringContaining('later version of replicate-agent')])
    expect(await stateFile()).toBe('{"schema_version":2}')
    expect((await cli.run('router stats')).code).toBe(74)
  })

  test('can not be written over by an export: a folder stays one', async () => {
    await mkdir(join(cli.cwd, 'folder'))
    const end = await cli.run('router export -o folder')
    expect([end.code, end.stderr]).toEqual([3, expect.stringContaining('folder can')])
    expect(await readdir(join(cli.cwd))).toEqual(['folder', 'workflows'])
  })
})
