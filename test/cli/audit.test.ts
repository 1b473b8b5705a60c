/** `audit …` over real runs, answered by a sandbox that stands in for Replicate. */
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { systemClock } from '../../src/std/clock.ts'
import { type CliRig, openCli } from './rig.ts'

let sandbox: Sandbox
let cli: CliRig

const llama = 'meta/meta-llama-3-8b-instruct'
const flux = 'black-forest-labs/flux-schnell'
const shop = `
name: shop
agents:
  painter: {model: ${flux}, defaults: {output_format: png, seed: 1}}
inputs: {topic: {type: string}}
steps:
  draw: {agent: painter, input: {prompt: "\${{ inputs.topic }}"}, cache: true}
  write: {model: ${llama}, input: {prompt: "\${{ inputs.topic }}"}}
`
const broken = `
name: broken
agents: {painter: {model: stability-ai/sdxl, fallback: ${flux}}}
steps:
  draw: {agent: painter, input: {prompt: x}, retry: {attempts: 2, base_delay: 10ms, max_delay: 10ms}}
`

interface Attempt {
  id: string
  model: string
  status: string
  prediction_id?: string
  cost_usd: number | null
  error?: { code: string; message: string }
}

interface Call {
  seq: number
  id: string
  run: string
  step: string
  agent: string
  model: string
  status: string
  cache: string
  attempts: Attempt[]
  input: { hash: string; bytes: number; value?: unknown }
  output: { bytes: number; files: number; file_bytes: number; value?: unknown }
  cost: { usd: number | null; saved_usd?: number | null }
  latency: Record<string, number>
  who: { user: string; host: string; door: string; client: string }
}

beforeAll(async () => {
  sandbox = await startSandbox({ latency: '0', faults: ['stability-ai/sdxl:failed'] })
})
afterAll(() => sandbox.close())
beforeEach(async () => {
  cli = await openCli({
    REPLICATE_BASE_URL: sandbox.url,
    REPLICATE_API_TOKEN: 'r8_0123456789abcdef0123456789abcdef012345',
  })
  await cli.write('workflows/shop.yaml', shop)
  await cli.write('workflows/broken.yaml', broken)
})
afterEach(() => cli.close())

const began = Date.now()

/** With a clock that began at a moment. */
const at = (iso: string) => ({ clock: { ...systemClock, now: () => Date.parse(iso) + Date.now() - began } })

async function ok(command: string, options: Parameters<CliRig['run']>[1] = {}) {
  const end = await cli.run(command, options)
  expect(end.code, end.stderr).toBe(0)
  return end
}

async function calls(options = ''): Promise<Call[]> {
  return (await ok(`audit list --json ${options}`)).json()['records'] as unknown as Call[]
}

function segment(): string {
  const folder = join(cli.home, 'audit')
  const name = readdirSync(folder).find((file) => file.endsWith('.jsonl')) as string
  return join(folder, name)
}

describe('What is written', () => {
  test('is one record for every call: who, where, what answered, what it cost and how large it was', async () => {
    const run = (await ok('run shop -i topic=tea --json')).json()
    const [write, draw, ...others] = (await calls()).toSorted((a) => (a.step === 'write' ? -1 : 1)) as [Call, Call]
    expect(others).toEqual([])
    const user = userInfo().username
    expect(draw.who).toMatchObject({ user, host: hostname(), door: 'cli' })
    expect(draw).toMatchObject({
      run: run['run_id'],
      step: 'draw',
      agent: 'painter',
      status: 'succeeded',
      cache: 'miss',
    })
    expect(draw.model).toBe(flux)
    expect(draw.attempts).toMatchObject([{ model: flux, status: 'succeeded', cost_usd: 0.003 }])
    expect(draw.attempts[0]?.prediction_id).toMatch(/^\w{20,}$/)
    expect(draw.input.hash).toMatch(/^[0-9a-f]{64}$/)
    expect(draw.input.bytes).toBe('{"prompt":"tea"}'.length)
    expect(draw.output).toMatchObject({ files: 1 })
    expect(draw.output.file_bytes).toBeGreaterThan(100)
    expect(write).toMatchObject({ agent: llama, cache: 'off', output: { files: 0 } })
    expect(write.input.hash).toBe(draw.input.hash)
    expect(readFileSync(segment(), 'utf8')).not.toContain('tea')
  })

  test('says what a failed candidate said, and that another one answered', async () => {
    await ok('run broken -q')
    const [call] = await calls()
    expect(call).toMatchObject({ status: 'succeeded', agent: 'painter', model: flux })
    expect(call?.attempts.map(({ model, status }) => [model, status])).toEqual([
      ['stability-ai/sdxl', 'failed'],
      ['stability-ai/sdxl', 'failed'],
      [flux, 'succeeded'],
    ])
    expect(call?.attempts[0]?.error?.code).toBe('server')
    expect(call?.latency['backoff_ms']).toBeGreaterThan(0)
  })

  test('says what came from the cache, and what that saved', async () => {
    await ok('run shop -i topic=tea -q')
    await ok('run shop -i topic=tea -q')
    const hits = (await calls('--agent painter')).filter(({ cache }) => cache === 'hit')
    expect(hits).toMatchObject([{ attempts: [], cost: { usd: 0, saved_usd: 0.003 } }])
  })

  test('is kept apart for the sandbox, and nothing is written of a replay', async () => {
    await ok(`agents run ${llama} -i prompt=tea -q --record rec`)
    expect(await calls()).toHaveLength(1)
    await ok(`agents run ${llama} -i prompt=tea -q --replay rec`)
    expect(await calls()).toHaveLength(1)
    expect(await calls('--sandbox')).toEqual([])
  })

  test('never has the token or a secret in it, nor what stands in messages of errors', async () => {
    await cli.write('replicate-agent.yaml', 'audit: {keep: [inputs, outputs]}\n')
    await cli.write(
      'workflows/secret.yaml',
      `name: secret
inputs: {pin: {type: string, secret: true}}
steps:
  ask: {model: ${llama}, input: {prompt: "my pin is \${{ inputs.pin }} and my token r8_0123456789abcdef0123456789abcdef012345"}}
`,
    )
    await ok('run secret -i pin=tulip-4711-sand -q')
    const text = readFileSync(segment(), 'utf8')
    expect(text).toContain('my pin is')
    expect(text).not.toContain('tulip-4711-sand')
    expect(text).not.toContain('r8_0123456789')
  })
})

