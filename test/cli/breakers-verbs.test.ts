/** `breakers list|show|trip|reset|configure`. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { JsonObject } from '../../src/std/json.ts'
import { systemClock } from '../../src/std/clock.ts'
import { type CliRig, openCli } from './rig.ts'

const small = 'meta/meta-llama-3-8b-instruct'
const other = 'openai/gpt-5-nano'

let cli: CliRig
let passed = 0
/** Time goes by, and more of it where a test says so. */
const clock = { ...systemClock, now: () => Date.now() + passed }

beforeEach(async () => {
  passed = 0
  cli = await openCli()
  await cli.write(
    'replicate-agent.yaml',
    `agents:
  writer: {model: ${small}, retry: {attempts: 1}, breaker: {failure_threshold: 2, ramp_seconds: 0}}
  plain: {model: ${small}}
  free: {model: ${other}}
`,
  )
})
afterEach(() => cli.close())

const run = (command: string) => cli.run(command, { clock })
const shown = async (): Promise<JsonObject> => (await run(`breakers show ${small} --sandbox --json`)).json()
/** The code of the error, or what answered. */
async function call(agent = 'writer', more = ''): Promise<unknown> {
  const end = await run(`agents run ${agent} -i prompt=x --sandbox --json ${more}`)
  const { steps } = end.json() as { steps: { call: { error?: { code: string }; model?: string } } }
  return steps.call.error?.code ?? steps.call.model
}
async function down(): Promise<string> {
  await cli.write('faults.yaml', `faults: ['meta/*:status=500']\n`)
  return '--faults faults.yaml'
}

test('What a state folder has never seen is closed, and listed for the agents that ask for it', async () => {
  expect((await run('breakers list --json')).json()).toEqual({
    sandbox: false,
    breakers: [
      {
        ...{ name: `model:${small}`, kind: 'model', subject: small, state: 'closed', share: 1 },
        ...{ standing: '0 of 2 failures', callers: ['writer'], unguarded: ['plain'] },
        policy: expect.objectContaining({ criterion: 'failures', failure_threshold: 2 }),
      },
    ],
  })
  await cli.write('replicate-agent.yaml', '{}')
  const none = await run('breakers list')
  expect(none).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining('breaker: true') })
})

test('Failures of one command after the other open it, each is seen with its class, and a trial call closes it', async () => {
  const faults = await down()
  expect(await call('writer', faults)).toBe('server')
  expect(await shown()).toMatchObject({ state: 'closed', standing: '1 of 2 failures', failures: { server: 1 } })
  expect(await call('writer', faults)).toBe('server')
  expect(await call()).toBe('circuit_open')
  expect(await shown()).toMatchObject({
    state: 'open',
    standing: '2 failures within 60 s',
    failures: { server: 2 },
    last_failures: [{ class: 'server', message: expect.stringContaining('500') }, { class: 'server' }],
    opens_in_seconds: expect.any(Number),
  })
  // The one for calls for real is another.
  expect((await run(`breakers show ${small} --json`)).json()).toMatchObject({ state: 'closed', failures: {} })
  passed = 60_000
  expect(await shown()).toMatchObject({ state: 'half_open', trials: { under_way: 0, succeeded: 0, needed: 1 } })
  expect(await call()).toBe(small)
  expect(await shown()).toMatchObject({ state: 'closed', standing: '0 of 2 failures', failures: { server: 2 } })
})

test('`trip` opens it until it is reset, and says who goes on all the same', async () => {
  const tripped = await run(`breakers trip ${small} --sandbox`)
  expect(tripped.stdout).toBe(`${small}  open  until it is reset\n`)
  expect(tripped.stderr).toContain('calls of "plain" go on')
  passed = 1e9
  expect(await call()).toBe('circuit_open')
  expect(await call('plain')).toBe(small)
  const reset = await run(`breakers reset ${small} --sandbox --json`)
  expect(reset.json()).toEqual({ reset: [{ name: `model:${small}`, was: 'open' }] })
  expect(await call()).toBe(small)
})

test('`trip --for` lets trial calls through after that time', async () => {
  await run(`breakers trip ${small} --for 10m --sandbox`)
  expect(await call()).toBe('circuit_open')
  passed = 600_000
  expect(await call()).toBe(small)
  expect(await shown()).toMatchObject({ state: 'closed' })
})

