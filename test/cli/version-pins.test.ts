import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/std/json.ts'
import { type Registry, startRegistry } from './model-registry.ts'
import { type CliRig, openCli } from './rig.ts'

let registry: Registry
let cli: CliRig

const model = 'acme/painter'
const wider: JsonObject = { prompt: { type: 'string' }, seed: { type: 'integer' } }

beforeEach(async () => {
  registry = await startRegistry()
  cli = await openCli({ REPLICATE_BASE_URL: registry.url, REPLICATE_API_TOKEN: 'any' })
})
afterEach(async () => {
  await cli.close()
  await registry.close()
})

/** A workflow of one step, whose agent has this pin. */
async function workflowWith(pin: string | undefined): Promise<void> {
  const line = pin === undefined ? '' : `\n    version_pin: ${pin}`
  await cli.write(
    'workflows/paint.yaml',
    `name: paint
agents:
  painter:
    model: ${model}${line}
steps:
  draw: {agent: painter, input: {prompt: a fox}}
outputs: {made_by: "\${{ steps.draw.output }}"}
`,
  )
}

const lockFile = () => join(cli.cwd, 'replicate-agent.lock')
const lockText = () => readFile(lockFile(), 'utf8')
const isLocked = () =>
  stat(lockFile()).then(
    () => true,
    () => false,
  )

async function madeBy(command = 'run paint --json'): Promise<{ version: unknown; stderr: string }> {
  const end = await cli.run(command)
  expect(end.stderr + end.stdout).toContain('"status":"succeeded"')
  return { version: (end.json()['outputs'] as JsonObject)['made_by'], stderr: end.stderr }
}

