import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/std/json.ts'
import { eagerClock } from '../../src/testing/eager-clock.ts'
import { type Registry, startRegistry } from './model-registry.ts'
import { type CliEnd, type CliRig, openCli } from './rig.ts'

let registry: Registry
let cli: CliRig

const wider: JsonObject = { prompt: { type: 'string' }, seed: { type: 'integer' } }

beforeEach(async () => {
  registry = await startRegistry()
  cli = await openCli({ REPLICATE_BASE_URL: registry.url, REPLICATE_API_TOKEN: 'any' })
  await cli.write('replicate-agent.yaml', 'agents:\n  framer: {model: acme/framer, version_pin: exact}\n')
  await cli.write(
    'workflows/paint.yaml',
    `name: paint
agents:
  painter: {model: acme/painter, version_pin: minor}
steps:
  draw: {agent: painter, input: {prompt: a fox}}
  write: {model: acme/writer, input: {prompt: a fox}}
`,
  )
})
afterEach(async () => {
  await cli.close()
  await registry.close()
})

const locked = () => readFile(join(cli.cwd, 'replicate-agent.lock'), 'utf8')

/** Publishes a version of each of the three models; gives their ids. */
function publishAll(version: Parameters<Registry['publish']>[1] = {}) {
  const [painter = '', framer = '', writer = ''] = ['painter', 'framer', 'writer'].map((name) =>
    registry.publish(`acme/${name}`, version),
  )
  return { painter, framer, writer }
}

async function ok(command: string): Promise<CliEnd> {
  const end = await cli.run(command)
  expect(end.stderr).not.toContain('error')
  expect(end.code).toBe(0)
  return end
}

describe('agents pin', () => {
  test('locks every model that agents of the configuration and workflows call', async () => {
    const ids = publishAll()
    registry.makeOfficial('acme/writer')
    const end = await ok('agents pin --all')
    expect(end.stdout).toContain(`acme/painter  new     ${ids.painter.slice(0, 8)}`)
    expect(end.stdout).toMatch(/acme\/writer +new +official/)
    expect(end.stderr).toContain('replicate-agent.lock: 3 models locked')
    const text = await locked()
    expect(text).toContain(ids.framer)
    expect(text.indexOf('acme/framer')).toBeLessThan(text.indexOf('acme/painter'))
    const again = await ok('agents pin --all')
    expect(again.stderr).toContain('has 3 models at the same version already')
    expect(await locked()).toBe(text)
  })

  test('says what was there before, and what an incompatible version changes', async () => {
    const before = publishAll()
    await ok('agents pin framer')
    const id = registry.publish('acme/framer', { inputs: wider })
    const end = await ok('agents pin framer')
    expect(end.stdout).toMatch(new RegExp(`acme/framer +${before.framer.slice(0, 8)} +${id.slice(0, 8)} +breaking`))
    expect(end.stdout).toContain('input "seed" added')
    expect((await ok('agents pin acme/framer --json')).json()).toMatchObject({
      models: [{ model: 'acme/framer', changed: false, before: { version: id }, after: { version: id } }],
    })
  })

  test.each(['acme/framer:ID', 'framer --version ID'])('%s locks a version that is named', async (words) => {
    const { framer } = publishAll()
    registry.publish('acme/framer')
    await ok(`agents pin ${words.replace('ID', framer)}`)
    expect(await locked()).toContain(framer)
  })

  test.each([
    ['', 2, 'say what to lock'],
    ['--all framer', 2, 'give names or --all, not both'],
    ['nobody', 2, 'there is no agent "nobody"'],
    ['framr', 2, 'did you mean "framer"?'],
    ['acme/nothing', 1, 'there is no model acme/nothing'],
    ['acme/framer:abc', 2, '"abc" is no version'],
    ['a/b/c', 2, '"a/b/c" is no model'],
    [`acme/framer:${'0'.repeat(64)}`, 1, 'acme/framer has no version 0000'],
    [`acme/writer:${'0'.repeat(64)}`, 2, 'is an official model, which has no versions to choose from'],
    [`framer acme/painter --version ${'0'.repeat(64)}`, 2, '--version is for one model'],
  ])('%s is refused', async (words, code, message) => {
    publishAll()
    registry.makeOfficial('acme/writer')
    const end = await cli.run(`agents pin ${words}`)
    expect(end.code).toBe(code)
    expect(end.stderr).toContain(message)
    await expect(locked()).rejects.toThrow('ENOENT')
  })

  test('writes nothing when one of the models is not there', async () => {
    registry.publish('acme/framer')
    expect((await cli.run('agents pin acme/framer acme/painter')).code).toBe(1)
    await expect(locked()).rejects.toThrow('ENOENT')
  })

  test('asks again where that can help, and gives up when it does not', async () => {
    const { framer } = publishAll()
    registry.fail(2)
    expect((await cli.run('agents pin framer', { clock: eagerClock(60_000) })).code).toBe(0)
    expect(await locked()).toContain(framer)
    registry.fail(3)
    const end = await cli.run('agents outdated', { clock: eagerClock(60_000) })
    expect(end.code).toBe(1)
    expect(end.stderr).toContain('500 busy')
  })

  test('needs a token', async () => {
    const end = await cli.run('agents pin --all', { env: { REPLICATE_API_TOKEN: '' } })
    expect(end.code).toBe(5)
  })
})