test('`reset --all` closes all of one world, and keeps what was configured', async () => {
  await run(`breakers trip ${small} --sandbox`)
  await run(`breakers trip ${other} --sandbox`)
  await run(`breakers configure ${small} --sandbox --cooldown-seconds 7`)
  await run(`breakers trip ${small}`)
  const { reset } = (await run('breakers reset --all --sandbox --json')).json() as { reset: unknown[] }
  expect(reset).toHaveLength(2)
  expect(await shown()).toMatchObject({ state: 'closed', override: { cooldown_seconds: 7 } })
  expect((await run('breakers list --json')).json()).toMatchObject({ breakers: [{ state: 'open' }] })
  expect((await run('breakers reset --all --sandbox')).code).toBe(0)
})

test('`configure` sets keys over what agents say, one after the other, until they are cleared', async () => {
  const configure = (options: string) => run(`breakers configure ${small} --sandbox ${options} --json`)
  await configure('--failure-threshold 1')
  const both = await configure('--cooldown-seconds 300 --on timeout,server')
  expect(both.json()).toMatchObject({
    override: { failure_threshold: 1, cooldown_seconds: 300, on: ['timeout', 'server'] },
    policy: { failure_threshold: 1, cooldown_seconds: 300, half_open_probes: 1 },
  })
  expect(await call('writer', await down())).toBe('server')
  expect(await call()).toBe('circuit_open')
  expect((await shown())['opens_in_seconds']).toBeGreaterThan(200)
  expect((await run('breakers list --sandbox')).stdout).toContain('(configured)')
  await run(`breakers reset ${small} --sandbox`)
  const cleared = await configure('--clear')
  expect(cleared.json()).not.toHaveProperty('override')
  expect(cleared.json()).toMatchObject({ policy: { failure_threshold: 2, cooldown_seconds: 60 } })
})

test('Every key of a breaker can be configured', async () => {
  const all =
    '--criterion sampling --failure-threshold 3 --window-seconds 5 --failure-rate 0.2 --minimum-calls 4 --window-calls 6 --slow-call-seconds 7 --slow-call-rate 0.8 --on exception --cooldown-seconds 9 --half-open-probes 2 --success-threshold 3 --ramp-seconds 0'
  expect((await run(`breakers configure ${small} --json ${all}`)).json()).toMatchObject({
    override: {
      ...{ criterion: 'sampling', failure_threshold: 3, window_seconds: 5, failure_rate: 0.2, minimum_calls: 4 },
      ...{ window_calls: 6, slow_call_seconds: 7, slow_call_rate: 0.8, on: ['exception'], cooldown_seconds: 9 },
      ...{ half_open_probes: 2, success_threshold: 3, ramp_seconds: 0 },
    },
  })
})

test.each([
  [`breakers show meta/meta-lama-3-8b-instruct`, `did you mean "${small}"?`],
  ['breakers trip nobody/nothing', '`breakers list` shows'],
  ['breakers reset', 'or all with --all'],
  [`breakers reset ${small} --all`, 'two things'],
  [`breakers configure ${small}`, 'there is nothing to set'],
  [`breakers configure ${small} --failure-threshold 0`, 'whole number of at least 1'],
  [`breakers configure ${small} --failure-rate 5`, 'failure_rate must be a number from 0.001 to 1'],
  [`breakers configure ${small} --on rate_limited`, 'never counts'],
  [`breakers trip ${small} --for ever`, 'takes a duration'],
])('%s is refused', async (command, said) => {
  const end = await run(command)
  expect(end).toMatchObject({ code: 2, stdout: '' })
  expect(end.stderr).toContain(said)
})

test('What a provider has no key for is refused', async () => {
  await cli.write('replicate-agent.yaml', 'providers: {replicate: {breaker: true}}\n')
  expect((await run('breakers configure provider:replicate --failure-threshold 9')).code).toBe(0)
  const end = await run('breakers configure replicate --slow-call-seconds 9')
  expect(end).toMatchObject({ code: 2, stderr: expect.stringContaining('has no `slow_call_seconds`') })
})

test('A damaged state is a closed breaker that can be shown, tripped and reset', async () => {
  await run(`breakers trip ${small} --sandbox`)
  const { DatabaseSync } = await import('node:sqlite')
  const database = new DatabaseSync(`${cli.home}/shared.db`)
  for (const value of ['{', '"open"', '{"layout":1,"open":true}']) {
    database.prepare('update cells set value = ?').run(value)
    expect(await shown()).toMatchObject({ state: 'closed' })
    expect(await call()).toBe(small)
  }
  await run(`breakers trip ${small} --sandbox`)
  expect(await call()).toBe('circuit_open')
  database.close()
})

test('`router explain` shows that a breaker keeps a candidate out', async () => {
  await cli.write('replicate-agent.yaml', `agents:\n  two: {models: [${small}, ${other}], breaker: true}\n`)
  await run(`breakers trip ${small} --sandbox`)
  expect((await run('router explain two -i prompt=x --sandbox')).stdout).toContain('circuit breaker open')
})
