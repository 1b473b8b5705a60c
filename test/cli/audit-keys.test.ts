/** Keys of `audit` each by itself: what is kept and taken out, how long, and why the cache did not answer. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Clock, systemClock } from '../../src/std/clock.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { type CliRig, openCli } from './rig.ts'

const model = 'meta/meta-llama-3-8b-instruct'
const folder = () => join(cli.home, 'audit', 'sandbox')

let cli: CliRig
beforeEach(async () => {
  cli = await openCli()
  await cli.write('still.yaml', 'latency: 0\n')
})
afterEach(() => cli.close())

const at = (iso: string): Clock => {
  const offset = Date.parse(iso) - Date.now()
  return { ...systemClock, now: () => Date.now() + offset }
}

async function ask(agent: string, clock = systemClock): Promise<void> {
  const end = await cli.run(`agents run ${agent} -i prompt=tea --sandbox --faults still.yaml -q`, { clock })
  expect(end.code, end.stderr).toBe(0)
}

const records = async (): Promise<JsonObject[]> =>
  (await cli.run('audit list --sandbox --json')).json()['records'] as JsonObject[]

test.each([
  ['[inputs]', true, false],
  ['[outputs]', false, true],
  ['[]', false, false],
])('`keep: %s` keeps just that', async (keep, input, output) => {
  await cli.write('replicate-agent.yaml', `audit: {keep: ${keep}}\n`)
  await ask(model)
  const [call] = (await records()) as { input: JsonObject; output: JsonObject }[]
  expect(['value' in (call?.input ?? {}), 'value' in (call?.output ?? {})]).toEqual([input, output])
})

test('`redact` takes outputs by their paths', async () => {
  await cli.write('replicate-agent.yaml', 'audit: {keep: [inputs, outputs], redact: [output]}\n')
  await ask(model)
  const [call] = (await records()) as { input: JsonObject; output: JsonObject }[]
  expect([call?.input['value'], call?.output['value']]).toEqual([{ prompt: 'tea' }, '[redacted]'])
})

test('Messages of errors have neither secrets of the run nor what a pattern of `redact` matches', async () => {
  await cli.write('replicate-agent.yaml', 'audit: {redact: ["/[a-z]+@[a-z.]+/"]}\n')
  const error = 'no place for ada@example.org and tulip-4711-sand here'
  await cli.write('broken.yaml', `latency: 0\nfaults: [{model: meta/*, fault: failed, error: '${error}'}]\n`)
  await cli.write(
    'secret.yaml',
    `name: secret\ninputs: {pin: {type: string, secret: true}}\nsteps:\n  ask: {model: ${model}, retry: {attempts: 1}, input: {prompt: "\${{ inputs.pin }}"}}\n`,
  )
  expect((await cli.run('run secret.yaml -i pin=tulip-4711-sand --sandbox --faults broken.yaml -q')).code).toBe(1)
  const text = readdirSync(folder())
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => readFileSync(join(folder(), name), 'utf8'))
    .join('')
  expect(text).toContain('no place for [redacted] and ')
  expect(text).not.toContain('tulip-4711-sand')
})

test('Days are kept for 90 days where nothing else is said', async () => {
  await ask(model, at('2026-01-01T12:00:00Z'))
  const days = () => readdirSync(folder()).filter((name) => name.endsWith('.jsonl'))
  await ask(model, at('2026-03-31T12:00:00Z'))
  expect(days()).toEqual(['2026-01-01.jsonl', '2026-03-31.jsonl'])
  await ask(model, at('2026-04-03T12:00:00Z'))
  expect(days()).toEqual(['2026-03-31.jsonl', '2026-04-03.jsonl'])
})

test('A record says why the cache did not answer', async () => {
  await cli.write('replicate-agent.yaml', `agents: {writer: {model: ${model}, cache: {ttl: 1h}}}\n`)
  await ask('writer', at('2026-11-20T12:00:00Z'))
  await ask('writer', at('2026-11-20T12:30:00Z'))
  await ask('writer', at('2026-11-20T14:00:00Z'))
  const all = await records()
  expect(all.map(({ cache, cache_miss }) => [cache, cache_miss])).toEqual([
    ['miss', 'expired'],
    ['hit', undefined],
    ['miss', 'absent'],
  ])
  expect((await cli.run(`audit show ${String(all[0]?.['id'])} --sandbox`)).stdout).toContain('miss (expired)')
})
