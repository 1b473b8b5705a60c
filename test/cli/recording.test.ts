import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, appendFile, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RunResult } from '../../src/domain/run.ts'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts'
import { type CliEnd, type CliRig, openCli } from './rig.ts'

const token = 'r8_NobodyMayEverSeeThisToken0123456789'
const secret = 'hunter2-the-launch-code'

/** Models are called in a sandbox while it is recorded; while it is replayed, whoever connects is counted. */
let sandbox: Sandbox | undefined
let nowhere: Server
let connections = 0
let cli: CliRig

beforeEach(async () => {
  cli = await openCli()
  connections = 0
  nowhere = createServer((_request, response) => response.writeHead(500).end()).on('connection', () => {
    connections += 1
  })
  nowhere.listen(0, '127.0.0.1')
  await once(nowhere, 'listening')
})
afterEach(async () => {
  await cli.close()
  await sandbox?.close()
  sandbox = undefined
  nowhere.closeAllConnections()
  nowhere.close()
})

async function start(options: SandboxOptions = {}): Promise<void> {
  sandbox = await startSandbox({ latency: '0', ...options })
}

function record(command: string, env: Record<string, string> = {}): Promise<CliEnd> {
  return cli.run(`${command} --record rec`, {
    env: { REPLICATE_BASE_URL: sandbox?.url ?? '', REPLICATE_API_TOKEN: token, ...env },
  })
}

/** With models gone, no token, and any connection counted. */
async function replay(command: string, env: Record<string, string> = {}): Promise<CliEnd> {
  await sandbox?.close()
  sandbox = undefined
  const { port } = nowhere.address() as AddressInfo
  const end = await cli.run(`${command} --replay rec`, {
    env: { REPLICATE_BASE_URL: `http://127.0.0.1:${port}/v1`, REPLICATE_API_TOKEN: '', ...env },
  })
  expect(connections).toBe(0)
  return end
}

const resultOf = (end: CliEnd) => end.json() as unknown as RunResult

/** What a run came to, whenever and wherever it ran. */
function essence(end: CliEnd) {
  const { status, outputs, steps, cost_usd } = resultOf(end)
  const works = Object.values(steps).flatMap((step) => [step, ...(step.items ?? [])])
  return {
    status,
    outputs,
    cost_usd,
    works: works.map((work) => ({
      status: work.status,
      output: work.output,
      error: work.error,
      attempts: work.attempts,
      files: work.files?.map(({ name, sha256 }) => ({ name, sha256 })),
    })),
  }
}

async function filesOf(folder: string): Promise<string[]> {
  return (await readdir(join(cli.cwd, folder), { recursive: true })).toSorted()
}

const everything = `
name: everything
inputs:
  topic: {type: string, default: a red mug}
  code: {type: string, secret: true, default: ${secret}}
steps:
  brief:
    model: meta/meta-llama-3-8b-instruct
    input: {prompt: "Write a line about \${{ inputs.topic }}. The code is \${{ inputs.code }}."}
  draw:
    foreach: {in: ["a", "b", "b", "b"]}
    model: black-forest-labs/flux-schnell
    input: {prompt: "\${{ inputs.topic }}, \${{ item }}"}
  upscale:
    model: nightmareai/real-esrgan
    input: {image: "\${{ first(steps.draw.output[0]) }}", scale: 3}
  caption:
    model: salesforce/blip
    input: {image: "\${{ steps.upscale.output }}"}
outputs:
  brief: \${{ steps.brief.output }}
  picture: \${{ steps.upscale.output }}
  caption: \${{ steps.caption.output }}
`

const picture = `
name: picture
steps:
  draw: {model: black-forest-labs/flux-schnell, input: {prompt: a red mug}}
outputs: {picture: "\${{ steps.draw.output }}"}
`

const one = `
name: one
steps:
  say:
    model: meta/meta-llama-3-8b-instruct
    input: {prompt: Say something}
    retry: {attempts: 3, base_delay: 1ms, on: [server, network, rate_limited, exception]}
outputs: {said: "\${{ steps.say.output }}"}
`