describe('Plugins', () => {
  test('hide from the log what they hide from models, and say there what they refused', async () => {
    await cli.write(
      'replicate-agent.yaml',
      `audit: {keep: [inputs]}
plugins: [pii_mask, {name: content_filter, options: {words: [tulip]}}]
`,
    )
    await ok(`agents run ${llama} -i prompt="write to ada@example.org" -q`)
    expect((await cli.run(`agents run ${llama} -i prompt="a tulip" -q`)).code).toBe(1)
    const [refused, asked] = await calls()
    expect(refused).toMatchObject({ status: 'refused', attempts: [] })
    expect(asked).toMatchObject({ status: 'succeeded' })
    expect(readFileSync(segment(), 'utf8')).not.toMatch(/example.org|a tulip/)
  })
})

describe('The section audit of the configuration', () => {
  test('keeps inputs and outputs when asked to, without what redact names', async () => {
    await cli.write(
      'replicate-agent.yaml',
      'audit: {keep: [inputs, outputs], redact: [input.max_tokens, "/[a-z]+@[a-z.]+/"]}\n',
    )
    await ok(`agents run ${llama} -i prompt="write to ada@example.org" -i max_tokens=77 -q`)
    const [call] = await calls()
    expect(call?.input.value).toEqual({ prompt: 'write to [redacted]', max_tokens: '[redacted]' })
    expect(call?.output.value).toBeDefined()
    expect(readFileSync(segment(), 'utf8')).not.toContain('example.org')
  })

  test('removes days that are older than it says, when a new one begins, or keeps them for ever', async () => {
    const days = () => readdirSync(join(cli.home, 'audit')).filter((name) => name.endsWith('.jsonl'))
    const call = (iso: string) => ok(`agents run ${llama} -i prompt=tea -q`, at(iso))
    await cli.write('replicate-agent.yaml', 'audit: {retention: forever}\n')
    await call('2026-01-01T12:00:00Z')
    await call('2026-06-01T12:00:00Z')
    expect(days()).toEqual(['2026-01-01.jsonl', '2026-06-01.jsonl'])
    await cli.write('replicate-agent.yaml', 'audit: {retention: 2w}\n')
    await call('2026-06-10T12:00:00Z')
    expect(days()).toEqual(['2026-06-01.jsonl', '2026-06-10.jsonl'])
    const { notes } = (await ok('audit verify --json')).json()
    expect(notes).toEqual([expect.stringContaining('1 record before')])
  })

  test('turns it off', async () => {
    await cli.write('replicate-agent.yaml', 'audit: {enabled: false}\n')
    await ok(`agents run ${llama} -i prompt=tea -q`)
    expect(existsSync(join(cli.home, 'audit'))).toBe(false)
  })

  test.each([
    ['audit: {redact: ["/(/"]}', 'redact'],
    ['audit: {redact: [prompt]}', 'must be /a pattern/, or a path'],
    ['audit: {retention: 3 fortnights}', 'must be an age such as 90d'],
    ['audit: {keep: [everything]}', 'must be inputs or outputs'],
  ])('refuses %s', async (text, message) => {
    await cli.write('replicate-agent.yaml', `${text}\n`)
    const end = await cli.run('config check')
    expect(end.code).toBe(3)
    expect(end.stdout + end.stderr).toContain(message)
  })

  test('a disk that refuses the log stops nothing, and is told of once; with `required` nothing is called', async () => {
    await ok(`agents run ${llama} -i prompt=tea -q`)
    const folder = join(cli.home, 'audit')
    const before = await calls()
    // A folder in the place of the file: nothing can be written there, not even by root.
    rmSync(folder, { recursive: true })
    writeFileSync(folder, '')
    const end = await ok(`agents run ${llama} -i prompt=rain -q`)
    expect(end.stderr.match(/not written into the audit log/g)).toHaveLength(1)
    await cli.write('replicate-agent.yaml', 'audit: {required: true}\n')
    const refused = await cli.run(`agents run ${llama} -i prompt=snow --run-id held --json`)
    expect(refused.code).toBe(74)
    expect(refused.stdout).toContain('nothing was called')
    rmSync(folder)
    mkdirSync(folder)
    await ok('runs resume held -q')
    const after = await calls()
    expect([before.length, after.map(({ run }) => run)]).toEqual([1, ['held']])
  })
})