describe('agents unpin', () => {
  test('takes models out, by name or by agent', async () => {
    publishAll()
    await ok('agents pin --all')
    const end = await ok('agents unpin framer acme/writer')
    expect(end.stdout).toContain('acme/framer')
    expect(await locked()).not.toContain('acme/framer')
    expect(await locked()).toContain('acme/painter')
    await ok('agents unpin --all')
    expect(await locked()).toContain('models: {}')
  })

  test('says what is not there', async () => {
    publishAll()
    await ok('agents pin --all')
    const end = await cli.run('agents unpin acme/framr')
    expect(end.code).toBe(2)
    expect(end.stderr).toContain('did you mean acme/framer?')
    expect((await cli.run('agents unpin')).code).toBe(2)
  })
})

describe('agents outdated', () => {
  test('lists what is newer, and whether it is compatible', async () => {
    const before = publishAll()
    await ok('agents pin --all')
    expect((await ok('agents outdated --exit-code')).stderr).toContain('3 locked models, and none has a newer version')
    const compatible = registry.publish('acme/painter')
    const latest = registry.publish('acme/painter', { inputs: wider })
    registry.publish('acme/framer')
    const end = await ok('agents outdated')
    const [header, framer, painter, ...more] = end.stdout.trimEnd().split('\n')
    expect(header).toMatch(/^model +locked +latest +published +change$/)
    expect(framer).toMatch(/^acme\/framer .* compatible$/)
    expect(painter).toContain(`${before.painter.slice(0, 8)}  ${latest.slice(0, 8)}`)
    expect(painter).toContain(`breaking: input "seed" added; compatible up to ${compatible.slice(0, 8)}`)
    expect(more).toEqual([])
    expect(end.stderr).toContain('2 of 3 locked models changed since')
    expect((await cli.run('agents outdated --exit-code')).code).toBe(1)
    expect((await cli.run('agents outdated acme/writer --exit-code')).code).toBe(0)
  })

  test('gives all of it as JSON', async () => {
    const before = publishAll({ tag: '1.0.0' })
    await ok('agents pin --all')
    const after = registry.publish('acme/framer', { tag: '2.0.0' })
    const { models } = (await ok('agents outdated --json')).json() as { models: JsonObject[] }
    expect(models).toHaveLength(3)
    expect(models[0]).toMatchObject({
      model: 'acme/framer',
      pin: 'exact',
      locked: { version: before.framer, tag: '1.0.0', resolved_at: expect.stringMatching(/Z$/) },
      latest: { version: after, tag: '2.0.0', created_at: expect.stringMatching(/Z$/) },
      outdated: true,
      compatible: false,
      changes: [],
    })
    expect(models[0]).not.toHaveProperty('allowed')
    expect(models[1]).toMatchObject({ model: 'acme/painter', pin: 'minor', outdated: false, compatible: true })
  })

  test('says of a model that is gone, and of an official one that changed', async () => {
    const { framer } = publishAll()
    registry.makeOfficial('acme/writer')
    await ok('agents pin --all')
    registry.remove('acme/framer', framer)
    registry.publish('acme/writer', { inputs: wider })
    const end = await ok('agents outdated')
    expect(end.stdout).toMatch(/acme\/framer +\w+ +gone/)
    expect(end.stdout).toMatch(/acme\/writer +official +official .*breaking: its schema is another/)
  })

  test('of a project that has locked nothing says how to', async () => {
    expect((await ok('agents outdated')).stderr).toContain('`replicate-agent agents pin --all` locks')
  })
})

