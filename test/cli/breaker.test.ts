/** `breaker` of an agent: each of its keys, in a workflow that is run with models that fail. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Clock, systemClock } from '../../src/std/clock.ts'
import { eagerClock } from '../../src/testing/eager-clock.ts'
import { type CliRig, openCli } from './rig.ts'

let cli: CliRig
beforeEach(async () => {
  cli = await openCli()
})
afterEach(() => cli.close())

const small = 'meta/meta-llama-3-8b-instruct'
const other = 'openai/gpt-5-nano'

interface Wave {
  /** Attempts of the calls that fail at first. */
  attempts: number[]
  /** What answered the call after them, and then three at once. */
  probe: string
  models: string[]
  /** What kept the first candidate from the probe, by `router why`. */
  removed: unknown
}

/** Calls that fail, one after the other; then one; then three at the same time. With the eager clock nobody waits. */
async function wave(
  breaker: string,
  agent = `models: [${small}, ${other}]`,
  clock: Clock = eagerClock(),
): Promise<Wave> {
  // What an earlier wave did to the breaker would go on.
  await cli.close()
  cli = await openCli()
  // For each input, the first call of `meta/*` fails.
  await cli.write('faults.yaml', `latency: 50\nfaults: ['meta/*:status=500:times=1']\n`)
  await cli.write(
    'workflows/flow.yaml',
    `
name: flow
agents:
  writer:
    ${agent}
    routing: {strategy: order}
    retry: {attempts: 1}
    breaker: ${breaker}
  spare: {model: ${other}}
steps:
  open: {agent: writer, foreach: {in: [a, b, c], max_concurrency: 1}, input: {prompt: '\${{ item }}'}}
  probe: {agent: writer, needs: [open], input: {prompt: a}}
  wave: {agent: writer, needs: [probe], foreach: {in: [a, a, a]}, input: {prompt: '\${{ item }}'}}
`,
  )
  const end = await cli.run('run flow --sandbox --faults faults.yaml --json', { clock })
  const { steps } = end.json() as unknown as {
    steps: Record<string, { model: string; items: { attempts: number; model: string }[] }>
  }
  const [open, probe, each] = ['open', 'probe', 'wave'].map((id) => steps[id])
  const why = await cli.run(`router why ${String(end.json()['run_id'])} probe --sandbox --json`)
  const { decisions = [] } = why.json() as { decisions?: { candidates: { removed_by?: string }[] }[] }
  return {
    removed: decisions[0]?.candidates[0]?.removed_by,
    attempts: open?.items.map(({ attempts }) => attempts) ?? [],
    probe: probe?.model ?? '',
    models: each?.items.map(({ model }) => model).toSorted() ?? [],
  }
}

/** Over at once, and never. */
const brief = 'cooldown_seconds: 0.000001'
const long = 'cooldown_seconds: 1e9, window_seconds: 1e9'

test('Without a breaker a model that fails is asked by every call', async () => {
  expect(await wave('false')).toEqual({ attempts: [2, 2, 2], probe: small, models: [small, small, small] })
})

test('`failure_threshold` is how many failures keep further calls from it; 5 by default', async () => {
  expect((await wave('true')).attempts).toEqual([2, 2, 2])
  expect(await wave(`{failure_threshold: 1, ${long}}`)).toEqual({
    ...{
      attempts: [2, 1, 1],
      probe: other,
      models: [other, other, other],
      removed: 'circuit breaker open: 1 failure within 1000000000 s',
    },
  })
  expect((await wave(`{failure_threshold: 2, ${long}}`)).attempts).toEqual([2, 2, 1])
})

test('`window_seconds` is how long a failure counts', async () => {
  expect((await wave('{failure_threshold: 2, window_seconds: 0.000001, cooldown_seconds: 1e9}')).attempts).toEqual([
    2, 2, 2,
  ])
})

test('`cooldown_seconds` is how long it is left alone; then one success closes it', async () => {
  expect(await wave(`{failure_threshold: 3, ${brief}}`)).toEqual({
    ...{ attempts: [2, 2, 2], probe: small, models: [small, small, small] },
  })
  expect((await wave(`{failure_threshold: 3, ${long}}`)).probe).toBe(other)
})

test('`success_threshold` is how many must succeed, and until then `half_open_probes` go at once', async () => {
  // In real time, so that the three of them are on their way at once.
  const models = async (more: string) =>
    (await wave(`{failure_threshold: 3, success_threshold: 9, ${brief}${more}}`, undefined, systemClock)).models
  expect(await models('')).toEqual([small, other, other])
  expect(await models(', half_open_probes: 2')).toEqual([small, small, other])
})

test('`fallback_agent` names who is asked in its place', async () => {
  const { attempts, probe } = await wave(`{failure_threshold: 2, ${long}, fallback_agent: spare}`, `model: ${small}`)
  expect({ attempts, probe }).toEqual({ attempts: [2, 2, 1], probe: other })
})

test.each([
  ['{failure_threshold: 0}', /failure_threshold.*whole number/],
  ['{window_seconds: soon}', /window_seconds.*seconds/],
  ['{treshold: 3}', /treshold/],
  ['{fallback_agent: nobody}', /no agent "nobody"/],
  ['yes please', /true, false or a mapping/],
])('The breaker %s is refused', async (breaker, message) => {
  await cli.write(
    'workflows/bad.yaml',
    `name: bad\nagents:\n  writer:\n    model: ${small}\n    description: x\n    retry: {attempts: 1}\n    breaker: ${breaker}\nsteps:\n  write: {agent: writer, input: {prompt: a}}\n`,
  )
  const { code, stdout, stderr } = await cli.run('validate bad')
  expect(code).toBe(3)
  expect(stdout + stderr).toMatch(message)
})