describe('The verbs', () => {
  test('list filters, newest first, and says when there are more', async () => {
    await ok('run shop -i topic=tea -q --run-id one')
    await ok('run broken -q --run-id two')
    expect((await calls()).map(({ run }) => run)).toEqual(['two', 'one', 'one'])
    expect((await calls('--run one --agent painter')).map(({ step }) => step)).toEqual(['draw'])
    expect(await calls(`--model ${flux}`)).toHaveLength(2)
    expect(await calls('--status failed')).toEqual([])
    expect((await ok('audit list --limit 2 --json')).json()).toMatchObject({ more: true, unreadable_lines: [] })
    const shown = await ok('audit list')
    expect(shown.stdout).toMatch(/^time +id +agent +model +status +took +cost/m)
    expect(shown.stdout).toContain('3 attempts')
  })

  test('tells what was waited for after a 429 as waiting, for it is no attempt', async () => {
    await cli.write('busy.yaml', `faults: ['*:429=1:times=1']`)
    await ok(`agents run ${llama} -i prompt=tea -q --sandbox --faults busy.yaml`)
    const { records } = (await ok('audit list --sandbox --json')).json() as unknown as { records: Call[] }
    const [call] = records
    expect(call?.attempts).toHaveLength(1)
    expect(call?.latency.waiting_ms).toBeGreaterThanOrEqual(990)
    expect(call?.latency.total_ms).toBeGreaterThanOrEqual(call?.latency.waiting_ms ?? Infinity)
  })

  test('show tells the whole of one, by the beginning of its id', async () => {
    await ok('run broken -q')
    const [call] = await calls()
    const { stdout } = await ok(`audit show ${call?.id.slice(0, 14)}`)
    expect(stdout).toContain('attempt 3')
    expect(stdout).toContain(`${userInfo().username}@${hostname()}`)
    expect((await ok(`audit show ${call?.id} --json`)).json()).toEqual(call)
    const short = await cli.run('audit show 01')
    expect(short).toMatchObject({ code: 2, stderr: expect.stringContaining('"01" is too short') })
    const none = await cli.run('audit show 0000000000')
    expect(none).toMatchObject({ code: 2 })
  })

  test('costs agrees with `costs`, failed attempts included', async () => {
    await ok('run shop -i topic=tea -q')
    await ok('run shop -i topic=tea -q')
    await ok('run broken -q')
    for (const by of ['model', 'day']) {
      const journals = (await ok(`costs --by ${by} --json`)).json()
      const log = (await ok(`audit costs --by ${by} --json`)).json()
      expect([log['rows'], log['total']]).toEqual([journals['rows'], journals['total']])
    }
    expect((await ok('audit costs --by user')).stdout).toContain(`${userInfo().username}@${hostname()}`)
  })

  test('stats has errors, percentiles and the rate of the cache', async () => {
    await ok('run shop -i topic=tea -q')
    await ok('run shop -i topic=tea -q')
    const { rows, total } = (await ok('audit stats --json')).json() as unknown as {
      rows: { key: string; cached: number; cache_rate: number }[]
      total: { calls: number; error_rate: number; latency_ms: { p50: number } }
    }
    expect(rows.find(({ key }) => key === 'painter')).toMatchObject({ calls: 2, cached: 1, cache_rate: 0.5 })
    expect(total).toMatchObject({ calls: 4, error_rate: 0 })
    expect(total.latency_ms.p50).toBeGreaterThan(0)
    expect((await ok('audit stats --by model')).stdout).toMatch(/p50 +p95 +p99/)
  })

  test('stats by model has the model that failed beside the one that answered in its place', async () => {
    await ok('run broken -q')
    const { rows, total } = (await ok('audit stats --by model --json')).json() as unknown as {
      rows: { key: string; calls: number; failed: number; attempts: number }[]
      total: { calls: number; attempts: number }
    }
    expect(rows).toEqual([
      expect.objectContaining({ key: flux, calls: 1, failed: 0, attempts: 1 }),
      expect.objectContaining({ key: 'stability-ai/sdxl', calls: 1, failed: 1, attempts: 2 }),
    ])
    expect(total).toMatchObject({ calls: 1, attempts: 3 })
  })

  test('verify finds what was changed, and says in which line', async () => {
    await ok('run shop -i topic=tea -q')
    await ok('run broken -q')
    expect((await ok('audit verify --json')).json()).toMatchObject({ valid: true, calls: 3, fault: null, notes: [] })
    const file = segment()
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
    writeFileSync(
      file,
      `${lines.map((line, at) => (at === 1 ? line.replace('succeeded', 'failed') : line)).join('\n')}\n`,
    )
    const end = await cli.run('audit verify')
    expect(end.code).toBe(1)
    expect(end.stdout).toContain(`${file}:2: it is not as it was written`)
    expect(end.stdout).toMatch(/^changed {2}/)
    writeFileSync(file, `${lines.slice(0, -1).join('\n')}\n`)
    const cut = await cli.run('audit verify --json')
    expect(cut.code).toBe(1)
    expect(cut.json()).toMatchObject({ valid: false, fault: { what: 'truncated', line: 2 } })
  })

  test('purge removes old days, says first what it would, and leaves a log that is valid', async () => {
    const now = at('2026-06-30T12:00:00Z')
    for (const day of ['01', '02', '20'])
      await ok(`agents run ${llama} -i prompt=tea -q`, at(`2026-06-${day}T12:00:00Z`))
    const would = (await ok('audit purge --before 14d --dry-run --json', now)).json()
    expect(would).toMatchObject({ dry_run: true, days: ['2026-06-01', '2026-06-02'], records: 2 })
    expect((await ok('audit purge --before 14d', now)).stdout).toMatch(
      /^removed 2 records of 2 days \(2026-06-01 to 2026-06-02\): /,
    )
    expect((await ok('audit purge --before 2026-06-16', now)).stdout).toContain('nothing is older than 2026-06-16')
    expect((await ok('audit list --json', now)).json()['records']).toHaveLength(1)
    expect((await ok('audit verify --json', now)).json()).toMatchObject({ valid: true, first: 3 })
    const written = readFileSync(join(cli.home, 'audit', '2026-06-30.jsonl'), 'utf8')
    expect(JSON.parse(written)).toMatchObject({ kind: 'purged', by: userInfo().username, through: { seq: 2 } })
    expect((await cli.run('audit purge')).code).toBe(2)
  })

  test('export writes lines that verify accepts, and CSV', async () => {
    await ok('run shop -i topic=tea -q')
    await ok('audit export -o audit.jsonl')
    expect((await ok('audit verify audit.jsonl --json')).json()).toMatchObject({ valid: true, calls: 2 })
    const piped = await ok('audit export --format csv')
    expect(piped.stdout.split('\r\n')).toHaveLength(4)
    expect(piped.stdout).toMatch(/^seq,id,time,user,/)
    const missing = await cli.run('audit verify nowhere.jsonl')
    expect(missing.code).toBe(3)
  })

  test('what is no record is told of, and stops nothing', async () => {
    await ok('run shop -i topic=tea -q')
    appendFileSync(segment(), '{"seq": "what"}\nrubbish\n\u0000\n')
    const end = await cli.run('audit list --json')
    expect(end.stderr).toContain('is no record')
    expect((end.json()['records'] as unknown[]).length).toBe(2)
    expect((end.json()['unreadable_lines'] as unknown[]).length).toBe(3)
    await ok('run shop -i topic=rain -q')
    expect(await calls()).toHaveLength(4)
    const verified = await cli.run('audit verify --json')
    expect(verified.json()).toMatchObject({ valid: false, fault: { what: 'inserted', line: 3 } })
  })

  test('tail -f follows the calls of other processes', async () => {
    await ok('run shop -i topic=tea -q')
    expect((await ok('audit tail -n 1 --jsonl')).lines()).toHaveLength(1)
    const followed = cli.run('audit tail -n 0 -f --jsonl', {
      watch: (printed, send) => {
        if (printed.split('\n').length > 2) send('SIGINT')
      },
    })
    await ok('run shop -i topic=rain -q')
    const end = await followed
    expect(end.code).toBe(130)
    expect(end.lines().map(({ step }) => step)).toHaveLength(2)
  })
})
