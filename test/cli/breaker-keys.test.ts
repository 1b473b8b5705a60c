/** What opens a breaker, and what it does after closing: the keys that `breaker.test.ts` leaves out, through the command line. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { type Clock, systemClock } from '../../src/std/clock.ts'
import { eagerClock } from '../../src/testing/eager-clock.ts'
import { type CliRig, openCli } from './rig.ts'

let cli: CliRig
afterEach(() => cli.close())

const small = 'meta/meta-llama-3-8b-instruct'
const other = 'openai/gpt-5-nano'
const long = 'cooldown_seconds: 1e9, window_seconds: 1e9'

interface Calls {
  /** What is asked, one call after the other; of each the first one fails. */
  prompts?: string
  fault?: string
  clock?: Clock
  /** More of the agent, and of the step. */
  agent?: string
  step?: string
  config?: string
}

/** A letter for each call: o(k), x (failed, and the other model answered), - (not sent). */
async function calls(breaker: string | undefined, more: Calls = {}): Promise<string> {
  const { prompts = 'aabbcc', fault = 'status=500:times=1', clock = eagerClock(), agent = '', step = '' } = more
  await cli?.close()
  cli = await openCli()
  await cli.write('replicate-agent.yaml', more.config ?? '{}')
  await cli.write('faults.yaml', `latency: 20\nfaults: ['meta/*:${fault}']\n`)
  const own = breaker === undefined ? '' : `, breaker: ${breaker}`
  await cli.write(
    'flow.yaml',
    `name: flow
agents:
  writer: {models: [${small}], fallback: ${other}, retry: {attempts: 1}${own}${agent}}
steps:
  say:
    agent: writer
    foreach: {in: [${[...prompts].join(', ')}], max_concurrency: 1}
    input: {prompt: '\${{ item }}'}
    ${step}
`,
  )
  const end = await cli.run('run flow.yaml --sandbox --faults faults.yaml --json', { clock })
  const { steps } = end.json() as unknown as { steps: { say: { items: { attempts: number; model: string }[] } } }
  return steps.say.items.map(({ attempts, model }) => (model === small ? 'o' : attempts === 2 ? 'x' : '-')).join('')
}

