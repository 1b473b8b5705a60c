/** `prices`: what is known, what needs a look, and who is warned of it. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { type Clock, systemClock } from '../../src/std/clock.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { type CliRig, openCli } from './rig.ts'

let sandbox: Sandbox
let cli: CliRig

const shop = `
name: shop
agents:
  painter: {model: black-forest-labs/flux-schnell, defaults: {output_format: png, seed: 1}, fallback: [acme/spare]}
  reader: {model: acme/reader, price: {usd_per_call: 0.01, as_of: 2026-01-02, source: the bill}}
  odd: {model: acme/odd, price: {hardware: gpu-l40z}}
  farm: {deployment: acme/farm}
steps:
  draw: {agent: painter, input: {prompt: tea}}
  read: {agent: reader}
  turn: {agent: odd}
  grow: {agent: farm}
`

beforeAll(async () => {
  sandbox = await startSandbox({ latency: '0' })
})
afterAll(() => sandbox.close())
beforeEach(async () => {
  cli = await openCli({ REPLICATE_BASE_URL: sandbox.url, REPLICATE_API_TOKEN: 'any' })
})
afterEach(() => cli.close())

/** A clock that goes on from there. */
function at(day: string): Clock {
  const began = Date.now()
  return { ...systemClock, now: () => Date.parse(`${day}T12:00:00Z`) + Date.now() - began }
}

const november = at('2026-11-21')
const spring = at('2027-04-01')

async function json(command: string, clock = november, code = 0): Promise<JsonObject> {
  const end = await cli.run(`${command} --json`, { clock })
  expect(end, end.stderr).toMatchObject({ code })
  return end.json()
}

describe('prices list', () => {
  test('says of each price its unit, its day, and where it stands', async () => {
    await cli.write('workflows/shop.yaml', shop)
    const file = await cli.write('own.yaml', 'acme/slow: {usd_per_second: 0.02, as_of: 2026-11-20}\n')
    const { stdout } = await cli.run('prices list', { clock: november, env: { REPLICATE_AGENT_PRICES: file } })
    expect(stdout).toMatch(/^black-forest-labs\/flux-schnell +\$0\.003 an output +2026-11-01 +built in$/m)
    expect(stdout).toMatch(
      /^meta\/meta-llama-3-8b-instruct +\$0\.05 \/ \$0\.25 per million tokens +2026-11-01 +built in$/m,
    )
    expect(stdout).toMatch(/^minimax\/speech-02-turbo +\$0\.03 per thousand characters +/m)
    expect(stdout).toMatch(/^openai\/whisper +\$0\.000225 a second \(gpu-t4\) +/m)
    expect(stdout).toMatch(/^acme\/slow +\$0\.02 a second +2026-11-20 +environment own\.yaml:1$/m)
    expect(stdout).toMatch(/^acme\/reader +\$0\.01 a call +2026-01-02 +agent reader$/m)
    expect(stdout).toMatch(/^acme\/odd +\? a second \(gpu-l40z\) +\? +agent odd$/m)
  })

  test('lists models that match, or hardware', async () => {
    const models = (await json('prices list --model META/*8B*'))['prices'] as JsonObject[]
    expect(models.map(({ model }) => model)).toEqual(['meta/meta-llama-3-8b-instruct'])
    expect((await cli.run('prices list --model nobody*')).stderr).toContain('no price is known')
    const { stdout } = await cli.run('prices list --hardware', { clock: november })
    expect(stdout).toMatch(/^gpu-h100 +\$0\.001525 a second +2026-11-01 +built in$/m)
  })

  test('marks what is old, by an age of your own', async () => {
    const [price] = (await json('prices list --model openai/whisper', spring))['prices'] as JsonObject[]
    expect(price).toMatchObject({ old: true, age_days: 151, as_of: '2026-11-01' })
    const file = await cli.write('own.yaml', 'max_age_days: 365\n')
    const end = await cli.run('prices list --model openai/whisper --json', {
      clock: spring,
      env: { REPLICATE_AGENT_PRICES: file },
    })
    expect(end.json()).toMatchObject({ max_age_days: 365, prices: [{ old: false }] })
  })
})