describe('agents upgrade', () => {
  test('takes what is compatible, and shows what it does not take', async () => {
    const before = publishAll()
    await ok('agents pin --all')
    const compatible = registry.publish('acme/painter')
    registry.publish('acme/framer', { inputs: wider })
    const dry = await ok('agents upgrade --dry-run')
    expect(dry.stderr).toContain('1 model would be moved')
    expect(await locked()).not.toContain(compatible)
    const end = await ok('agents upgrade')
    expect(end.stdout).toContain(`acme/painter  ${before.painter.slice(0, 8)} → ${compatible.slice(0, 8)}  compatible`)
    expect(end.stdout).toContain(`acme/framer  stays at ${before.framer.slice(0, 8)}  breaking`)
    expect(end.stdout).toContain('input "seed" added')
    expect(await locked()).toContain(compatible)
    expect(await locked()).toContain(before.framer)
  })

  test('with --breaking takes the newest of all', async () => {
    publishAll()
    await ok('agents pin --all')
    const framer = registry.publish('acme/framer', { inputs: wider })
    await ok('agents upgrade framer --breaking')
    expect(await locked()).toContain(framer)
  })

  test('of a model that nobody pins takes the newest of all', async () => {
    publishAll()
    await ok('agents pin --all')
    const writer = registry.publish('acme/writer', { inputs: wider })
    expect((await ok('agents upgrade')).stdout).toContain('breaking')
    expect(await locked()).toContain(writer)
  })

  test('goes to a version that is named, by its id or its tag, back too', async () => {
    const first = publishAll({ tag: '1.0.0' })
    await ok('agents pin --all')
    const second = registry.publish('acme/framer', { tag: '1.1.0' })
    const third = registry.publish('acme/framer', { tag: '2.0.0', inputs: wider })
    await ok('agents upgrade framer --to v1.1.0')
    expect(await locked()).toContain(second)
    const held = await ok(`agents upgrade framer --to ${third}`)
    expect(held.stdout).toContain('--breaking takes it')
    expect(await locked()).toContain(second)
    await ok(`agents upgrade framer --to ${third} --breaking`)
    expect(await locked()).toContain(third)
    await ok(`agents upgrade framer --to ${first.framer} --breaking`)
    expect(await locked()).toContain(first.framer)
    const none = await cli.run('agents upgrade framer --to 7.0.0')
    expect(none.code).toBe(1)
    expect(none.stderr).toContain('acme/framer has no version "7.0.0"')
    expect((await cli.run('agents upgrade --to 1.0.0')).code).toBe(2)
  })

  test('passes over a model that is gone, unless it is named', async () => {
    const { framer } = publishAll()
    await ok('agents pin --all')
    registry.remove('acme/framer', framer)
    const painter = registry.publish('acme/painter')
    expect((await ok('agents upgrade')).stdout).toContain('acme/framer  gone')
    expect(await locked()).toContain(painter)
    const named = await cli.run('agents upgrade framer')
    expect(named.code).toBe(1)
    expect(named.stderr).toContain('`replicate-agent agents unpin acme/framer` takes it out')
  })

  test('accepts the schema that an official model has now', async () => {
    publishAll()
    registry.makeOfficial('acme/writer')
    await ok('agents pin --all')
    registry.publish('acme/writer', { inputs: wider })
    expect((await ok('agents upgrade acme/writer')).stdout).toContain('official, with another schema')
    expect((await ok('agents outdated acme/writer')).stderr).toContain('none has a newer version')
  })
})