describe('run --record, then --replay', () => {
  test('gives the same again: texts, pictures, uploads, items; without token, connection or secrets', async () => {
    await cli.write('workflows/everything.yaml', everything)
    await start()
    const recorded = await record('run everything --json')
    expect(recorded.code).toBe(0)
    const replayed = await replay('run everything --json')
    expect(replayed.code).toBe(0)
    expect(essence(replayed)).toEqual(essence(recorded))
    expect(resultOf(replayed).steps['upscale']?.files).toHaveLength(1)
    // The picture was too large to be sent inside the request.
    expect(await filesOf('rec')).toContainEqual(expect.stringMatching(/^exchanges\/post-files-/))
    // Any value will do for a secret: the one that was used stands nowhere, not even in pieces.
    expect(essence(await replay('run everything -i code=nobody-knows-it --json'))).toEqual(essence(recorded))

    for (const file of await filesOf('rec')) {
      const bytes = await readFile(join(cli.cwd, 'rec', file)).catch(() => Buffer.alloc(0))
      for (const hidden of [token, token.slice(3), secret]) expect(bytes.includes(hidden), file).toBe(false)
      expect(bytes.toString().toLowerCase(), file).not.toContain('authorization')
    }
  })

  test.each<[string, SandboxOptions['faults']]>([
    ['that was throttled', ['*:429=1:times=2']],
    ['that was refused', ['*:status=500:times=2', '*:503:times=1:on=get']],
    ['whose create was lost', ['*:lost:times=1']],
    ['whose create was garbled', ['*:garbled:times=1']],
    ['whose connection was cut', ['*:drop:times=1', '*:drop:on=get:times=2']],
    ['that failed at first', ['*:error=E1001 out of memory:times=1', '*:failed:times=1']],
    ['that failed at last', ['*:error=no']],
    ['whose stream was cut', ['*:drop:on=stream:times=2']],
  ])('repeats a run %s, attempt by attempt', async (_what, faults) => {
    await cli.write('workflows/one.yaml', one)
    await start({ faults: faults ?? [], latency: '30' })
    const recorded = await record('run one --json')
    const replayed = await replay('run one --json')
    expect(replayed.code).toBe(recorded.code)
    // Its id is that of the run.
    expect(essence(replayed)).toEqual(essence(recorded))
  })

  test('repeats downloads that broke, and items that failed, each for its own item', async () => {
    const items = `
name: items
steps:
  draw:
    foreach: {in: [1, 2, 3, 4, 5, 6]}
    model: black-forest-labs/flux-schnell
    input: {prompt: the same for all}
    on_error: continue
    retry: {attempts: 1}
outputs: {pictures: "\${{ steps.draw.output }}"}
`
    await cli.write('workflows/items.yaml', items)
    await start({ faults: ['*:0.5', '*:drop:on=download:times=1'], seed: 5 })
    const recorded = await record('run items --json')
    const statuses = new Set(resultOf(recorded).steps['draw']?.items?.map(({ status }) => status))
    expect(statuses).toEqual(new Set(['succeeded', 'failed']))
    expect(essence(await replay('run items --json'))).toEqual(essence(recorded))
  })

  test('calls the candidates that were called then, whatever chance would choose now', async () => {
    await start({ faults: ['openai/gpt-4o-mini:0.5'] })
    await cli.write(
      'routed.yaml',
      `name: routed
agents:
  writer:
    models: [meta/meta-llama-3-8b-instruct, openai/gpt-4o-mini, google/gemini-2.5-flash]
    retry: {attempts: 2, base_delay: 1ms, on: [exception, server]}
steps:
  write: {agent: writer, foreach: {in: [a, b, c, d, e, f, g, h, a, b]}, input: {prompt: "Say \${{ item }}"}}
`,
    )
    const recorded = await record('run routed.yaml --json')
    expect(recorded.code).toBe(0)
    for (let again = 0; again < 2; again += 1) {
      const replayed = await replay('run routed.yaml --json')
      expect(replayed.code, replayed.stdout).toBe(0)
      expect(essence(replayed)).toEqual(essence(recorded))
      const models = (end: CliEnd) => resultOf(end).steps['write']?.items?.map(({ model }) => model)
      expect(models(replayed)).toEqual(models(recorded))
    }
  })

  test('keeps nothing of the predictions of others', async () => {
    await cli.write('workflows/one.yaml', one)
    await start({ faults: ['meta/*:lost:times=1'] })
    await fetch(`${sandbox?.url}/models/openai/gpt-4o-mini/predictions`, {
      method: 'POST',
      headers: { authorization: 'Bearer any', 'content-type': 'application/json' },
      body: JSON.stringify({ input: { prompt: 'a private matter' } }),
    })
    expect((await record('run one')).code).toBe(0)
    const texts = await Promise.all(
      (await filesOf('rec')).map((file) => readFile(join(cli.cwd, 'rec', file), 'utf8').catch(() => '')),
    )
    expect(texts.join('')).not.toContain('private')
    expect((await replay('run one')).code).toBe(0)
  })

  test('goes on after an approval, recorded and replayed alike', async () => {
    await cli.write(
      'workflows/asking.yaml',
      one.replace('name: one', 'name: asking').replace(
        'outputs:',
        `  ask:
    needs: [say]
    approval: {message: "Go on?"}
  more:
    needs: [ask]
    model: meta/meta-llama-3-8b-instruct
    input: {prompt: "Say more than \${{ steps.say.output }}"}
outputs:`,
      ),
    )
    await start()
    expect((await record('run asking --run-id first -q')).code).toBe(4)
    const recorded = await record('runs approve first --json')
    expect(recorded.code).toBe(0)
    expect((await replay('run asking --run-id second -q')).code).toBe(4)
    // It finds its recording by itself.
    const replayed = await cli.run('runs approve second --json', { env: { REPLICATE_API_TOKEN: '' } })
    expect(essence(replayed).outputs).toEqual(essence(recorded).outputs)
    expect(resultOf(replayed).steps['more']?.output).toEqual(resultOf(recorded).steps['more']?.output)
  })
})