describe('prices check', () => {
  test('looks at the agents of the configuration, too', async () => {
    await cli.write(
      'replicate-agent.yaml',
      'agents: {writer: {model: acme/writer, fallback: [acme/spare], routing: {quality: {judge: critic}}}, critic: {model: acme/critic, routing: {quality: {judge: critic}}}}\n',
    )
    expect(kinds(await json('prices check'))).toEqual([
      'missing acme/critic',
      'missing acme/spare',
      'missing acme/writer',
    ])
  })

  const kinds = (report: JsonObject) =>
    (report['findings'] as JsonObject[]).map(({ kind, model }) => `${String(kind)} ${String(model ?? '')}`)

  test('finds what has no price, stands on unknown hardware, or is old', async () => {
    await cli.write('workflows/shop.yaml', shop)
    expect(kinds(await json('prices check'))).toEqual([
      'missing acme/farm',
      'missing acme/spare',
      'unknown_hardware acme/odd',
      'old acme/reader',
    ])
    const { stdout } = await cli.run('prices check', { clock: november })
    expect(stdout).toContain('nobody knows what the deployment acme/farm costs (used by shop)')
    expect(stdout).toContain('did you mean "gpu-l40s"?')
    expect(stdout).toContain('4 things to look at; 5 models of the workflows and agents here')
  })

  test('takes the built-in list as one, once it is old', async () => {
    await cli.write(
      'workflows/draw.yaml',
      'name: draw\nsteps: {draw: {model: black-forest-labs/flux-schnell, input: {prompt: x}}}\n',
    )
    expect(await json('prices check')).toMatchObject({ ok: true, findings: [], models: 1 })
    const [finding, ...more] = (await json('prices check', spring))['findings'] as JsonObject[]
    expect(more).toEqual([])
    expect(finding).toMatchObject({ kind: 'old', used_by: ['draw'] })
    expect(finding?.['message']).toContain('151 days ago; used here: black-forest-labs/flux-schnell')
  })

  test('looks over what you wrote, with its place', async () => {
    const file = await cli.write(
      'own.yaml',
      [
        'acme/a: {usd_per_call: 1}',
        'acme/b: {usd_per_call: 1, as_of: 2026-01-01}',
        'acme/c: {usd_per_call: 1, as_of: 2030-01-01}',
        'acme/d: {hardware: gpu-x}',
      ].join('\n'),
    )
    const end = await cli.run('prices check --json', { clock: november, env: { REPLICATE_AGENT_PRICES: file } })
    expect(kinds(end.json())).toEqual([
      'unknown_hardware acme/d',
      'old acme/b',
      'future acme/c',
      'undated acme/a',
      'undated acme/d',
    ])
    expect((end.json()['findings'] as JsonObject[])[1]).toMatchObject({ file, line: 2 })
  })

  test('exits 1 only when that is asked for', async () => {
    await cli.write('workflows/shop.yaml', shop)
    expect(await cli.run('prices check', { clock: november })).toMatchObject({ code: 0 })
    await json('prices check --strict', november, 1)
    await cli.write('workflows/shop.yaml', 'name: shop\nsteps: {a: {value: 1}}\n')
    expect(await cli.run('prices check --strict', { clock: november })).toMatchObject({
      code: 0,
      stdout: 'nothing to look at: 0 models of the workflows and agents here\n',
    })
  })

  test('finds a price that what was paid does not bear out', async () => {
    await cli.write(
      'workflows/draw.yaml',
      'name: draw\nsteps: {draw: {model: black-forest-labs/flux-schnell, input: {prompt: x}}}\n',
    )
    for (let times = 0; times < 3; times += 1) await cli.run('run draw -q')
    expect(kinds(await json('prices check'))).toEqual([])
    const file = await cli.write(
      'own.yaml',
      'black-forest-labs/flux-schnell: {usd_per_output: 0.03, as_of: 2026-11-20}\n',
    )
    const end = await cli.run('prices check', { clock: november, env: { REPLICATE_AGENT_PRICES: file } })
    expect(end.stdout).toContain('cost $0.0030 on average, and by its price they would cost $0.030')
  })
})

