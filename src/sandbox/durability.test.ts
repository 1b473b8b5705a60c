import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../std/clock.ts'
import type { JsonObject } from '../std/json.ts'
import { modelVersions } from './catalogue/model.ts'
import { models } from './catalogue/models.ts'
import { decodePng } from './draw/png-decode.ts'
import { type SandboxOptions, startSandbox } from './sandbox.ts'
import { layouts } from './store/layouts.ts'
import { createCaller } from './test-clock.ts'
import { startReceiver } from './test-receiver.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandbox-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const module = new URL('./sandbox.ts', import.meta.url).href
const flux = '/models/black-forest-labs/flux-schnell/predictions'
const llama = '/models/meta/meta-llama-3-8b-instruct/predictions'
/** The real time, later. */
const laterClock = (ms: number): Clock => ({ ...systemClock, now: () => Date.now() + ms })

async function startChild(options: SandboxOptions) {
  const code = `import { startSandbox } from ${JSON.stringify(module)}
    const sandbox = await startSandbox(${JSON.stringify(options)})
    console.log(sandbox.url)`
  const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [url] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  const kill = async () => {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  return { url, kill, call: createCaller(url) }
}

const logLines = (file: string) =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as JsonObject)

describe('a sandbox with a data folder', () => {
  it('lets predictions run on after kill -9, with the same outputs, linked to where it is now', async () => {
    const child = await startChild({ dataDir: folder, latency: '5000' })
    const input = { prompt: 'a green bottle', output_format: 'png' }
    const { body: made } = await child.call('POST', flux, { input })
    expect(made.status).toBe('starting')
    await child.kill()

    const early = await startSandbox({ dataDir: folder })
    expect((await createCaller(early.url)('GET', `/predictions/${made.id}`)).body.status).not.toBe('succeeded')
    await early.close()
    const later = await startSandbox({ dataDir: folder, clock: laterClock(5_000) })
    const { body: done } = await createCaller(later.url)('GET', `/predictions/${made.id}`)
    expect(done).toMatchObject({ status: 'succeeded', input, metrics: { total_time: 5 } })
    const link = done.output?.[0] ?? ''
    expect(link.startsWith(later.url.replace('/v1', '/delivery/'))).toBe(true)
    const bytes = Buffer.from(await (await fetch(link)).arrayBuffer())
    await later.close()

    const undisturbed = await startSandbox({ latency: '0' })
    const { body: other } = await createCaller(undisturbed.url)('POST', flux, { input }, { prefer: 'wait' })
    const same = Buffer.from(await (await fetch(other.output?.[0] ?? '')).arrayBuffer())
    await undisturbed.close()
    expect(bytes.equals(same)).toBe(true)
    expect((await decodePng(bytes)).texts['subject']).toBe('bottle')

    const again = await startSandbox({ dataDir: folder, clock: laterClock(5_000) })
    const { body: third } = await createCaller(again.url)('GET', `/predictions/${made.id}`)
    const moved = third.output?.[0] ?? ''
    expect(moved.startsWith(again.url.replace('/v1', ''))).toBe(true)
    expect((await fetch(moved)).status).toBe(200)
    await again.close()
  })

  it('has lost nothing that it answered, and its log has each prediction once', async () => {
    const logFile = join(folder, 'log.jsonl')
    const child = await startChild({ dataDir: folder, latency: '0', logFile })
    const answered: string[] = []
    let killing: Promise<void> | undefined
    const client = async (from: number) => {
      for (let n = from; ; n += 8) {
        const reply = await child.call('POST', llama, { input: { prompt: `Hello ${n}` } }).catch(() => undefined)
        if (!reply) return
        answered.push(reply.body.id)
        if (answered.length > 60) killing ??= child.kill()
      }
    }
    await Promise.all(Array.from({ length: 8 }, (_, n) => client(n)))
    await killing
    const sandbox = await startSandbox({ dataDir: folder, logFile })
    const call = createCaller(sandbox.url)
    for (const id of answered) expect((await call('GET', `/predictions/${id}`)).body.status).toBe('succeeded')
    const known: unknown[] = []
    for (let next: unknown = '/predictions'; typeof next === 'string';) {
      const { body } = await call('GET', next)
      known.push(...body.results.map(({ id }) => id))
      next = body.next
    }
    expect(sandbox.bill().predictions).toBe(known.length)
    await sandbox.close()
    const logged = logLines(logFile).map(({ id }) => id)
    expect(new Set(logged)).toEqual(new Set(known))
    expect(logged).toHaveLength(known.length)
  })

  it('can be used by two processes at once, each seeing what the other does', async () => {
    const child = await startChild({ dataDir: folder, latency: '60s' })
    const own = await startSandbox({ dataDir: folder, latency: '60s' })
    const call = createCaller(own.url)
    const create = async (caller: typeof call, name: string) => {
      const ids: string[] = []
      for (let n = 0; n < 60; n += 1)
        ids.push(String((await caller('POST', llama, { input: { prompt: `${name} ${n}` } })).body.id))
      return ids
    }
    const [ours, theirs] = await Promise.all([create(call, 'own'), create(child.call, 'child')])
    expect(new Set([...ours, ...theirs]).size).toBe(120)
    expect(own.bill().predictions).toBe(120)
    const cancelled = await call('POST', `/predictions/${theirs[0]}/cancel`)
    expect(cancelled.body.status).toBe('canceled')
    expect((await child.call('GET', `/predictions/${theirs[0]}`)).body.status).toBe('canceled')
    expect((await child.call('GET', `/predictions/${ours[0]}`)).body.status).not.toBe('canceled')
    await child.kill()
    await own.close()
  })

  it('logs creates and cancellations, and names equal inputs alike whatever port their files came from', async () => {
    const logFile = join(folder, 'log.jsonl')
    const upscale = async () => {
      const sandbox = await startSandbox({ dataDir: join(folder, 'data'), latency: '0', logFile })
      const call = createCaller(sandbox.url)
      const drawn = (await call('POST', flux, { input: { prompt: 'x', megapixels: '0.25' } }, { prefer: 'wait' })).body
      const input = { image: drawn.output?.[0] ?? '' }
      await call('POST', '/models/recraft-ai/recraft-crisp-upscale/predictions', { input }, { prefer: 'wait' })
      await sandbox.close()
    }
    await upscale()
    await upscale()
    const lines = logLines(logFile)
    expect(lines.map(({ event, model }) => [event, model])).toEqual([
      ['create', 'black-forest-labs/flux-schnell'],
      ['create', 'recraft-ai/recraft-crisp-upscale'],
      ['create', 'black-forest-labs/flux-schnell'],
      ['create', 'recraft-ai/recraft-crisp-upscale'],
    ])
    expect(lines[3]?.['input_sha256']).toBe(lines[1]?.['input_sha256'])
    expect(lines[3]?.['input']).not.toEqual(lines[1]?.['input'])
  })

  it('tells a webhook after kill -9 how its prediction ended, once', async () => {
    const receiver = await startReceiver(systemClock)
    const child = await startChild({ dataDir: folder, latency: '5000' })
    const body = { input: { prompt: 'x' }, webhook: receiver.url, webhook_events_filter: ['completed'] }
    const { body: made } = await child.call('POST', flux, body)
    await child.kill()
    const sandbox = await startSandbox({ dataDir: folder, clock: laterClock(5_000) })
    const told = async () => (await fetch(sandbox.url.replace(/v1$/, '_sandbox/webhooks'))).json()
    const delivery = { prediction: made.id, event: 'completed', answer: 200 }
    await expect.poll(told).toMatchObject({ deliveries: [delivery] })
    await sandbox.close()
    const again = await startSandbox({ dataDir: folder, clock: laterClock(5_000) })
    await createCaller(again.url)('GET', '/account')
    await again.close()
    expect(receiver.received.map(({ body: shown }) => [shown.id, shown.status])).toEqual([[made.id, 'succeeded']])
    await receiver.close()
  })

  it('goes on with a folder of the first version', async () => {
    const database = new DatabaseSync(join(folder, 'sandbox.sqlite'))
    database.exec(`${layouts[0]} pragma user_version = 1`)
    database.exec(`insert into meta values ('secret', 'whsec_AAAA')`)
    const version = modelVersions(models.find(({ name }) => name === 'flux-schnell') ?? models[0]!)[0]?.id ?? ''
    database
      .prepare(
        `insert into predictions (id, model, version, input, input_key, created_ms, starts_ms, ends_ms, usd)
         values (?, 'black-forest-labs/flux-schnell', ?, '{"prompt":"x"}', 'k', ?, ?, ?, 0.003)`,
      )
      .run('a'.repeat(26), version, Date.now(), Date.now(), Date.now())
    database.close()
    for (let start = 0; start < 2; start += 1) {
      const sandbox = await startSandbox({ dataDir: folder, latency: '0' })
      const call = createCaller(sandbox.url)
      expect((await call('GET', `/predictions/${'a'.repeat(26)}`)).body).toMatchObject({ status: 'succeeded' })
      expect((await call('GET', '/deployments')).body.results).toHaveLength(2)
      expect(sandbox.bill()).toMatchObject({ predictions: 1, usd: 0.003 })
      await sandbox.close()
    }
  })

  it('says what is wrong with a folder that it can not use', async () => {
    await expect(startSandbox({ dataDir: '/dev/null/x' })).rejects.toMatchObject({
      code: 'store',
      hint: expect.stringContaining('--data'),
    })
    const sandbox = await startSandbox({ latency: '0' })
    await expect(startSandbox({ port: sandbox.port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await sandbox.close()
  })
})