describe('version_pin', () => {
  test.each([undefined, 'latest'])('%s takes the newest version of each run, and locks nothing', async (pin) => {
    await workflowWith(pin)
    const first = registry.publish(model)
    expect((await madeBy()).version).toBe(first)
    const second = registry.publish(model, { inputs: wider })
    expect(await madeBy()).toMatchObject({ version: second, stderr: expect.not.stringContaining('warning') })
    expect(await isLocked()).toBe(false)
  })

  test('exact locks what it finds at first, and never takes another', async () => {
    await workflowWith('exact')
    const first = registry.publish(model)
    expect((await madeBy()).version).toBe(first)
    expect(await lockText()).toContain(`  ${model}:\n    version: "${first}"`)
    registry.publish(model)
    registry.forgetAsked()
    expect(await madeBy()).toMatchObject({ version: first, stderr: expect.not.stringContaining('warning') })
    // Nobody is asked what is newer.
    expect(registry.asked().filter((one) => one.startsWith('GET /models'))).toEqual([])
  })

  test('minor takes a newer version with the same inputs and output, and locks it', async () => {
    await workflowWith('minor')
    registry.publish(model)
    await madeBy()
    const described: JsonObject = { prompt: { type: 'string', title: 'Text', description: 'What to draw' } }
    const second = registry.publish(model, { inputs: described })
    expect(await madeBy()).toMatchObject({ version: second, stderr: expect.not.stringContaining('warning') })
    expect(await lockText()).toContain(second)
  })

  test('minor leaves a version with other inputs alone, and says how to take it', async () => {
    await workflowWith('minor')
    const first = registry.publish(model)
    await madeBy()
    registry.publish(model, { inputs: wider, required: ['prompt', 'seed'] })
    const { version, stderr } = await madeBy()
    expect(version).toBe(first)
    expect(stderr).toContain('warning: acme/painter has a newer version')
    expect(stderr).toContain('input "seed" added (required)')
    expect(stderr).toContain('`replicate-agent agents upgrade acme/painter --breaking` takes it')
    expect(await lockText()).toContain(first)
  })

  test('minor takes the newest compatible version below one that is not', async () => {
    await workflowWith('minor')
    registry.publish(model)
    await madeBy()
    registry.publish(model)
    const third = registry.publish(model)
    registry.publish(model, { inputs: wider })
    registry.publish(model, { inputs: wider })
    const { version, stderr } = await madeBy()
    expect(version).toBe(third)
    expect(stderr).toContain('that is not compatible')
  })

  test('minor goes by the major number where versions have tags, whatever their inputs', async () => {
    await workflowWith('minor')
    registry.publish(model, { tag: '1.2.0' })
    await madeBy()
    const second = registry.publish(model, { tag: '1.3.0', inputs: wider })
    expect((await madeBy()).version).toBe(second)
    expect(await lockText()).toContain('tag: "1.3.0"')
    registry.publish(model, { tag: '2.0.0', inputs: wider })
    registry.publish(model, { tag: '1.2.9', inputs: wider })
    const { version } = await madeBy()
    expect(version).toBe(second)
  })

  test('of two agents with the same model, the strictest pin is heard', async () => {
    await cli.write(
      'workflows/paint.yaml',
      `name: paint
agents:
  free: {model: ${model}}
  strict: {model: ${model}, version_pin: exact}
steps:
  draw: {agent: free, input: {prompt: a fox}}
  again: {model: ${model}, input: {prompt: a fox}}
outputs: {made_by: "\${{ steps.draw.output }}", again: "\${{ steps.again.output }}"}
`,
    )
    const first = registry.publish(model)
    await madeBy()
    registry.publish(model)
    expect((await madeBy()).version).toBe(first)
    expect(new Set(registry.predicted())).toEqual(new Set([first]))
  })

  test('of an agent of the configuration holds for `agents run`, and locks beside the configuration', async () => {
    await cli.write('replicate-agent.yaml', `agents:\n  painter: {model: ${model}, version_pin: exact}\n`)
    await cli.write('deep/down/workflows/other.yaml', 'name: other\nsteps: {one: {value: 1}}\n')
    const first = registry.publish(model)
    const run = 'agents run painter -i prompt=fox -o outputs.output'
    expect((await cli.run(run)).stdout.trim()).toBe(first)
    registry.publish(model)
    expect((await cli.run(run)).stdout.trim()).toBe(first)
    expect(await lockText()).toContain(first)
  })

  test('decides by which schema the input of `agents run` is read', async () => {
    await cli.write('replicate-agent.yaml', `agents:\n  painter: {model: ${model}, version_pin: exact}\n`)
    const first = registry.publish(model)
    await cli.run('agents pin painter')
    registry.publish(model, { inputs: { text: { type: 'string' } }, required: ['text'] })
    const locked = await cli.run('agents run painter -i prompt=1 -o outputs.output')
    expect(locked.stdout.trim()).toBe(first)
    const free = await cli.run(`agents run ${model} -i prompt=1`)
    expect(free.code).toBe(3)
    expect(free.stderr).toContain('it takes no "prompt"')
    expect((await cli.run(`agents run ${model} -i prompt=1 --frozen`)).code).toBe(0)
  })

  test('that is none of the three is refused, with what was meant', async () => {
    await workflowWith('exakt')
    const end = await cli.run('run paint')
    expect(end.code).toBe(3)
    expect(end.stderr).toContain('must be one of latest, exact, minor')
    expect(end.stderr).toContain('did you mean exact?')
  })

  test('says of an official model that its schema is another than when it was locked', async () => {
    await workflowWith('exact')
    registry.publish(model)
    registry.makeOfficial(model)
    expect(await madeBy()).toMatchObject({ version: model, stderr: expect.not.stringContaining('warning') })
    expect(await lockText()).toContain('official: true')
    registry.publish(model, { inputs: wider })
    const { version, stderr } = await madeBy()
    expect(version).toBe(model)
    expect(stderr).toMatch(/warning: the schema of acme\/painter \(an official model\) is not what it was on \d{4}-/)
  })

  test('does not hold a version that is written with the model', async () => {
    const first = registry.publish(model)
    registry.publish(model)
    await cli.write(
      'workflows/paint.yaml',
      `name: paint
agents:
  painter: {model: "${model}:${first}", version_pin: exact}
steps:
  draw: {agent: painter, input: {prompt: a fox}}
outputs: {made_by: "\${{ steps.draw.output }}"}
`,
    )
    expect((await madeBy('run paint --json --frozen')).version).toBe(first)
    expect(await isLocked()).toBe(false)
  })
})

describe('a run that is resumed', () => {
  test('keeps its version, though the lock file has another one by now', async () => {
    const first = registry.publish(model)
    await cli.write(
      'workflows/paint.yaml',
      `name: paint
agents: {painter: {model: ${model}, version_pin: exact}}
steps:
  draw: {agent: painter, input: {prompt: a fox}}
  ask: {approval: "Go on?", needs: [draw]}
  again: {agent: painter, input: {prompt: a hen}, needs: [ask]}
outputs: {made_by: "\${{ steps.again.output }}"}
`,
    )
    const started = await cli.run('run paint --run-id one --json')
    expect(started.code).toBe(4)
    const second = registry.publish(model)
    expect((await cli.run(`agents pin ${model}`)).code).toBe(0)
    expect(await lockText()).toContain(second)
    for (const command of ['runs resume one', 'workflows plan --run one']) {
      const refused = await cli.run(`${command} --frozen`)
      expect(refused.code).toBe(3)
      expect(refused.stderr).toContain(`the run has ${model} at ${first.slice(0, 8)}`)
    }
    expect((await cli.run('runs approve one')).code).toBe(0)
    expect(registry.predicted()).toEqual([first, first])
  })

  test('with --frozen says that its version is not the locked one any more', async () => {
    registry.publish(model)
    await cli.write(
      'workflows/paint.yaml',
      `name: paint
agents: {painter: {model: ${model}, version_pin: exact}}
inputs: {by: {type: number, default: 0}}
steps:
  draw: {agent: painter, input: {prompt: a fox}}
  broken: {value: "\${{ 1 / inputs.by }}", needs: [draw]}
  again: {agent: painter, input: {prompt: "\${{ steps.broken.output }}"}}
`,
    )
    await cli.run('run paint --run-id one')
    registry.publish(model)
    await cli.run(`agents pin ${model}`)
    const made = registry.predicted().length
    const refused = await cli.run('runs retry one --from broken --frozen')
    expect(refused.code).toBe(3)
    expect(refused.stderr).toContain(`the run has ${model} at`)
    expect(refused.stderr).toContain('replicate-agent.lock:')
    expect(registry.predicted()).toHaveLength(made)
  })
})