describe('what opens it', () => {
  test('`criterion`: failures within the window (the default), or in a row', async () => {
    expect(await calls(`{failure_threshold: 2, ${long}}`)).toBe('xox---')
    expect(await calls(`{criterion: failures, failure_threshold: 2, ${long}}`)).toBe('xox---')
    expect(await calls(`{criterion: consecutive, failure_threshold: 2, cooldown_seconds: 1e9}`)).toBe('xoxoxo')
    expect(
      await calls(`{criterion: consecutive, failure_threshold: 2, cooldown_seconds: 1e9}`, { prompts: 'abc' }),
    ).toBe('xx-')
  })

  test('`criterion: count`, with its `failure_rate`, `minimum_calls` and `window_calls`', async () => {
    const count = (more: string, prompts = 'aabbcc') =>
      calls(`{criterion: count, cooldown_seconds: 1e9, ${more}}`, { prompts })
    expect(await count('window_calls: 4, minimum_calls: 4')).toBe('xoxox-')
    expect(await count('window_calls: 4, minimum_calls: 4, failure_rate: 0.6')).toBe('xoxoxo')
    expect(await count('window_calls: 4, minimum_calls: 2')).toBe('xox---')
    expect(await count('window_calls: 2, minimum_calls: 2, failure_rate: 1', 'aabcd')).toBe('xoxx-')
    expect(await count('window_calls: 4, minimum_calls: 2, failure_rate: 1', 'aabcd')).toBe('xoxxx')
  })

  test('`criterion: sampling`, whose window is a time', async () => {
    const sampling = (more: string) => calls(`{criterion: sampling, cooldown_seconds: 1e9, ${more}}`)
    expect(await sampling('window_seconds: 1e9, minimum_calls: 4')).toBe('xoxox-')
    expect(await sampling('window_seconds: 1e9, minimum_calls: 4, failure_rate: 0.7')).toBe('xoxoxo')
    expect(await sampling('window_seconds: 0.000001, minimum_calls: 4')).toBe('xoxoxo')
  })

  test('`slow_call_seconds` makes a failure of a slow call; with shares, `slow_call_rate` is how many are too many', async () => {
    // In real time: for each input, the first call takes half a second.
    const slow = (breaker: string, prompts: string) =>
      calls(breaker, { prompts, fault: 'slow=25:times=1', clock: systemClock })
    expect(await slow(`{failure_threshold: 1, slow_call_seconds: 0.25, ${long}}`, 'ab')).toBe('o-')
    expect(await slow(`{failure_threshold: 1, slow_call_seconds: 600, ${long}}`, 'ab')).toBe('oo')
    const count = 'criterion: count, cooldown_seconds: 1e9, minimum_calls: 3, slow_call_seconds: 0.25'
    expect(await slow(`{${count}}`, 'aabc')).toBe('ooo-')
    expect(await slow(`{${count}, slow_call_rate: 0.7}`, 'aabc')).toBe('oooo')
  })

  test('`on` names the classes that count', async () => {
    const failed = { prompts: 'abc', fault: 'error=no faces found' }
    expect(await calls(`{failure_threshold: 1, ${long}}`, failed)).toBe('xxx')
    expect(await calls(`{failure_threshold: 1, on: [exception], ${long}}`, failed)).toBe('x--')
    const down = { prompts: 'abc' }
    expect(await calls(`{failure_threshold: 1, on: [timeout], ${long}}`, down)).toBe('xxx')
    const cut = { prompts: 'abc', fault: 'error=out of memory' }
    expect(await calls(`{failure_threshold: 1, ${long}}`, cut)).toBe('x--')
    const throttled = { prompts: 'ab', fault: '429=0:times=1' }
    expect(await calls(`{failure_threshold: 1, ${long}}`, throttled)).toBe('oo')
    const bad = { prompts: 'abc', fault: '0', agent: `, routing: {quality: {expression: "0", accept: 0.5}}` }
    expect(await calls(`{failure_threshold: 1, ${long}}`, bad)).toBe('xxx')
    expect(await calls(`{failure_threshold: 1, on: [quality_failure], ${long}}`, bad)).toBe('x--')
    const odd = { prompts: 'abc', fault: 'corrupt=type', step: 'output_schema: {type: string}' }
    expect(await calls(`{failure_threshold: 1, ${long}}`, odd)).toBe('xxx')
    expect(await calls(`{failure_threshold: 1, on: [invalid_output], ${long}}`, odd)).toBe('x--')
  })
})

test('`ramp_seconds`: after closing, others answer what it does not get back yet', async () => {
  const brief = 'failure_threshold: 1, cooldown_seconds: 0.000001'
  const real = { prompts: 'aaaa', clock: systemClock }
  expect(await calls(`{${brief}, ramp_seconds: 0}`, real)).toBe('xooo')
  expect(await calls(`{${brief}, ramp_seconds: 1e9}`, real)).toBe('xo--')
})