describe('An old price', () => {
  const priced =
    'name: draw\nbudget_usd: 1\nsteps: {draw: {model: black-forest-labs/flux-schnell, input: {prompt: x}}}\n'

  test('is told of in a plan', async () => {
    await cli.write('workflows/draw.yaml', priced)
    expect(await json('workflows plan draw')).toMatchObject({ old_prices: [] })
    expect(await json('workflows plan draw', spring)).toMatchObject({
      old_prices: [{ model: 'black-forest-labs/flux-schnell', as_of: '2026-11-01', age_days: 151 }],
    })
    expect((await cli.run('workflows plan draw', { clock: spring })).stdout).toContain(
      'old prices: black-forest-labs/flux-schnell (151 days)',
    )
  })

  test('is told of by a dry run of a call', async () => {
    const dry = 'agents run black-forest-labs/flux-schnell -i prompt=x --dry-run'
    expect(await json(dry)).toMatchObject({ old_prices: [] })
    expect(await json(dry, spring)).toMatchObject({ old_prices: [{ as_of: '2026-11-01', age_days: 151 }] })
    expect((await cli.run(dry, { clock: spring })).stdout).toContain(
      'old prices: black-forest-labs/flux-schnell (151 days); `prices check` tells more',
    )
  })

  test('is warned of once in a run whose budget it keeps, and in no other', async () => {
    await cli.write('workflows/draw.yaml', priced)
    const warnings = async (command: string, clock: Clock) => {
      const end = await cli.run(command, { clock })
      expect(end, end.stderr).toMatchObject({ code: 0 })
      return end.stderr.match(/the budget is kept by old prices: [^;]*/g) ?? []
    }
    expect(await warnings('run draw -q', november)).toEqual([])
    expect(await warnings('run draw -q', spring)).toEqual([
      'the budget is kept by old prices: black-forest-labs/flux-schnell (151 days)',
    ])
    expect(await warnings('run draw -q --sandbox', spring)).toEqual([])
    await cli.write('workflows/draw.yaml', priced.replace('budget_usd: 1\n', ''))
    expect(await warnings('run draw -q', spring)).toEqual([])
    expect(await warnings('run draw -q --budget 1', spring)).toHaveLength(1)
    expect(await warnings('agents run black-forest-labs/flux-schnell -i prompt=x --budget 1 -q', spring)).toHaveLength(
      1,
    )
  })
})

test('The same price is behind estimates, budgets and reports', async () => {
  const file = await cli.write(
    'own.yaml',
    'hardware: {gpu-t4: 1}\nblack-forest-labs/flux-schnell: {usd_per_output: 0.5}\n',
  )
  const env = { REPLICATE_AGENT_PRICES: file }
  await cli.write(
    'workflows/draw.yaml',
    'name: draw\nsteps: {draw: {model: black-forest-labs/flux-schnell, input: {prompt: x}}}\n',
  )
  expect((await cli.run('workflows plan draw --json', { env })).json()).toMatchObject({ estimate_usd: 0.5 })
  const refused = await cli.run('run draw --budget 0.4 --json', { env })
  expect(refused.json()).toMatchObject({ error: { code: 'budget_exceeded' } })
  const paid = await cli.run('run draw --budget 0.6 --json', { env })
  expect(paid.json(), paid.stderr).toMatchObject({ status: 'succeeded', cost_usd: 0.5 })
  expect((await cli.run('runs show last --json', { env })).json()).toMatchObject({ cost_usd: 0.5 })
  expect((await cli.run('costs --json', { env })).json()).toMatchObject({ total: { cost_usd: 0.5 } })
})

