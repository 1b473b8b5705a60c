import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Problem } from '../domain/problem.ts'
import type { Config } from './config.ts'
import { configuredLimits } from './limits.ts'
import { openConfig, type OpenConfigOptions } from './open.ts'

let folder: string
let cwd: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'config-'))
  cwd = join(folder, 'a/project/deep')
  await mkdir(cwd, { recursive: true })
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function write(file: string, text: string): Promise<string> {
  const path = join(folder, file)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
  return path
}

async function open(env: Record<string, string> = {}, more: Partial<OpenConfigOptions> = {}): Promise<Config> {
  const config = await openConfig({ cwd, env: { XDG_CONFIG_HOME: join(folder, 'xdg'), ...env }, ...more })
  expect(config).toBeDefined()
  return config as Config
}

const problemsOf = (config: Config) =>
  config.problems.map(({ line, column, code, message, hint }: Problem) =>
    [`${line}:${column} ${code}: ${message}`, ...(hint === undefined ? [] : [hint])].join(' | '),
  )

const user = 'xdg/replicate-agent/replicate-agent.yaml'
const project = 'a/project/replicate-agent.yaml'

describe('Finding the configuration', () => {
  it('takes the nearest file from the working folder upwards, and no other above it', async () => {
    await write('a/replicate-agent.yaml', 'store: {durability: normal}')
    const near = await write(project, 'limits: {replicate: {burst: 3}}')
    const config = await open()
    expect(config.files).toEqual([{ file: near, scope: 'project' }])
    expect(config.store).toEqual({})
  })

  it('finds nothing, and says so, where there is nothing', async () => {
    expect(await openConfig({ cwd, env: { XDG_CONFIG_HOME: join(folder, 'xdg') } })).toBeUndefined()
  })

  it('reads the file of the user in ~/.config where XDG_CONFIG_HOME is unset or relative', async () => {
    const file = await write('home/.config/replicate-agent/replicate-agent.yaml', '{}')
    const env = { HOME: join(folder, 'home') }
    expect((await open({ ...env, XDG_CONFIG_HOME: 'relative' })).files).toEqual([{ file, scope: 'user' }])
    expect((await open({ ...env, XDG_CONFIG_HOME: '' })).files).toEqual([{ file, scope: 'user' }])
  })

  it('takes a file once that is both the user’s and the project’s', async () => {
    const file = await write(user, '{}')
    expect((await open({}, { cwd: dirname(file) })).files).toEqual([{ file, scope: 'project' }])
  })

  it('reads the one file that is named, by an option before the environment, in place of a search', async () => {
    await write(user, 'store: {durability: normal}')
    await write(project, 'store: {durability: normal}')
    const one = await write('one.yaml', 'store: {home: here}')
    const two = await write('two.yaml', '{}')
    const byOption = await open({ REPLICATE_AGENT_CONFIG: two }, { config: '../../../one.yaml' })
    expect(byOption.files).toEqual([{ file: one, scope: 'named' }])
    expect(byOption.store).toEqual({ home: join(folder, 'here') })
    expect((await open({ REPLICATE_AGENT_CONFIG: two })).files).toEqual([{ file: two, scope: 'named' }])
    expect((await open({ REPLICATE_AGENT_CONFIG: '' })).files).toHaveLength(2)
  })

  it('reads nothing at all with `config: false`', async () => {
    await write(project, '[]')
    await write('a/project/.env', 'A=1')
    expect(await openConfig({ cwd, env: {}, config: false })).toBeUndefined()
  })
})

