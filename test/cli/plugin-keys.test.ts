/** What plugins say of themselves, and options of the built-in ones that show only with others, or over several runs. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { JsonObject } from '../../src/std/json.ts'
import { type CliRig, openCli } from './rig.ts'

let cli: CliRig
beforeEach(async () => {
  cli = await openCli()
  await cli.write('still.yaml', 'latency: 0\n')
})
afterEach(() => cli.close())

const model = 'meta/meta-llama-3-8b-instruct'

/** One call, and what the model was sent. */
async function call(plugins: string, prompt = 'hello') {
  await cli.write('replicate-agent.yaml', `plugins: ${plugins}\n`)
  const sandbox = ['--sandbox', '--faults', 'still.yaml', '--json']
  const end = await cli.run(['agents', 'run', model, '-i', `prompt=${prompt}`, ...sandbox])
  const { steps, run_id } = end.json() as unknown as { run_id: string; steps: { call: { error?: JsonObject } } }
  const { events } = (await cli.run(`runs logs ${run_id} --json`)).json() as { events: JsonObject[] }
  const sent = events.find(({ type }) => type === 'call.intended')
  return { ...end, error: steps.call.error, sent: JSON.stringify(sent?.['body'] ?? null) }
}

const plugin = (name: string, says: string, hook: string) =>
  cli.write(`${name}.mjs`, `export default { name: '${name}', ${says} hooks: { agent_pre_execute: ${hook} } }\n`)

test('A plugin says itself how it fails, and the configuration may say otherwise', async () => {
  await plugin('guard', "on_error: 'open',", `() => { throw new Error('boom') }`)
  expect(await call('[./guard.mjs]')).toMatchObject({ code: 0, stderr: expect.stringContaining('passed over: boom') })
  expect(await call('[{path: guard.mjs, on_error: closed}]')).toMatchObject({
    code: 1,
    error: { code: 'plugin_failed' },
  })
})

test('A plugin says itself how long it may take, and the configuration may say otherwise', async () => {
  await plugin('slow', "timeout: '1ms',", `() => new Promise(() => {})`)
  expect((await call('[./slow.mjs]')).error?.['message']).toContain('took longer than 1ms')
  expect((await call('[{path: slow.mjs, timeout: 2ms}]')).error?.['message']).toContain('took longer than 2ms')
})

test('A plugin says itself when it is asked, and the configuration may say otherwise', async () => {
  const add = (name: string) => `(c) => ({ ...c, input: { prompt: c.input.prompt + ' ${name}' } })`
  await plugin('a', '', add('a'))
  await plugin('b', 'order: -1,', add('b'))
  expect((await call('[a.mjs, b.mjs]')).sent).toContain('hello b a')
  expect((await call('[a.mjs, {path: b.mjs, order: 1}]')).sent).toContain('hello a b')
})

test('pii_mask hides what it hides from the plugins that are listed before it, too', async () => {
  await plugin('spy', '', `(c) => ({ ...c, input: { prompt: c.input.prompt.includes('@') ? 'seen' : 'hidden' } })`)
  expect((await call('[./spy.mjs, pii_mask]', 'write to ann@example.org')).sent).toContain('hidden')
})

test('content_filter looks for its `words` and for those of its `file`', async () => {
  await cli.write('words.txt', 'dragon\n')
  const plugins = '[{name: content_filter, options: {words: [tulip], file: words.txt, direction: input}}]'
  for (const prompt of ['a dragon', 'a tulip']) expect((await call(plugins, prompt)).error?.['code']).toBe('refused')
  expect((await call(plugins, 'a rose')).code).toBe(0)
})

test.each([
  ['run', ['refused', 'refused', 'succeeded', 'succeeded']],
  ['process', ['succeeded', 'succeeded', 'succeeded', 'succeeded']],
])('cost_cap `per: %s` counts what was spent before a run was retried, or does not', async (per, after) => {
  const plugins = `[{name: cost_cap, options: {max_usd: 0.2, per: ${per}}}]`
  await cli.write('replicate-agent.yaml', `plugins: ${plugins}\nprices: {${model}: {usd_per_call: 0.1}}\n`)
  await cli.write(
    'workflows/c.yaml',
    `name: c\nsteps:\n  a: {model: ${model}, foreach: {in: [a, b, c, d]}, input: {prompt: '\${{ item }}'}}\n`,
  )
  const ends = async (command: string) => {
    const { steps } = (await cli.run(command)).json() as unknown as {
      steps: { a: { items: { status: string; error?: JsonObject }[] } }
    }
    return steps.a.items.map(({ status, error }) => String(error?.['code'] ?? status)).toSorted()
  }
  const before = ['refused', 'refused', 'succeeded', 'succeeded']
  expect(await ends('run c --sandbox --faults still.yaml --json')).toEqual(before)
  expect(await ends('runs retry last --json')).toEqual(after)
})

test('cost_cap takes a call whose price nobody knows for `default_usd`, and refuses it without', async () => {
  const flow = async (options: string) => {
    const config = `plugins: [{name: cost_cap, options: ${options}}]\nagents: {writer: {model: ${model}, price: {hardware: gpu-z}}}\n`
    await cli.write('replicate-agent.yaml', config)
    const end = await cli.run('agents run writer -i prompt=hi --sandbox --faults still.yaml --json')
    const { steps } = end.json() as unknown as { steps: { call: { error?: JsonObject } } }
    return steps.call.error?.['message']
  }
  expect(await flow('{max_usd: 1}')).toContain('nobody knows what a call')
  expect(await flow('{max_usd: 1, default_usd: 2}')).toContain('this call may cost $2.0000')
  expect(await flow('{max_usd: 1, default_usd: 0.5}')).toBeUndefined()
})
