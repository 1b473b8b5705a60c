/** `replicate-agent.yaml` and `.env` through the command line: what each of them changes. */
import { chmod, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { nounTable, verbTable } from '../../src/doors/cli/commands/table.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { eagerClock } from '../../src/testing/eager-clock.ts'
import { type CliRig, openCli } from './rig.ts'

const model = 'meta/meta-llama-3-8b-instruct'
const sandbox = { current: undefined as unknown as Sandbox }
let cli: CliRig
beforeAll(async () => {
  sandbox.current = await startSandbox({ latency: '0' })
})
afterAll(() => sandbox.current.close())
beforeEach(async () => {
  cli = await openCli()
})
afterEach(() => cli.close())

const config = (text: string) => cli.write('replicate-agent.yaml', text)
const real = () => ({ REPLICATE_BASE_URL: sandbox.current.url, REPLICATE_API_TOKEN: 'any' })

const workflow = `name: w
steps:
  say: {agent: writer, input: {prompt: Say hello.}}
outputs: {said: "\${{ steps.say.output }}"}
`

describe('agents', () => {
  it('of the configuration are there for every workflow, for `agents` verbs, and in the copy that a run keeps', async () => {
    await config(`agents:\n  writer: {model: ${model}, description: Writes., defaults: {max_tokens: 4}}\n`)
    await cli.write('workflows/w.yaml', workflow)
    expect((await cli.run('validate w')).code).toBe(0)
    expect((await cli.run('workflows plan w --sandbox')).stdout).toContain(model)
    expect((await cli.run('workflows list --json')).json()).toMatchObject({ workflows: [{ name: 'w', problems: 0 }] })
    expect((await cli.run('agents list --json')).json()).toMatchObject({
      agents: [{ name: 'writer', file: join(cli.cwd, 'replicate-agent.yaml'), workflows: ['w'] }],
    })
    expect((await cli.run('agents show writer --sandbox --json')).json()).toMatchObject({ agent: { models: [model] } })
    const called = await cli.run('agents run writer --sandbox -i prompt=Hi --json')
    expect(called.json()).toMatchObject({ status: 'succeeded' })
    expect((await cli.run('run w --sandbox --run-id kept --json')).json()).toMatchObject({ status: 'succeeded' })
    // The run has its own copy: what the configuration says later is nothing to it.
    await rm(join(cli.cwd, 'replicate-agent.yaml'))
    expect((await cli.run('runs retry kept --step say --sandbox --json')).json()).toMatchObject({ status: 'succeeded' })
    expect((await cli.run('validate w')).stderr).toContain('there is no agent "writer"')
  })

  it('of a workflow come before those of the configuration', async () => {
    await config('agents: {writer: {model: acme/other}}')
    await cli.write('w.yaml', `${workflow}agents: {writer: {model: ${model}}}\n`)
    const end = await cli.run('run w.yaml --sandbox --json')
    expect(end.json()).toMatchObject({ steps: { say: { model: expect.stringContaining(model) as string } } })
  })

  it('are there for tests of workflows, too', async () => {
    await config(`agents: {writer: {model: ${model}}}`)
    await cli.write('w.yaml', workflow)
    await cli.write(
      'w.test.yaml',
      'tests: [{name: says it, answers: {say: {output: Hello}}, expect: {outputs: {said: Hello}}}]',
    )
    expect((await cli.run('workflows test w.test.yaml')).stdout).toContain('1 passed')
  })

  it('may say their target, which fits what they call', async () => {
    const check = async (fields: string) => {
      await config(`agents: {writer: ${fields}}`)
      const { code, stderr } = await cli.run('config check')
      return code === 0 ? 'good' : stderr
    }
    expect(await check(`{target: replicate, model: ${model}}`)).toBe('good')
    expect((await cli.run('agents run writer --sandbox -i prompt=Hi -q')).code).toBe(0)
    expect(await check('{target: function, function: shorten}')).toBe('good')
    expect(await check(`{target: function, model: ${model}}`)).toMatch(
      /has a `model`, whose target is replicate, not function\n --> replicate-agent\.yaml:1:27/,
    )
    expect(await check('{target: replicate, function: shorten}')).toContain('whose target is function, not replicate')
    expect(await check(`{target: replicat, model: ${model}}`)).toContain('did you mean replicate?')
    expect(await check('{target: replicate}')).toContain('agent "writer" has nothing to call')
  })

  it('limit how much of them is under way at once', async () => {
    await cli.write(
      'w.yaml',
      'steps: {say: {foreach: {in: [1, 2, 3, 4, 5, 6]}, agent: writer, input: {prompt: Say hello., max_tokens: 2}}}\n',
    )
    const slow = await startSandbox({ latency: '80' })
    /** The most predictions that the server had at once. */
    const most = async () => {
      const env = { REPLICATE_BASE_URL: slow.url, REPLICATE_API_TOKEN: 'any' }
      const runs = await Promise.all([1, 2].map(() => cli.run('run w.yaml --json', { env })))
      expect(runs.map(({ code }) => code)).toEqual([0, 0])
      const answer = await fetch(`${slow.url}/predictions`, { headers: { authorization: 'Bearer any' } })
      const { results } = (await answer.json()) as { results: { created_at: string; completed_at: string }[] }
      const times = results
        .slice(0, 12)
        .map((one) => [Date.parse(one.created_at), Date.parse(one.completed_at)] as const)
      return Math.max(...times.map(([at]) => times.filter(([from, to]) => from <= at && at < to).length))
    }
    await config(`agents: {writer: {model: ${model}, limits: {max_concurrency: 2}}}`)
    // The two runs share them.
    expect(await most()).toBeLessThanOrEqual(2)
    await config(`agents: {writer: {model: ${model}, bulkhead: {max_concurrent: 2}}}`)
    expect(await most()).toBeLessThanOrEqual(2)
    await config(`agents: {writer: {model: ${model}}}`)
    expect(await most()).toBeGreaterThan(4)
    await slow.close()
  })
})

describe('limits', () => {
  /** The longest that a call of a run of six had to wait for its turn, milliseconds. */
  async function longestWait(text: string): Promise<number> {
    await config(text)
    await cli.write(
      'w.yaml',
      'steps: {say: {foreach: {in: [1, 2, 3, 4, 5, 6]}, agent: writer, input: {prompt: Say hello., max_tokens: 2}}}\n',
    )
    const clock = eagerClock()
    const end = await cli.run('run w.yaml --json', { env: real(), clock })
    expect(end.code, end.stderr).toBe(0)
    return Math.max(0, ...clock.slept.filter((ms) => ms > 5_000 && ms <= 60_000))
  }
  const writer = (limits = '') => `agents: {writer: {model: ${model}${limits}}}\n`

  it('hold creates at Replicate back', async () => {
    expect(await longestWait(writer())).toBe(0)
    // Two at once, and two in a minute.
    const few = 'limits: {replicate: {creates_per_minute: 4, burst: 2}}\n'
    expect(await longestWait(writer() + few)).toBeGreaterThan(20_000)
    expect(await longestWait(writer() + few.replace('2', '3'))).toBeGreaterThan(30_000)
  })

  it('of an agent hold its calls back, but for a burst that the rest of the minute has to make up for', async () => {
    // One at once, and four in a minute.
    const wait = await longestWait(writer(', limits: {requests_per_minute: 5}'))
    expect(wait).toBeGreaterThan(5_000)
    expect(wait).toBeLessThanOrEqual(15_000)
    // Four at once, and one in a minute.
    expect(await longestWait(writer(', limits: {requests_per_minute: 5, burst: 4}'))).toBeGreaterThan(30_000)
  })
})

describe('store', () => {
  it('is where the configuration says, below the environment and the command line', async () => {
    await config(`store: {home: state, durability: normal}\nagents: {writer: {model: ${model}}}`)
    await cli.write('w.yaml', workflow)
    const at = async (options: string, env: Record<string, string>) => {
      const end = await cli.run(`config show --json ${options}`, { env })
      const values = end.json()['values'] as JsonObject[]
      return values
        .filter(({ key }) => String(key).startsWith('store.'))
        .map(({ key, value, source }) => [key, value, (source as JsonObject)['kind']])
    }
    const inFile = join(cli.cwd, 'state')
    expect(await at('', { REPLICATE_AGENT_HOME: '' })).toEqual([
      ['store.durability', 'normal', 'file'],
      ['store.home', inFile, 'file'],
      ['store.url', `sqlite:${inFile}/store.db`, 'default'],
    ])
    expect(await at('', {})).toEqual([
      ['store.durability', 'normal', 'file'],
      ['store.home', cli.home, 'environment'],
      ['store.url', `sqlite:${cli.home}/store.db`, 'default'],
    ])
    expect(await at('--checkpoint-dir there --durability full', {})).toEqual([
      ['store.durability', 'full', 'option'],
      ['store.home', join(cli.cwd, 'there'), 'option'],
      ['store.url', `sqlite:${cli.cwd}/there/store.db`, 'option'],
    ])
    await cli.run('run w.yaml --sandbox --run-id r', { env: { REPLICATE_AGENT_HOME: '' } })
    expect((await cli.run(`runs show r --store sqlite:${inFile}/store.db`)).code).toBe(0)
    expect((await cli.run('runs show r')).code).toBe(2)
    await config('store: {url: "sqlite:state/store.db"}')
    expect((await cli.run('runs show r')).code).toBe(0)
    expect((await cli.run('runs show r --no-config')).code).toBe(2)
  })
})

describe('prices', () => {
  it('of the configuration come before the built-in ones, and after those of REPLICATE_AGENT_PRICES', async () => {
    await config(`prices: {${model}: {usd_per_call: 3}}\nagents: {writer: {model: ${model}}}`)
    await cli.write('w.yaml', workflow)
    const cost = async (env: Record<string, string> = {}) =>
      (await cli.run('run w.yaml --sandbox --json', { env })).json()['cost_usd']
    expect(await cost()).toBe(3)
    await cli.write('p.yaml', `${model}: {usd_per_call: 5}`)
    expect(await cost({ REPLICATE_AGENT_PRICES: 'p.yaml' })).toBe(5)
  })
})

describe('.env', () => {
  it('gives the token, and names under `env:` of a workflow', async () => {
    await cli.write('.env', 'REPLICATE_API_TOKEN=r8_of_the_file_0123456789\nTOPIC="a bridge at night"\n')
    await cli.write(
      'w.yaml',
      `env: [TOPIC]\nsteps: {say: {model: ${model}, input: {prompt: "${'${{ env.TOPIC }}'}"}}}\n`,
    )
    const env = { REPLICATE_BASE_URL: sandbox.current.url }
    const end = await cli.run('run w.yaml --run-id r --json', { env })
    expect(end.code, end.stderr).toBe(0)
    expect((await cli.run('run w.yaml --no-config', { env })).code).toBe(5)
    expect((await cli.run('config show')).stdout).toMatch(/REPLICATE_API_TOKEN +\*\*\* +\.env:1/)
  })

  it('has secrets that are masked in what a run keeps and shows, whoever quotes them', async () => {
    await cli.write('.env', 'MY_API_KEY=geheim-4711-geheim\nCOLOUR=turquoise\n')
    await cli.write(
      'w.yaml',
      'inputs: {a: {}}\nsteps: {a: {value: "${{ inputs.a }}"}}\noutputs: {a: "${{ steps.a.output }}"}\n',
    )
    const end = await cli.run(['run', 'w.yaml', '--sandbox', '--json', '-i', 'a=geheim-4711-geheim is turquoise'])
    expect(end.json()).toMatchObject({ outputs: { a: '*** is turquoise' } })
  })

  it('comes after the environment', async () => {
    await cli.write('.env', 'REPLICATE_AGENT_CONFIG=not-read-from-here.yaml\nWHO=file')
    await config('agents: {w: {model: a/b, description: "${WHO}"}}')
    const shown = async (env: Record<string, string>) => (await cli.run('agents list --json', { env })).json()
    expect(await shown({})).toMatchObject({ agents: [{ description: 'file' }] })
    expect(await shown({ WHO: 'env' })).toMatchObject({ agents: [{ description: 'env' }] })
  })

  it('can’t send a token elsewhere that is not from it', async () => {
    await cli.write('.env', `REPLICATE_BASE_URL=${sandbox.current.url}\n`)
    const end = await cli.run(`agents run ${model} -i prompt=x`, { env: { REPLICATE_API_TOKEN: 'r8_mine_0123456789' } })
    expect(end.code).toBe(3)
    expect(end.stderr).toContain('REPLICATE_BASE_URL would send a token elsewhere that is not in this file')
    await cli.write('.env', `REPLICATE_BASE_URL=${sandbox.current.url}\nREPLICATE_API_TOKEN=r8_0123456789\n`)
    expect((await cli.run(`agents run ${model} -i prompt=x`)).code).toBe(0)
  })
})

describe('a variable in the defaults of an agent', () => {
  const secret = 'geheim-4711-geheim'

  it('is filled in when the agent is called, kept nowhere, and needed again by a resume', async () => {
    await config(`agents: {writer: {model: ${model}, defaults: {prompt: "Repeat: \${KEY}", max_tokens: 40}}}`)
    await cli.write(
      'w.yaml',
      'steps:\n  say: {agent: writer}\n  ask: {approval: Go on?, needs: [say]}\n  more: {agent: writer, needs: [ask]}\n',
    )
    const end = await cli.run('run w.yaml --run-id r --sandbox --json', { env: { KEY: secret } })
    expect(end.code, end.stderr).toBe(4)
    expect(end.stdout).not.toContain(secret)
    expect((await readFile(join(cli.home, 'store.db'))).includes(secret)).toBe(false)
    const without = await cli.run('runs approve r --sandbox')
    expect([without.code, without.stderr]).toMatchObject([5, expect.stringContaining('KEY')])
    const other = await cli.run('runs resume r --sandbox', { env: { KEY: 'another one' } })
    expect([other.code, other.stderr]).toMatchObject([
      5,
      expect.stringContaining('is not what this run was started with'),
    ])
    expect((await cli.run('runs resume r --sandbox --json', { env: { KEY: secret } })).json()).toMatchObject({
      status: 'succeeded',
    })
  })

  it('may be new in a definition that a run is retried with', async () => {
    await config(`agents: {writer: {model: ${model}, defaults: {max_tokens: 4}}}`)
    await cli.write('w.yaml', workflow)
    await cli.run('run w.yaml --sandbox --run-id r')
    await config(`agents: {writer: {model: ${model}, defaults: {max_tokens: 4, system_prompt: "\${KEY}"}}}`)
    const retry = 'runs retry r --definition w.yaml --sandbox --json'
    expect((await cli.run(retry)).code).toBe(5)
    const end = await cli.run(retry, { env: { KEY: secret } })
    expect([end.code, end.stderr]).toEqual([0, expect.any(String)])
    expect(end.json()).toMatchObject({ status: 'succeeded' })
  })

  it('that is not set stops the runs that use the agent, with its place, and nothing else', async () => {
    await config(`agents:\n  writer: {model: ${model}, defaults: {key: "\${KEY}"}}\n  other: {model: ${model}}\n`)
    await cli.write('w.yaml', workflow)
    expect((await cli.run('validate w.yaml')).code).toBe(0)
    expect((await cli.run('agents run other --sandbox -i prompt=x')).code).toBe(0)
    for (const command of ['run w.yaml --sandbox', 'agents run writer --sandbox']) {
      const end = await cli.run(command)
      expect(end.code).toBe(5)
      expect(end.stderr).toContain('`agents.writer.defaults.key` needs KEY, which is not set')
      expect(end.stderr).toContain('replicate-agent.yaml:2:')
    }
    expect((await cli.run('runs list --json')).json()['runs']).toHaveLength(1)
  })

  it('makes those unusable, too, that fall back to an agent that can’t be told, or is not there', async () => {
    await config(`agents:\n  writer: {model: ${model}, fallback: [second, third]}\n  second: {model: "\${MODEL}"}\n`)
    await cli.write('w.yaml', workflow)
    const { stderr } = await cli.run('validate w.yaml')
    expect(stderr).toContain(
      'agent "writer" falls back to "second", which can\'t be used: `agents.second.model` needs MODEL',
    )
    expect(stderr).toContain('agent "writer" falls back to "third", and there is no such agent')
    expect(stderr).toContain('w.yaml:3:16')
    await cli.write('w.yaml', `${workflow}agents: {second: {model: ${model}}, third: {model: ${model}}}\n`)
    expect((await cli.run('validate w.yaml')).code).toBe(0)
  })

  it('is no name to choose from twice when a workflow has an agent of the same name', async () => {
    await config(`agents:\n  writer: {model: ${model}}\n`)
    await cli.write('w.yaml', `${workflow}agents: {writer: {model: ${model}, fallback: nobody}}\n`)
    expect((await cli.run('validate w.yaml')).stderr).toContain('help: known agents: writer\n')
  })

  it('anywhere else makes the agent unusable while it is not set', async () => {
    await config('agents: {writer: {model: "${MODEL}"}}')
    await cli.write('w.yaml', workflow)
    const end = await cli.run('run w.yaml --sandbox')
    expect(end.code).toBe(3)
    expect(end.stderr).toContain('agent "writer" can\'t be used: `agents.writer.model` needs MODEL, which is not set')
    expect((await cli.run('agents run writer --sandbox -i prompt=x')).code).toBe(5)
    expect((await cli.run('run w.yaml --sandbox', { env: { MODEL: model } })).code).toBe(0)
  })
})

describe('config show', () => {
  it('says of every value where it came from, and shows nothing that is secret', async () => {
    await cli.write(
      '.env',
      'URL_=https://me:pa55word@example.com/x\nREPLICATE_API_TOKEN=r8_0123456789abcdef\nTEXT=from the file\n',
    )
    await config(`agents:
  writer:
    model: ${model}
    description: "\${TEXT}"
    defaults: {api_key: sk-literal, url: "https://a:hidden@b.example", hf: "\${HF_TOKEN}", style: "\${STYLE:-plain}"}
  other: {model: ${model}, description: "key \${MY_KEY}"}
store: {url: "\${URL_}"}
`)
    const end = await cli.run('config show', { env: { MY_KEY: 'geheim', HF_TOKEN: 'hf_geheim' } })
    expect(end.code, end.stderr).toBe(0)
    for (const hidden of ['sk-literal', 'hidden', 'geheim', 'pa55word', 'r8_01', 'from the file'])
      expect(end.stdout).not.toContain(hidden)
    expect(end.stdout).toMatch(/agents\.writer\.model +meta\/\S+ +replicate-agent\.yaml:3\n/)
    expect(end.stdout).toMatch(/agents\.other\.description +\*\*\* +replicate-agent\.yaml:6 \(MY_KEY\)/)
    expect(end.stdout).toMatch(/limits\.replicate\.creates_per_minute +600 +default/)
    expect(end.stdout).toMatch(/store\.home +\S+ +environment: REPLICATE_AGENT_HOME/)
    expect(end.stderr).toContain('read: replicate-agent.yaml, .env')
  })

  it('lists what is overridden with --sources, and prints one object with --json', async () => {
    const named = await cli.write(
      '../config/replicate-agent/replicate-agent.yaml',
      'store: {durability: normal}\nagents: {w: {model: a/user, timeout: 3s}}\n',
    )
    await config('store: {durability: full}\nagents: {w: {model: a/project}}\n')
    const shown = (await cli.run('config show --sources --json')).json()
    expect(shown).toMatchObject({ files: [{ file: named, scope: 'user' }, { scope: 'project' }], env_file: null })
    const values = shown['values'] as JsonObject[]
    expect(values.filter(({ overridden }) => overridden).map(({ key, value }) => [key, value])).toEqual([
      ['agents.w.model', 'a/user'],
      ['agents.w.timeout', '3s'],
      ['store.durability', 'normal'],
    ])
    expect((await cli.run('config show')).stdout).not.toContain('a/user')
  })
})

describe('config check', () => {
  it('lists everything with its place, exits 3, and warns of what may be meant', async () => {
    await config(`agents:
  writer: {modell: ${model}}
  good: {model: ${model}, fallback: [writr, acme/x], defaults: {k: "\${NOPE}"}}
  dear: {model: acme/nobody-knows, qos: {cost_cap_usd: 0.01}}
stor: {}
`)
    const end = await cli.run('config check')
    expect(end.code).toBe(3)
    expect(end.stderr).toContain(`error: there is no field \`modell\` in agents.writer
 --> replicate-agent.yaml:2:12
  |
2 |   writer: {modell: ${model}}
  |            ^
help: did you mean \`model\`?`)
    expect(end.stderr).toContain('warning: there is no agent "writr" in the configuration')
    expect(end.stderr).toContain('help: did you mean `writer`?')
    expect(end.stderr).toContain('warning: NOPE is not set')
    expect(end.stderr).toContain('warning: the price of acme/nobody-knows is not known, which a cap on cost needs')
    expect(end.stderr).toContain('1 file checked: 3 errors, 3 warnings')
    const { valid, problems } = (await cli.run('config check --json')).json()
    expect([valid, (problems as JsonObject[]).length]).toEqual([false, 6])
  })

  it('finds what keeps answers from being scored, wherever that is written', async () => {
    await config(`agents:
  none: {model: ${model}, routing: {quality: {accept: 0.5}}}
  both: {model: ${model}, routing: {quality: {judge: none, expression: 'true'}}}
  name: {model: ${model}, routing: {quality: {expression: len(outptu) > 3}}}
  sent: {model: ${model}, routing: {quality: {judge: {agent: nobody, input: {prompt: "\${{ answer }}"}}}}}
routing: {quality: {expression: '1 +'}}
`)
    const { problems } = (await cli.run('config check --json')).json() as unknown as {
      problems: { line: number; column: number; message: string }[]
    }
    expect(problems.map(({ line, column, message }) => [`${line}:${column}`, message])).toEqual([
      ['2:67', '`agents.none.routing.quality`: has neither an `expression` nor a `judge`: give it one'],
      ['3:67', '`agents.both.routing.quality`: has both `expression` and `judge`: give it one'],
      ['4:84', 'there is no name `outptu` here'],
      ['5:112', 'there is no name `answer` here'],
      ['6:37', expect.stringContaining('end')],
      ['5:83', 'there is no agent "nobody" in the configuration'],
    ])
    expect((await cli.run('agents run name --sandbox -i prompt=x')).code).toBe(3)
  })

  it('is told of a judge that there is not, and so is who calls the agent, before anything is paid', async () => {
    await config(`agents: {writer: {model: ${model}, routing: {quality: {judge: nobody}}}}`)
    expect((await cli.run('config check')).stderr).toContain('warning: there is no agent "nobody"')
    const call = await cli.run('agents run writer --sandbox -i prompt=x')
    expect([call.code, call.stderr]).toEqual([3, expect.stringContaining('agent "writer" is judged by "nobody"')])
    await cli.write('w.yaml', workflow)
    const { code, stderr } = await cli.run('validate w.yaml')
    expect([code, stderr]).toEqual([
      3,
      expect.stringContaining('agent "writer" is judged by "nobody", and there is no'),
    ])
    expect((await cli.run('runs list --json')).json()).toMatchObject({ runs: [] })
  })

  it('looks at what the environment says, too', async () => {
    await cli.write('p.yaml', 'acme/x: {usd_per_cal: 1}')
    const address = await cli.run('config check', { env: { REPLICATE_BASE_URL: 'ftp://example.com' } })
    expect([address.code, address.stderr]).toEqual([
      3,
      expect.stringContaining('REPLICATE_BASE_URL must be an http:// or https:// URL'),
    ])
    const prices = await cli.run('config check', { env: { REPLICATE_AGENT_PRICES: 'p.yaml' } })
    expect([prices.code, prices.stderr]).toEqual([3, expect.stringContaining('p.yaml:1:10')])
    const run = await cli.run(`agents run ${model} -i prompt=x`, {
      env: { REPLICATE_BASE_URL: 'foo', REPLICATE_API_TOKEN: 'r8_any' },
    })
    expect([run.code, run.stderr]).toEqual([3, expect.stringContaining('REPLICATE_BASE_URL must be')])
  })

  it('tells of a file that is not read, for its name ends in .yml', async () => {
    const file = await cli.write('replicate-agent.yml', 'store: {}')
    expect((await cli.run('config check')).stderr).toContain(`warning: ${file} is not read`)
    expect((await cli.run('doctor --sandbox')).stdout).toContain(`${file} is not read`)
  })

  it('checks the files that it is given, each by itself, and those that are missing', async () => {
    await cli.write('a.yaml', 'store: {}')
    await cli.write('b.yaml', 'store: 3')
    const end = await cli.run('config check a.yaml b.yaml none.yaml --json')
    expect(end.code).toBe(3)
    expect((end.json()['problems'] as JsonObject[]).map(({ message }) => message)).toEqual([
      '`store` must be a mapping, but is the number 3',
      expect.stringContaining('there is no file'),
    ])
    expect((await cli.run('config check a.yaml')).stdout).toBe('1 file checked: no problems\n')
    expect((await cli.run('config check')).stdout).toBe('there is no configuration file here\n')
  })

  it('of a wrong configuration keeps verbs that need it from working, and no others', async () => {
    await config('stor: {}')
    await cli.write('w.yaml', 'steps: {a: {value: 1}}')
    for (const command of ['run w.yaml --sandbox', 'validate w.yaml', 'runs list', 'config show', 'agents list']) {
      const end = await cli.run(command)
      expect([command, end.code]).toEqual([command, 3])
      expect(end.stderr).toContain('did you mean `store`?')
    }
    expect((await cli.run('expr "1 + 1"')).stdout).toBe('2\n')
    expect((await cli.run('run w.yaml --sandbox --no-config')).code).toBe(0)
    expect((await cli.run('run w.yaml --sandbox', { env: { REPLICATE_AGENT_CONFIG: 'none.yaml' } })).stderr).toContain(
      'there is no file',
    )
  })
})

describe('doctor', () => {
  it('looks over the files of the configuration and who can read .env', async () => {
    await config('agents: {w: {model: a/b, defaults: {k: "${NOPE}"}}}')
    const env = await cli.write('.env', 'A=1')
    await chmod(env, 0o644)
    const good = await cli.run('doctor --sandbox')
    expect(good.code).toBe(0)
    expect(good.stdout).toContain(`✓  configuration  ${join(cli.cwd, 'replicate-agent.yaml')}`)
    expect(good.stdout).toContain('not set, but named in the configuration: NOPE')
    expect(good.stdout).toContain(`help: chmod 600 ${env}`)
    await chmod(env, 0o600)
    expect((await cli.run('doctor --sandbox')).stdout).toContain(`✓  .env           ${env}`)
    await config('agents: []')
    const bad = await cli.run('doctor --sandbox')
    expect(bad.code).toBe(1)
    expect(bad.stdout).toContain('✗  configuration')
    expect(bad.stdout).toContain('must be a mapping of names to agents')
  })
})

it('every verb that asks for the app takes --config and --no-config', async () => {
  const without = new Set(['completion', 'expr', 'init', 'sandbox', 'plugins new', 'router merge', 'router simulate'])
  const verbs = Object.entries(nounTable).flatMap(([noun, { verbs: entries }]) =>
    Object.entries(entries).map(([verb, entry]) => [`${noun} ${verb}`, entry] as const),
  )
  const missing: string[] = []
  for (const [name, entry] of [...verbs, ...Object.entries(verbTable)]) {
    const { options } = await entry.load()
    if (!('config' in options && 'noConfig' in options) && !without.has(name)) missing.push(name)
  }
  expect(missing).toEqual([])
})