describe('the lock file', () => {
  test('of the sandbox is another one', async () => {
    await cli.write(
      'workflows/paint.yaml',
      `name: paint
agents: {artist: {model: stability-ai/sdxl, version_pin: exact}}
steps: {draw: {agent: artist, input: {prompt: a fox}}}
`,
    )
    expect((await cli.run('run paint --sandbox')).code).toBe(0)
    expect(await readFile(join(cli.cwd, 'replicate-agent.sandbox.lock'), 'utf8')).toContain('stability-ai/sdxl')
    await expect(locked()).rejects.toThrow('ENOENT')
    expect((await cli.run('run paint --sandbox --frozen')).code).toBe(0)
    expect((await ok('agents outdated --sandbox')).stderr).toContain('1 locked model, and none has a newer version')
    expect((await cli.run('validate paint --frozen')).code).toBe(3)
    await cli.run('agents unpin --all --sandbox')
    const unlocked = await cli.run('validate paint --frozen --sandbox')
    expect(unlocked.stderr).toContain('`replicate-agent agents pin stability-ai/sdxl --sandbox` puts it there')
    await ok('agents pin stability-ai/sdxl --sandbox')
    expect((await cli.run('validate paint --frozen --sandbox')).code).toBe(0)
  })

  test('that can not be written costs a run a warning, and a pin its end', async () => {
    publishAll()
    await cli.write('replicate-agent.lock', 'lock_version: 1\nmodels: {}\n')
    await cli.write('replicate-agent.lock.guard/is-a-folder', '')
    const end = await cli.run('agents run framer -i prompt=fox')
    expect(end.code).toBe(0)
    expect(end.stderr).toContain('warning: acme/framer is not locked:')
    const pin = await cli.run('agents pin framer')
    expect(pin.code).toBe(74)
    expect(pin.stderr).toContain("can't be written")
  })

  test('that is damaged ends a run before anything is called', async () => {
    publishAll()
    await cli.write('replicate-agent.lock', 'lock_version: 1\nmodels: []\n')
    const doctor = await cli.run('doctor')
    expect(doctor.code).toBe(1)
    expect(doctor.stdout + doctor.stderr).toContain('replicate-agent.lock:2:9')
    for (const command of ['run paint', 'agents run framer -i prompt=fox', 'agents outdated', 'agents pin --all']) {
      const end = await cli.run(command)
      expect(end.code).toBe(3)
      expect(end.stderr).toContain('replicate-agent.lock:2:9')
    }
    expect(registry.predicted()).toEqual([])
    // Whoever pins nothing does not need it.
    expect((await cli.run('agents run acme/writer -i prompt=fox')).code).toBe(0)
  })

  test('is beside the configuration that is named', async () => {
    publishAll()
    await cli.write('other/replicate-agent.yaml', 'agents:\n  framer: {model: acme/framer, version_pin: exact}\n')
    await ok('agents pin framer --config other/replicate-agent.yaml')
    expect(await readFile(join(cli.cwd, 'other', 'replicate-agent.lock'), 'utf8')).toContain('acme/framer')
    await expect(locked()).rejects.toThrow('ENOENT')
  })
})

test('warnings about versions wait until the live tree is gone', async () => {
  publishAll()
  await ok('agents pin --all')
  registry.publish('acme/painter', { inputs: wider })
  const goOn = registry.hold()
  const end = await cli.run('run paint', {
    tty: true,
    // The tree is drawn: the cursor is hidden.
    watch: (printed) => void (printed.includes('\u001b[?25l') && goOn()),
  })
  expect(end.code).toBe(0)
  const warned = end.stderr.indexOf('acme/painter has a newer version')
  expect(warned).toBeGreaterThan(end.stderr.lastIndexOf('\u001b[?25h'))
  expect(end.stderr).toContain('\u001b[?25h')
})