describe('Layers', () => {
  it('put the project over the user: mappings key by key, agents and prices as a whole', async () => {
    await write(
      user,
      `store: {durability: normal, home: /user}
limits: {replicate: {creates_per_minute: 100, burst: 5}}
agents:
  writer: {model: a/user, description: of the user, timeout: 5s}
  mine: {model: a/mine}
prices:
  a/x: {usd_per_call: 1}
  a/y: {usd_per_call: 1}
`,
    )
    await write(
      project,
      `store: {home: state}
limits: {replicate: {creates_per_minute: 50}}
agents:
  writer: {model: a/project}
prices:
  a/x: {usd_per_second: 2}
`,
    )
    const config = await open()
    expect(problemsOf(config)).toEqual([])
    expect(config.store).toEqual({ durability: 'normal', home: join(folder, 'a/project/state') })
    expect(configuredLimits(config.spec.limits ?? {}, true).replicate.rate).toEqual({ per_minute: 45, burst: 5 })
    expect(config.agents['writer']).toMatchObject({ models: ['a/project'] })
    expect(config.agents['writer']?.timeout_ms).toBeUndefined()
    expect(config.agents['writer']?.description).toBeUndefined()
    expect(config.agents['mine']).toMatchObject({ models: ['a/mine'] })
    expect(
      config.prices.map((sheet) => Object.fromEntries([...sheet.models].map(([name, { price }]) => [name, price]))),
    ).toEqual([{ 'a/x': { usd_per_second: 2 } }, { 'a/x': { usd_per_call: 1 }, 'a/y': { usd_per_call: 1 } }])
  })

  it('know where each value came from', async () => {
    await write(user, 'store:\n  durability: normal\n  home: /user\n')
    const file = await write(project, '# first\nstore:\n  home: state\n')
    const config = await open()
    expect(config.originOf(['store', 'home'])).toMatchObject({ layer: { file }, line: 3, column: 9 })
    expect(config.originOf(['store', 'durability'])).toMatchObject({ layer: { scope: 'user' }, line: 2 })
    expect(config.originOf(['store', 'url'])).toBeUndefined()
  })

  it('put what a program gives over files, and its agents over everything', async () => {
    await write(project, 'agents: {writer: {model: a/file}}')
    const config = await open({}, { agents: { writer: { model: 'a/program' } } })
    expect(config.agents['writer']?.models).toEqual(['a/program'])
    const given = await open({}, { config: { store: { home: 'x' } }, agents: { writer: { model: 'a/b' } } })
    expect(given.files).toEqual([])
    expect(given.store.home).toBe(join(cwd, 'x'))
    expect(given.originOf(['agents', 'writer'])?.layer.scope).toBe('sdk')
  })

  it('hold what a program gives against the same schema', async () => {
    const config = await open({}, { config: { store: { durability: 'some' } } as never })
    expect(problemsOf(config)).toEqual([
      '3:19 wrong_type: `store.durability` must be full or normal, but is the string "some"',
    ])
    await expect(open({}, { agents: { a: { model: () => 1 } } as never })).rejects.toThrow('"model" is a function')
  })

  it('take relative URLs of stores from the folder of their file', async () => {
    await write(project, 'store: {url: "sqlite:runs.db"}')
    expect((await open()).store.url).toBe(`sqlite:${join(folder, 'a/project/runs.db')}`)
    await write(project, 'store: {url: "sqlite:/abs/runs.db"}')
    expect((await open()).store.url).toBe('sqlite:/abs/runs.db')
  })
})