describe('the configuration', () => {
  test('`breaker` holds for agents that say nothing, below what they do say', async () => {
    const config = `breaker: {failure_threshold: 2, ${long}}`
    expect(await calls(undefined, { prompts: 'abcd', config })).toBe('xx--')
    expect(await calls('true', { prompts: 'abcd', config })).toBe('xx--')
    expect(await calls('{failure_threshold: 1}', { prompts: 'abcd', config })).toBe('x---')
    expect(await calls('false', { prompts: 'abcd', config })).toBe('xxxx')
    const ofConfig = `${config}\nagents:\n  there: {model: ${small}, breaker: {half_open_probes: 7}}\n`
    await calls(undefined, { prompts: 'a', config: ofConfig })
    const { policies } = (await cli.run('agents show there --sandbox --json')).json() as never
    expect(policies).toEqual(
      expect.arrayContaining([
        { key: 'breaker.half_open_probes', value: 7, place: expect.anything() },
        { key: 'breaker.failure_threshold', value: 2, place: { file: expect.stringContaining('.yaml'), line: 1 } },
        { key: 'breaker.success_threshold', value: 1 },
      ]),
    )
  })

  test('`providers.replicate.breaker` keeps calls from all models when the provider is down', async () => {
    const config = `providers: {replicate: {breaker: {failure_threshold: 2, ${long}}}}`
    await calls(undefined, { prompts: 'abc', config, fault: 'error=no faces found' })
    expect((await cli.run('breakers list --sandbox --json')).json()).toMatchObject({
      breakers: [{ name: 'provider:replicate', state: 'closed', standing: '0 of 2 failures' }],
    })
    await cli.write('faults.yaml', `faults: ['*:status=502']\n`)
    const end = await cli.run('run flow.yaml --sandbox --faults faults.yaml --json', { clock: eagerClock() })
    const { steps } = end.json() as unknown as { steps: { say: { items: { error: unknown; attempts: number }[] } } }
    // The third attempt of the first call only looked for what the second may have made.
    expect(steps.say.items.map(({ attempts }) => attempts)).toEqual([3, 0, 0])
    expect(steps.say.items[2]?.error).toMatchObject({
      code: 'circuit_open',
      message: expect.stringContaining('circuit breaker of replicate'),
    })
  })

  test('Keys that the criterion does not read are warned of', async () => {
    await calls(undefined, {
      prompts: 'a',
      config: `breaker: {window_calls: 9}\nagents:\n  a: {model: ${small}, breaker: {criterion: consecutive, failure_rate: 0.1}}\nproviders: {replicate: {breaker: {minimum_calls: 3}}}\n`,
    })
    const checked = await cli.run('config check')
    const stdout = checked.stdout + checked.stderr
    expect(stdout).toContain('`window_calls` is of count')
    expect(stdout).toContain('`failure_rate` is of count and sampling, and the criterion here is consecutive')
    expect(stdout).toContain('`minimum_calls` is of count and sampling')
    await cli.write(
      'w.yaml',
      `name: w\nagents: {a: {model: ${small}, breaker: {criterion: count, slow_call_rate: 1, minimum_calls: 90}}}\nsteps: {s: {agent: a, input: {prompt: x}}}\n`,
    )
    const validated = await cli.run('validate w.yaml')
    expect(validated.stdout + validated.stderr).toContain(
      '`slow_call_rate` changes nothing without `slow_call_seconds`',
    )
    expect(validated.stdout + validated.stderr).toContain('more than the 9 of `window_calls`')
  })
})

test.each([
  ['{on: [rate_limited]}', /on\[0\].*never counts: a 429/],
  ['{on: [authentication]}', /never counts: a 401 or 403/],
  ['{on: []}', /at least one class/],
  ['{criterion: sometimes}', /must be one of failures, consecutive, count, sampling/],
  ['{failure_rate: 50}', /failure_rate.*from 0.001 to 1/],
  ['{ramp_seconds: -1}', /ramp_seconds.*0 or more seconds/],
  ['{slow_call_seconds: 0}', /slow_call_seconds.*more than 0/],
])('The breaker %s is refused', async (breaker, message) => {
  cli = await openCli()
  await cli.write(
    'w.yaml',
    `name: w\nagents: {a: {model: ${small}, breaker: ${breaker}}}\nsteps: {s: {agent: a, input: {prompt: x}}}\n`,
  )
  const { code, stdout, stderr } = await cli.run('validate w.yaml')
  expect(code).toBe(3)
  expect(stdout + stderr).toMatch(message)
})

test('A server that says when it is back shortens the cooldown', async () => {
  cli = await openCli()
  const server = createServer((_request, response) => response.writeHead(500, { 'retry-after': '7' }).end('{}'))
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  try {
    await cli.write(
      'replicate-agent.yaml',
      `agents:\n  a: {model: ${small}, retry: {attempts: 1}, breaker: {failure_threshold: 1}}\n`,
    )
    const { port } = server.address() as AddressInfo
    const env = { REPLICATE_API_TOKEN: 'r8_anything', REPLICATE_BASE_URL: `http://127.0.0.1:${port}/v1` }
    const end = await cli.run('agents run a -i prompt=x --json', { env })
    expect(end.code).toBe(1)
    const { breakers } = (await cli.run('breakers list --json', { env })).json() as never as {
      breakers: { state: string; opens_in_seconds: number }[]
    }
    expect(breakers).toMatchObject([{ state: 'open' }])
    expect(breakers[0]?.opens_in_seconds).toBeLessThanOrEqual(7)
  } finally {
    server.close()
  }
})