describe('Each part of a price', () => {
  const llama = 'meta/meta-llama-3-8b-instruct'
  test.each([
    ['usd_per_call', llama, '{prompt: tea}'],
    ['usd_per_input_token', llama, '{prompt: tea}'],
    ['usd_per_output_token', llama, '{prompt: tea}'],
    ['usd_per_output', 'black-forest-labs/flux-schnell', '{prompt: tea, num_outputs: 3}'],
    ['usd_per_output_second', 'meta/musicgen', '{prompt: tea, duration: 4}'],
    ['usd_per_input_character', 'minimax/speech-02-turbo', '{text: tea}'],
  ])('counts: %s of %s', async (unit, model, input) => {
    const cost = async (usd: number) => {
      await cli.write('replicate-agent.yaml', `prices:\n  ${model}: {${unit}: ${usd}}\n`)
      await cli.write('workflows/one.yaml', `name: one\nsteps: {call: {model: ${model}, input: ${input}}}\n`)
      const end = await cli.run('run one --json')
      expect(end.code, end.stderr).toBe(0)
      return end.json()['cost_usd'] as number
    }
    expect(await cost(0)).toBe(0)
    const paid = await cost(1)
    expect(paid).toBeGreaterThan(0)
    if (unit === 'usd_per_call') expect(paid).toBe(1)
    if (unit === 'usd_per_output') expect(paid).toBe(3)
    if (unit === 'usd_per_output_second') expect(paid).toBe(4)
    if (unit === 'usd_per_input_character') expect(paid).toBe(3)
  })

  test('counts: seconds and hardware, of a model and of an agent', async () => {
    await cli.write(
      'replicate-agent.yaml',
      `prices:\n  hardware: {gpu-own: 1000}\n  ${llama}: {hardware: gpu-own}\n  meta/musicgen: {usd_per_second: 1}\n`,
    )
    await cli.write(
      'workflows/one.yaml',
      [
        'name: one',
        'agents: {writer: {model: openai/gpt-5-nano, price: {hardware: gpu-own}}}',
        'steps:',
        `  a: {model: ${llama}, input: {prompt: tea}, timeout: 10s}`,
        '  b: {agent: writer, input: {prompt: tea}, timeout: 10s}',
        '  c: {model: meta/musicgen, input: {prompt: tea}, timeout: 10s}',
      ].join('\n'),
    )
    expect(await json('workflows plan one')).toMatchObject({ estimate_usd: 30_015 })
  })

  test('max_age_days of the configuration says what is old', async () => {
    await cli.write('replicate-agent.yaml', 'prices: {max_age_days: 10}\n')
    const [price] = (await json('prices list --model openai/whisper'))['prices'] as JsonObject[]
    expect(price).toMatchObject({ old: true, age_days: 20 })
  })
})

test('The same price is what the router goes by', async () => {
  const picture =
    'name: draw\nagents:\n  painter:\n    candidates: [black-forest-labs/flux-schnell, black-forest-labs/flux-dev]\n    routing: {strategy: cheapest}\nsteps: {draw: {agent: painter, input: {prompt: x}}}\n'
  await cli.write('workflows/draw.yaml', picture)
  const modelOf = async () => {
    const end = await cli.run('run draw --json')
    expect(end.code, end.stderr).toBe(0)
    return (end.json()['steps'] as { draw: { model: string } }).draw.model
  }
  expect(await modelOf()).toContain('flux-schnell')
  await cli.write('replicate-agent.yaml', 'prices:\n  black-forest-labs/flux-dev: {usd_per_output: 0.001}\n')
  expect(await modelOf()).toContain('flux-dev')
})

test('A price table that is wrong is one clear error, with its place', async () => {
  const file = await cli.write('own.yaml', 'acme/x: {usd_per_secnd: 1}\n')
  const end = await cli.run('prices list', { env: { REPLICATE_AGENT_PRICES: file } })
  expect(end.code).toBe(3)
  expect(end.stderr).toContain('own.yaml:1:10')
  expect(end.stderr).toContain('did you mean `usd_per_second`?')
})