describe('--frozen', () => {
  test('takes the locked version, whatever was published since, and leaves the lock file as it is', async () => {
    await workflowWith(undefined)
    const first = registry.publish(model)
    await cli.run('agents pin --all')
    const before = await lockText()
    registry.publish(model)
    expect((await madeBy('run paint --json --frozen')).version).toBe(first)
    expect((await madeBy()).version).not.toBe(first)
    expect(await lockText()).toBe(before)
  })

  test('of minor does not move, either', async () => {
    await workflowWith('minor')
    const first = registry.publish(model)
    await madeBy()
    registry.publish(model)
    const { version } = await madeBy('run paint --json --frozen')
    expect(version).toBe(first)
  })

  test('lists everything that is not locked, with its place, before anything is called', async () => {
    await cli.write(
      'workflows/paint.yaml',
      `name: paint
agents:
  painter: {model: ${model}, version_pin: exact}
steps:
  draw: {agent: painter, input: {prompt: a fox}}
  frame: {model: acme/framer, input: {prompt: a fox}}
`,
    )
    registry.publish(model)
    registry.publish('acme/framer')
    const end = await cli.run('run paint --frozen')
    expect(end.code).toBe(3)
    expect(end.stderr).toContain(`error: ${model} is not in`)
    expect(end.stderr).toContain('workflows/paint.yaml:3:20')
    expect(end.stderr).toContain('error: acme/framer is not in')
    expect(end.stderr).toContain('workflows/paint.yaml:6:18')
    expect(end.stderr).toContain('`replicate-agent agents pin acme/framer` puts it there')
    expect(registry.predicted()).toEqual([])
    expect(await isLocked()).toBe(false)
    const json = await cli.run('run paint --frozen --json')
    expect(json.json()).toMatchObject({ error: { code: 'lock_mismatch', details: { problems: [{}, {}] } } })
  })

  test('is an error when a locked version is gone, or an official model is not what it was', async () => {
    await cli.write(
      'workflows/paint.yaml',
      `name: paint
steps:
  draw: {model: ${model}, input: {prompt: a fox}}
  frame: {model: acme/framer, input: {prompt: a fox}}
  write: {model: acme/writer, input: {prompt: a fox}}
`,
    )
    const first = registry.publish(model)
    for (const name of ['acme/framer', 'acme/writer']) registry.publish(name)
    registry.makeOfficial('acme/framer')
    registry.makeOfficial('acme/writer')
    await cli.run('agents pin --all')
    expect((await cli.run('run paint --frozen')).code).toBe(0)
    const made = registry.predicted().length
    registry.remove(model, first)
    registry.publish('acme/framer', { inputs: wider })
    registry.makeOfficial('acme/writer', false)
    const end = await cli.run('run paint --frozen')
    expect(end.code).toBe(3)
    expect(end.stderr).toContain(`${model} has no version ${first.slice(0, 8)} any more`)
    expect(end.stderr).toContain('the schema of acme/framer is not the one that was locked')
    expect(end.stderr).toContain('acme/writer is locked as an official model, which it is no longer')
    expect(end.stderr).toMatch(/replicate-agent\.lock:\d+:3/)
    expect(registry.predicted()).toHaveLength(made)
  })

  test('holds for fallbacks, for judges of answers, and for nested workflows', async () => {
    await cli.write('workflows/inner.yaml', 'name: inner\nsteps: {one: {model: acme/inner, input: {prompt: x}}}\n')
    await cli.write(
      'workflows/paint.yaml',
      `name: paint
agents:
  painter:
    models: [${model}, acme/other]
    fallback: acme/last
    routing: {quality: {judge: {agent: critic, input: {prompt: "\${{ output }}"}}}}
  critic: {model: acme/critic}
steps:
  draw: {agent: painter, input: {prompt: a fox}}
  nested: {workflow: inner}
`,
    )
    const names = ['painter', 'other', 'last', 'critic', 'inner'].map((name) => `acme/${name}`)
    for (const name of names) registry.publish(name)
    const end = await cli.run('validate paint --frozen')
    expect(end.code).toBe(3)
    for (const name of names) expect(end.stderr).toContain(`${name} is not in replicate-agent.lock`)
    await cli.run('agents pin --all')
    expect((await cli.run('validate paint --frozen')).code).toBe(0)
  })

  test('is said by REPLICATE_AGENT_FROZEN as well', async () => {
    await workflowWith('exact')
    registry.publish(model)
    const env = { REPLICATE_AGENT_FROZEN: '1' }
    expect((await cli.run('run paint', { env })).code).toBe(3)
    expect((await cli.run('run paint', { env: { REPLICATE_AGENT_FROZEN: '0' } })).code).toBe(0)
    expect((await cli.run('run paint', { env })).code).toBe(0)
    const pin = await cli.run(`agents pin ${model}`, { env })
    expect(pin.code).toBe(2)
    expect(pin.stderr).toContain('is frozen')
  })

  test('lets validate and plan find out without a token and without asking anybody', async () => {
    await workflowWith('exact')
    registry.publish(model)
    registry.forgetAsked()
    const env = { REPLICATE_API_TOKEN: '' }
    expect((await cli.run('validate paint', { env })).code).toBe(0)
    for (const command of [
      'validate paint --frozen',
      'workflows plan paint --frozen',
      'run paint --dry-run --frozen',
    ]) {
      const end = await cli.run(command, { env })
      expect(end.code).toBe(3)
      expect(end.stderr).toContain(`${model} is not in`)
    }
    expect(registry.asked()).toEqual([])
    await cli.run('agents pin --all')
    for (const command of ['validate paint --frozen', 'workflows plan paint --frozen'])
      expect((await cli.run(command, { env })).code).toBe(0)
  })

  test('holds for `agents run` of a model', async () => {
    const first = registry.publish(model)
    const run = `agents run ${model} -i prompt=fox --frozen -o outputs.output`
    expect((await cli.run(run)).code).toBe(3)
    expect((await cli.run(`agents run ${model} -i prompt=fox --frozen --dry-run`)).code).toBe(3)
    await cli.run(`agents pin ${model}`)
    expect((await cli.run(`agents run ${model} -i prompt=fox --frozen --dry-run`)).code).toBe(0)
    registry.publish(model)
    expect((await cli.run(run)).stdout.trim()).toBe(first)
  })

  test('and --replay exclude each other', async () => {
    await workflowWith('exact')
    const end = await cli.run('run paint --frozen --replay somewhere')
    expect(end.code).toBe(2)
    expect(end.stderr).toContain('a replay has the versions of its recording')
  })
})