describe('what was not recorded', () => {
  beforeEach(async () => {
    await cli.write('workflows/one.yaml', one)
    await start()
    await record('run one -q')
  })

  test('stops the run with what was asked, what differs, where, and what to do; nothing is called', async () => {
    await cli.write('workflows/one.yaml', one.replace('Say something', 'Say something else'))
    const { code, stderr, stdout } = await replay('run one --run-id r')
    const said = `${stdout}${stderr}`
    expect(code).toBe(5)
    expect(said).toContain('POST /models/meta/meta-llama-3-8b-instruct/predictions of say is not in the recording')
    expect(said).toContain(join(cli.cwd, 'rec'))
    expect(said).toContain('differs in input.prompt')
    expect(said).toContain('record again with --record')
  })

  test('is no failure that a step could continue after, or fall back from', async () => {
    await cli.write(
      'workflows/one.yaml',
      one.replace(
        'prompt: Say something}',
        'prompt: Other}\n    on_error: continue\n    fallback: [openai/gpt-4o-mini]',
      ),
    )
    const end = await replay('run one --json')
    expect(end.code).toBe(5)
    expect(end.json()).toMatchObject({ status: 'waiting', error: { code: 'configuration' } })
  })

  test('goes on once it is there, with the same run', async () => {
    await cli.write('workflows/one.yaml', one.replace('Say something', 'Say something else'))
    expect((await replay('run one --run-id r -q')).code).toBe(5)
    await start()
    await record('run one -q')
    expect((await replay('runs resume r -q')).code).toBe(0)
  })

  test('leaves a run that can be looked at, cancelled, and resumed elsewhere, whatever became of the recording', async () => {
    await cli.write('workflows/one.yaml', one.replace('Say something', 'Say something else'))
    expect((await replay('run one --run-id r -q')).code).toBe(5)
    expect((await replay('run one --run-id other -q')).code).toBe(5)
    await start()
    await record('run one -q')
    await rename(join(cli.cwd, 'rec'), join(cli.cwd, 'moved'))
    expect((await cli.run('runs show r')).code).toBe(0)
    const gone = await cli.run('runs resume r')
    expect({ code: gone.code, told: gone.stderr.includes('there is no recording in') }).toEqual({ code: 5, told: true })
    expect((await cli.run('runs resume r --replay moved -q')).code).toBe(0)
    const cancelled = await cli.run('runs cancel other --json')
    expect(cancelled.json(), cancelled.stdout + cancelled.stderr).toMatchObject({ status: 'cancelled' })
  })

  test('does not turn a run that was started for real into a replay', async () => {
    await start({ faults: ['*:401'.replace('401', 'status=401')] })
    expect((await record('run one --run-id r -q')).code).toBe(5)
    const { code, stderr } = await replay('runs resume r')
    expect(code).toBe(2)
    expect(stderr).toContain('was not started with --replay')
  })
})

