/** `agents list` and `agents show`: what there is, where it stands, and what is known of it. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { agentSpec } from '../../src/documents/agent/spec.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { type CliRig, openCli } from './rig.ts'

let sandbox: Sandbox
let cli: CliRig
beforeAll(async () => {
  sandbox = await startSandbox({ latency: '0' })
})
afterAll(() => sandbox.close())
beforeEach(async () => {
  cli = await openCli({ REPLICATE_BASE_URL: sandbox.url, REPLICATE_API_TOKEN: 'any' })
})
afterEach(() => cli.close())

const nowhere = { REPLICATE_BASE_URL: 'http://127.0.0.1:9/v1' }

const config = `routing:
  strategy: thompson
agents:
  painter:
    models: [black-forest-labs/flux-schnell, stability-ai/sdxl]
    description: Draws
    tags: [pictures, drafts, drafts]
    defaults: {num_outputs: 2}
    retry: {attempts: 5}
    breaker: true
    cache: {ttl: 1h}
    limits: {requests_per_minute: 60}
    routing: {weights: {cost: 1}}
    qos: {tier: FAST}
  chat: {model: meta/meta-llama-3-8b-instruct, price: {usd_per_call: 0.01, as_of: 2020-01-01}}
`
const workflow = `name: cut
agents:
  own:
    model: cjwbw/rembg
    tags: [drafts]
steps:
  a: {agent: own, input: {image: "https://a.b/c.png"}}
  b: {agent: painter, input: {prompt: tea}}
  c: {model: openai/whisper, input: {audio: "https://a.b/c.wav"}}
`

async function project() {
  await cli.write('replicate-agent.yaml', config)
  await cli.write('workflows/cut.yaml', workflow)
}

describe('agents list', () => {
  test('says of each agent what it calls, its tags, and the line that it is defined on', async () => {
    await project()
    const { code, stdout } = await cli.run('agents list')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^agent +calls +description +tags +defined in +used by\n/)
    expect(stdout).toMatch(/^own +cjwbw\/rembg +drafts +workflows\/cut\.yaml:3 +cut$/m)
    expect(stdout).toMatch(
      /^painter +black\S+, stability-ai\/sdxl +Draws +pictures drafts +replicate-agent\.yaml:4 +cut$/m,
    )
    expect(stdout).toMatch(/^openai\/whisper +cut$/m)
  })

  test('lists those of one tag', async () => {
    await project()
    const { agents, models } = (await cli.run('agents list --tag drafts --json')).json() as Record<string, JsonObject[]>
    expect(agents?.map(({ name }) => name)).toEqual(['own', 'painter'])
    expect(models?.map(({ model }) => model)).toEqual([
      'black-forest-labs/flux-schnell',
      'cjwbw/rembg',
      'stability-ai/sdxl',
    ])
    expect((await cli.run('agents list --tag nothing')).stderr).toContain('no agent has the tag "nothing"')
    await cli.write('replicate-agent.yaml', 'agents:\n  a: {model: b/c, tags: [two words]}\n')
    expect((await cli.run('agents list')).stderr).toContain('must be a word')
  })

  test('asks nobody but with --refresh, and then says what it was told and could not be told', async () => {
    await cli.write('replicate-agent.yaml', 'agents:\n  a: {models: [cjwbw/rembg, nobody/nothing]}\n')
    const before = await cli.run('agents list --json', { env: nowhere })
    expect(before).toMatchObject({ code: 0, stderr: '' })
    const refreshed = await cli.run('agents list --refresh')
    expect(refreshed.code).toBe(0)
    expect(refreshed.stderr).toContain('nobody/nothing could not be read again: there is no model')
    expect(refreshed.stdout).toMatch(/^cjwbw\/rembg +10M +[0-9a-f]{8} +Remove images background +just now$/m)
    const offline = await cli.run('agents list --refresh', { env: nowhere })
    expect(offline.code).toBe(0)
    expect(offline.stderr).toMatch(/cjwbw\/rembg \(and 1 more\) could not be read again/)
    expect(offline.stdout).toContain('Remove images background')
  })
})

describe('agents show', () => {
  test('shows every policy with the line that it stands on, or that it is the default', async () => {
    await project()
    const { code, stdout } = await cli.run('agents show painter')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^painter {2}replicate-agent\.yaml:4\nDraws\n/)
    expect(stdout).toMatch(/retry\.attempts +5 +replicate-agent\.yaml:9$/m)
    expect(stdout).toMatch(/retry\.jitter +full +default$/m)
    expect(stdout).toMatch(/cache\.ttl +3600s +replicate-agent\.yaml:11$/m)
    expect(stdout).toMatch(/breaker\.failure_threshold +5 +replicate-agent\.yaml:10$/m)
    expect(stdout).toMatch(/limits\.burst +6 +default$/m)
    expect(stdout).toMatch(/routing\.strategy +thompson +replicate-agent\.yaml:2$/m)
    expect(stdout).toMatch(/routing\.weights\.cost +1 +replicate-agent\.yaml:13$/m)
    expect(stdout).toMatch(/routing\.weights\.latency +0\.3 +default$/m)
    expect(stdout).toMatch(/qos\.tier +FAST +replicate-agent\.yaml:14$/m)
    expect(stdout).toMatch(/num_outputs +2$/m)
    expect(stdout).toMatch(/prompt +string +required/)
    expect(stdout).toMatch(/output_format +string += "webp" +webp jpg png/)
  })

  test('leaves none of the policies out that an agent can have', async () => {
    await project()
    const { policies } = (await cli.run('agents show painter --json')).json() as { policies: { key: string }[] }
    const shown = new Set(policies.map(({ key }) => key.split('.')[0]))
    // What an agent is, not how its calls go: shown apart.
    const others = [
      'target',
      'model',
      'models',
      'candidates',
      'deployment',
      'function',
      'description',
      'tags',
      'defaults',
    ]
    const known = Object.keys(agentSpec.shape).filter((key) => ![...others, 'input_schema', 'price'].includes(key))
    expect(known.filter((key) => !shown.has(key))).toEqual([])
  })

  test('shows what candidates cost, since when, and what they took', async () => {
    await project()
    const chat = await cli.run('agents show chat')
    expect(chat.stdout).toMatch(/meta\/meta-llama-3-8b-instruct +\$0\.01 a call +agent, 2020-01-01 +407M runs/)
    expect(chat.stdout).not.toContain('routing.')
    await cli.run('agents run chat -i prompt=hello -q')
    expect((await cli.run('agents show chat')).stdout).toMatch(/1 call, ⌀ \S+, \$0\.0100/)
  })

  test('shows an agent of a workflow, and one that nobody can be asked about', async () => {
    await project()
    const { code, stdout, stderr } = await cli.run('agents show own', { env: nowhere })
    expect(code).toBe(0)
    expect(stderr).toContain('cjwbw/rembg could not be looked up')
    expect(stdout).toMatch(/^own {2}workflows\/cut\.yaml:3\n/)
    expect((await cli.run('agents show nothing')).code).toBe(2)
  })

  test('never lets a description move the cursor', async () => {
    await cli.write('replicate-agent.yaml', 'agents:\n  a: {function: f, description: "\\e[2Jgone"}\n')
    expect((await cli.run('agents show a')).stdout).toContain('␛[2Jgone')
  })
})