describe('Variables', () => {
  it('come from the environment, then from the .env beside the project’s file', async () => {
    await write('a/project/.env', 'A=file\nB="from file"\nexport C=c\n')
    await write('a/project/deep/.env', 'B=not this one\n')
    await write(project, 'agents: {w: {model: "${A}/${B:-x}", description: "${B} ${C} ${D:-d}"}}')
    const config = await open({ A: 'env' })
    expect(config.agents['w']).toMatchObject({ description: 'from file c d' })
    expect(config.env).toMatchObject({ A: 'env', B: 'from file' })
    expect([...(config.envFile?.names ?? [])]).toEqual(['B', 'C'])
  })

  it('come from the .env in the working folder where there is no file', async () => {
    await write('a/project/deep/.env', 'B=here\n')
    expect((await open()).env['B']).toBe('here')
  })

  it('are text, but where a number or true or false is wanted', async () => {
    await write(
      project,
      'limits: {replicate: {creates_per_minute: "${N}"}}\nagents: {w: {model: a/b, cache: "${T}", description: "${N}"}}',
    )
    const config = await open({ N: '90', T: 'true' })
    expect(problemsOf(config)).toEqual([])
    expect(config.agents['w']?.cache).toEqual({})
    expect(configuredLimits(config.spec.limits ?? {}, true).replicate.rate).toEqual({ per_minute: 81, burst: 9 })
    expect(config.agents['w']?.description).toBe('90')
    const bad = await open({ N: 'many', T: 'true' })
    expect(problemsOf(bad)[0]).toContain('must be a whole number from 2 to 1000000, but is the string "many"')
  })

  it('that are not set stop only what uses them', async () => {
    await write(
      project,
      'store: {url: "${URL_}"}\nlimits: {replicate: {burst: 4}}\nagents: {w: {model: "${M}"}, x: {model: a/b}}',
    )
    const config = await open()
    expect(problemsOf(config)).toEqual([])
    expect(() => config.use('limits')).not.toThrow()
    expect(() => config.use('store', 'home')).not.toThrow()
    expect(() => config.use('store')).toThrow(
      `\`store.url\` needs URL_, which is not set (${join(folder, project)}:1:14)`,
    )
    expect(Object.keys(config.unusable)).toEqual(['w'])
    expect(config.agents['x']?.models).toEqual(['a/b'])
  })

  it('do not count when a higher layer says something else', async () => {
    await write(user, 'store: {home: "${NOPE}"}\nagents: {w: {model: "${M}"}}')
    await write(project, 'store: {home: here}\nagents: {w: {model: a/b}}')
    const config = await open()
    expect(config.unset).toEqual([])
    expect(config.unusable).toEqual({})
  })

  it('in the defaults of an agent stay names, for the copy that a run keeps', async () => {
    await write(
      project,
      'agents: {w: {model: a/b, defaults: {key: "${KEY}", list: ["${B:-x}"], n: "$${N}"}}, p: {model: a/b, defaults: {n: "$${N}"}}}',
    )
    const { agents } = await open({ KEY: 'geheim' })
    expect(agents['w']).toMatchObject({ env: ['B', 'KEY'], defaults: { key: '${KEY}', list: ['${B:-x}'], n: '$${N}' } })
    expect(agents['p']).toMatchObject({ defaults: { n: '${N}' } })
    expect(agents['p']?.env).toBeUndefined()
  })
})

describe('Problems', () => {
  it('are told all at once, of all files, each with its place', async () => {
    await write(user, 'stroe: {}\n')
    await write(
      project,
      `agents:
  writer: {modell: a/b}
  both: {model: a/b, function: f}
  open: {model: a/b, defaults: {x: "a \${"}}
limits: {replicate: {creates_per_minute: 10, burst: 10}}
store: {durability: never}
`,
    )
    expect(problemsOf(await open())).toEqual([
      '1:1 unknown_field: there is no field `stroe` at the top of a configuration | did you mean `store`?',
      '2:3 missing_field: agent "writer" has nothing to call | give it a `model: owner/name`, a `deployment` or a `function`',
      '2:12 unknown_field: there is no field `modell` in agents.writer | did you mean `model`?',
      '3:22 too_many_fields: agent "both" has both `model` and `function` | several models are listed under `models`',
      '4:39 bad_variable: `${` is never closed | write ${NAME} or ${NAME:-default}; a plain ${ is written $${',
      '6:21 wrong_type: `store.durability` must be full or normal, but is the string "never"',
      '5:53 contradiction: `burst` (10) must be less than `creates_per_minute` (10), of which it is a part',
    ])
  })

  it('are none of a file in which everything is commented out', async () => {
    await write(project, '# store: {home: x}\n')
    expect(problemsOf(await open())).toEqual([])
  })
})