describe('the folder of a recording', () => {
  beforeEach(async () => {
    await cli.write('workflows/one.yaml', one)
  })

  test('is replaced by the next recording, with the same names for the same requests', async () => {
    await start()
    await record('run one -q')
    const first = await filesOf('rec')
    await writeFile(join(cli.cwd, 'rec', 'exchanges', 'post-of-old-0123456789ab.json'), '{}')
    await record('run one -q')
    const second = await filesOf('rec')
    const stable = (files: string[]) => files.filter((file) => !/predictions-[a-z0-9]{26}-|stream-/.test(file))
    expect(stable(second)).toEqual(stable(first))
    expect((await replay('run one -q')).code).toBe(0)
  })

  test('is left alone by a run that asks nothing, and by one that does not begin', async () => {
    await start()
    await record('run one --run-id r -q')
    const before = await filesOf('rec')
    await record('run one --run-id r -q')
    await record('run one -i nothing=1')
    expect(await filesOf('rec')).toEqual(before)
  })

  test.each<[string, string, () => Promise<unknown>]>([
    ['that holds other files', '--record', () => cli.write('rec/notes.txt', 'mine')],
    ['that is a file', '--record', () => cli.write('rec', 'mine')],
    ['that is a file', '--replay', () => cli.write('rec', 'mine')],
  ])('%s is refused by %s with code 2, before anything is journaled', async (_what, option, prepare) => {
    await start()
    await prepare()
    const end = await (option === '--record' ? record('run one --run-id r') : replay('run one --run-id r'))
    expect(end.code).toBe(2)
    expect(end.stderr).toContain(join(cli.cwd, 'rec'))
    expect((await cli.run('runs show r')).code).toBe(2)
  })

  test('that is not there can not be replayed: code 5, and no run', async () => {
    const end = await replay('run one --run-id r')
    expect(end.code).toBe(5)
    expect(end.stderr).toContain('there is no recording')
    expect((await cli.run('runs show r')).code).toBe(2)
  })

  test.each<[string, (folder: string) => Promise<void>]>([
    ['a manifest that is cut', (folder) => writeFile(join(folder, 'recording.json'), '{"format": 1')],
    ['a manifest of another format', (folder) => writeFile(join(folder, 'recording.json'), '{"format": 2}')],
    ['an exchange that is cut', (folder) => damage(folder, (file) => writeFile(file, '{"request"'))],
    ['an exchange with a conflict of git', (folder) => damage(folder, (file) => appendFile(file, '<<<<<<<'))],
    [
      'an exchange with another field',
      (folder) => damage(folder, (file) => writeFile(file, '{"answers": [], "x": 1}')),
    ],
  ])('that is damaged is told: %s', async (_what, spoil) => {
    await start()
    await record('run one -q')
    await spoil(join(cli.cwd, 'rec'))
    const { code, stdout, stderr } = await replay('run one')
    expect(code).toBe(5)
    expect(`${stdout}${stderr}`).toContain('the recording is damaged')
  })

  test('that misses a body, or has another one, is told', async () => {
    await cli.write('workflows/picture.yaml', picture)
    await start()
    await record('run picture -q')
    const bodies = join(cli.cwd, 'rec', 'bodies')
    const [body = ''] = await readdir(bodies)
    await appendFile(join(bodies, body), '!')
    const changed = await replay('run picture --json')
    expect({ code: changed.code, told: changed.stdout.includes('is not what was recorded') }).toEqual({
      code: 5,
      told: true,
    })
    await rm(bodies, { recursive: true })
    const missing = await replay('run picture --json')
    expect({ code: missing.code, told: missing.stdout.includes('is missing') }).toEqual({ code: 5, told: true })
  })

  async function damage(folder: string, spoil: (file: string) => Promise<void>): Promise<void> {
    const names = await readdir(join(folder, 'exchanges'))
    await spoil(join(folder, 'exchanges', names.find((name) => name.startsWith('post-')) ?? ''))
  }

  test('has whole files only, whenever the process was killed, and a resume records the rest', async () => {
    await cli.write('workflows/everything.yaml', everything)
    await start({ latency: '40' })
    const main = fileURLToPath(new URL('../../src/doors/cli/main.ts', import.meta.url))
    const env = {
      ...process.env,
      REPLICATE_AGENT_HOME: cli.home,
      REPLICATE_BASE_URL: sandbox?.url ?? '',
      REPLICATE_API_TOKEN: token,
    }
    const argv = ['run', 'everything', '--run-id', 'r', '--record', 'rec', '--jsonl']
    const program = `import(${JSON.stringify(main)}).then(({ main }) => main(${JSON.stringify(argv)}))`
    const child = spawn(process.execPath, ['-e', program], {
      env,
      cwd: cli.cwd,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const ended = once(child, 'exit')
    child.stdout.on('data', (chunk: Buffer) => {
      if (chunk.includes('call.created')) child.kill('SIGKILL')
    })
    await ended
    for (const file of await readdir(join(cli.cwd, 'rec', 'exchanges')))
      if (file.endsWith('.json'))
        expect(JSON.parse(await readFile(join(cli.cwd, 'rec', 'exchanges', file), 'utf8'))).toHaveProperty('answers')
    const recorded = await record('runs resume r --json')
    expect(recorded.code).toBe(0)
    const replayed = await replay('run everything --json')
    expect(replayed.code, replayed.stdout + replayed.stderr).toBe(0)
    expect(essence(replayed).outputs).toEqual(essence(recorded).outputs)
  })
})

test('--replay excludes --record and --sandbox', async () => {
  await cli.write('workflows/one.yaml', one)
  for (const other of ['--sandbox', '--record there']) {
    const { code, stderr } = await cli.run(`run one --replay rec ${other}`)
    expect({ code, told: stderr.includes('exclude each other') }).toEqual({ code: 2, told: true })
  }
  await expect(access(join(cli.cwd, 'there'))).rejects.toThrow('ENOENT')
})