describe('a recording', () => {
  test.each(['run paint', 'run paint --frozen'])(
    'of `%s` has the versions that the lock file gave',
    async (command) => {
      await workflowWith(command.includes('frozen') ? undefined : 'exact')
      const first = registry.publish(model)
      await cli.run('agents pin --all')
      registry.publish(model)
      const recorded = await cli.run(`${command} --record tapes/one --json`)
      expect(recorded.json()).toMatchObject({ outputs: { made_by: first } })
      await cli.run('agents unpin --all')
      const replayed = await cli.run('run paint --replay tapes/one --json', { env: { REPLICATE_API_TOKEN: '' } })
      expect(replayed.json()).toMatchObject({ status: 'succeeded', outputs: { made_by: first } })
    },
  )

  test('that is made anew forgets the versions of the one before', async () => {
    await workflowWith('exact')
    registry.publish(model)
    await cli.run('run paint --record tapes/one')
    const recorded = join(cli.cwd, 'tapes/one/replicate-agent.lock')
    expect(await readFile(recorded, 'utf8')).toContain(model)
    await workflowWith('latest')
    await cli.run('run paint --record tapes/one')
    await expect(stat(recorded)).rejects.toThrow('ENOENT')
  })
})

test('the tests of a workflow neither read nor write a lock file', async () => {
  await cli.write(
    'workflows/paint.yaml',
    `name: paint
agents: {artist: {model: stability-ai/sdxl, version_pin: exact}}
steps: {draw: {agent: artist, input: {prompt: a fox}}}
`,
  )
  await cli.write(
    'workflows/paint.test.yaml',
    'workflow: paint.yaml\ntests:\n  - name: draws\n    expect: {status: succeeded}\n',
  )
  await cli.write('replicate-agent.sandbox.lock', 'damaged')
  const end = await cli.run('workflows test', { env: { REPLICATE_AGENT_FROZEN: '1' } })
  expect(end.code, end.stdout + end.stderr).toBe(0)
  expect(await isLocked()).toBe(false)
})
