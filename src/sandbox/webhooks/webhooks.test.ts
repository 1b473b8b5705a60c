import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Replicate, { validateWebhook } from 'replicate'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { JsonObject } from '../../std/json.ts'
import { type Sandbox, startSandbox } from '../sandbox.ts'
import { type ApiBody, createCaller, createTestClock, type TestClock } from '../test-clock.ts'
import { type Receiver, startReceiver } from '../test-receiver.ts'

const llama = '/models/meta/meta-llama-3-8b-instruct/predictions'
const flux = '/models/black-forest-labs/flux-schnell/predictions'

let clock: TestClock
let sandbox: Sandbox
let receiver: Receiver
let call: ReturnType<typeof createCaller>

beforeEach(async () => {
  clock = createTestClock()
  sandbox = await startSandbox({ clock, latency: '3000' })
  call = createCaller(sandbox.url)
  receiver = await startReceiver(clock)
})
afterEach(async () => {
  await sandbox.close()
  await receiver.close()
})

async function create(path: string, events?: string[], more: JsonObject = {}): Promise<ApiBody> {
  const filter = events ? { webhook_events_filter: events } : {}
  const body = { input: { prompt: 'Write a story about the sea' }, webhook: receiver.url, ...filter, ...more }
  const made = await call('POST', path, body)
  expect(made.status).toBe(201)
  return made.body
}

/** Moves the clock in small steps until so many webhooks have come. */
async function until(count: number, stepMs = 50): Promise<void> {
  for (let step = 0; step < 400 && receiver.received.length < count; step += 1) {
    clock.advance(stepMs)
    // a round trip lets what is due go out
    await call('GET', '/account')
  }
  await expect.poll(() => receiver.received.length).toBeGreaterThanOrEqual(count)
}

interface Delivered {
  time: string
  event: string
  answer: unknown
  prediction: string
}

async function deliveries(url = sandbox.url): Promise<Delivered[]> {
  const response = await fetch(url.replace(/v1$/, '_sandbox/webhooks'))
  return ((await response.json()) as { deliveries: Delivered[] }).deliveries
}

describe('webhooks of a prediction', () => {
  it('tell of its start, its growing output and its end, each signed so that the official client accepts it', async () => {
    const made = await create(llama, ['start', 'output', 'logs', 'completed'])
    await until(5)
    for (let step = 0; step < 80; step += 1) {
      clock.advance(50)
      await call('GET', '/account')
    }
    await expect.poll(() => receiver.statuses().at(-1)).toBe('succeeded')
    const { key } = await new Replicate({ auth: 'x', baseUrl: sandbox.url }).webhooks.default.secret.get()
    for (const { headers, text } of receiver.received) {
      const signed = {
        id: String(headers['webhook-id']),
        timestamp: String(headers['webhook-timestamp']),
        signature: String(headers['webhook-signature']),
        secret: key,
      }
      // The client does not look at the version of the scheme; other receivers take `v1` only.
      expect(signed.signature).toMatch(/^v1,[A-Za-z0-9+/]{43}=$/)
      expect(await validateWebhook({ ...signed, body: text })).toBe(true)
      expect(await validateWebhook({ ...signed, body: `${text} ` })).toBe(false)
    }
    const [start, ...later] = receiver.received
    expect(start?.body).toMatchObject({ id: made.id, status: 'processing', output: null, completed_at: null })
    const lengths = later.map(({ body }) => body.output?.length ?? 0)
    expect(lengths).toEqual(lengths.toSorted((a, b) => a - b))
    expect(later.at(-1)?.body).toEqual((await call('GET', `/predictions/${made.id}`)).body)
    const ids = receiver.received.map(({ headers }) => headers['webhook-id'])
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('tell of outputs and logs at most every 500 ms, of start and end always', async () => {
    await create(flux, ['start', 'logs', 'completed'])
    await create(llama)
    await until(14)
    await expect.poll(() => receiver.statuses().filter((status) => status === 'succeeded').length).toBe(2)
    const all = await deliveries()
    for (const id of new Set(all.map(({ prediction }) => prediction))) {
      const told = all.filter(({ prediction }) => prediction === id)
      expect(told.at(-1)?.event).toBe('completed')
      const growing = told.filter(({ event }) => event === 'output' || event === 'logs')
      expect(growing.length).toBeGreaterThan(2)
      const times = growing.map(({ time }) => Date.parse(time))
      for (const [n, time] of times.entries()) expect(time - (times[n - 1] ?? 0)).toBeGreaterThanOrEqual(500)
    }
  })

  it('tell of new outputs and the end where no filter is given, and of nothing else than a filter names', async () => {
    const picture = await create(flux)
    await until(2)
    expect(receiver.received.map(({ body }) => [body.status, body.output?.length, body.id])).toEqual([
      ['processing', 1, picture.id],
      ['succeeded', 1, picture.id],
    ])
    await create(flux, ['completed'])
    await until(3)
    await create(flux, ['output'])
    await until(4)
    expect(receiver.statuses().slice(2)).toEqual(['succeeded', 'processing'])
  })

  it('come for one that is created through a deployment, fails, or is cancelled before it began', async () => {
    await create('/deployments/sandbox/writer/predictions', ['completed'])
    await until(1)
    expect(receiver.received[0]?.body).toMatchObject({ status: 'succeeded', deployment: 'sandbox/writer' })
    const made = await create(flux, ['start', 'completed'])
    await call('POST', `/predictions/${made.id}/cancel`)
    await until(2)
    expect(receiver.received[1]?.body).toMatchObject({ id: made.id, status: 'canceled', started_at: null })
    const image = 'data:image/jpeg;base64,/9j/4A=='
    await create('/models/recraft-ai/recraft-crisp-upscale/predictions', ['completed'], { input: { image } })
    await until(3)
    expect(receiver.received[2]?.body).toMatchObject({ status: 'failed', output: null })
  })

  it('never keep a prediction waiting, however long the receiver takes', async () => {
    await receiver.close()
    receiver = await startReceiver(clock, () => {})
    const made = await create(flux, ['start', 'completed'])
    await until(1)
    clock.advance(3_000)
    expect((await call('GET', `/predictions/${made.id}`)).body.status).toBe('succeeded')
    expect(receiver.received).toHaveLength(1)
    // the start is given up after ten seconds, then comes the end
    await until(2)
    expect(receiver.statuses()).toEqual(['processing', 'succeeded'])
    expect(await deliveries()).toMatchObject([
      { event: 'start', answer: expect.stringContaining('no answer within 10 s') },
    ])
  })
})

describe('a webhook that is not taken', () => {
  it('is sent again for the end alone, with growing waits for about a minute, under the same id', async () => {
    await receiver.close()
    receiver = await startReceiver(clock, (response) => response.writeHead(503).end())
    await create(flux, ['start', 'completed'])
    for (let count = 1; count <= 8; count += 1) {
      await until(count, 250)
      // the clock stands still until the answer has come back and the next wait has begun
      await expect.poll(async () => (await deliveries()).length).toBe(count)
      await call('GET', '/account')
    }
    clock.advance(600_000)
    await call('GET', '/account')
    const [start, ...tries] = receiver.received
    expect(start?.body.status).toBe('processing')
    expect(tries).toHaveLength(7)
    const times = (await deliveries()).slice(1).map(({ time }) => Date.parse(time))
    const waits = times.slice(1).map((time, n) => Math.floor((time - (times[n] ?? 0)) / 1_000))
    expect(waits).toEqual([1, 2, 4, 8, 16, 32])
    expect(new Set(tries.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    expect(new Set(tries.map(({ headers }) => headers['webhook-timestamp'])).size).toBe(7)
  })

  it('is sent until it is taken; a redirect is not followed and counts as not taken', async () => {
    await receiver.close()
    receiver = await startReceiver(clock, (response, nth) => {
      if (nth === 1) response.writeHead(302, { location: '/elsewhere' }).end()
      else if (nth === 2) response.destroy()
      else response.writeHead(204).end()
    })
    await create(flux, ['completed'])
    await until(3, 250)
    expect(receiver.received.map(({ path }) => path)).toEqual(['/hook', '/hook', '/hook'])
    await expect
      .poll(async () => (await deliveries()).map(({ answer }) => answer))
      .toEqual([302, expect.any(String), 204])
    clock.advance(120_000)
    await call('GET', '/account')
    expect(receiver.received).toHaveLength(3)
  })

  it('is not sent to another machine, and the list of deliveries says so', async () => {
    const notices: string[] = []
    await sandbox.close()
    sandbox = await startSandbox({ clock, latency: '0', notice: (text) => notices.push(text) })
    call = createCaller(sandbox.url)
    const made = [
      await create(flux, undefined, { webhook: 'https://example.com/hook' }),
      await create(flux, undefined, { webhook: 'https://example.com/other' }),
    ]
    await expect.poll(async () => (await deliveries()).length).toBe(2)
    const told = await deliveries()
    expect(new Set(told.map(({ prediction }) => prediction))).toEqual(new Set(made.map(({ id }) => id)))
    for (const { answer } of told) expect(answer).toContain('this machine only')
    expect(notices).toEqual(['A webhook is not sent: the sandbox reports to this machine only, not to example.com.'])
  })

  it('is sent anywhere when the sandbox is told so', async () => {
    const open = await startSandbox({ clock, latency: '0', webhooksAnywhere: true })
    // leads here as well, but not by a name of this machine
    const webhook = receiver.url.replace('127.0.0.1', '0.0.0.0')
    const body = { input: { prompt: 'x' }, webhook, webhook_events_filter: ['completed'] }
    await createCaller(sandbox.url)('POST', flux, body)
    await createCaller(open.url)('POST', flux, body)
    await expect.poll(receiver.statuses).toEqual(['succeeded'])
    await open.close()
  })

  it('is refused where it is no link', async () => {
    for (const webhook of ['nowhere', 'file:///etc/passwd', 7]) {
      const refused = await call('POST', flux, { input: { prompt: 'x' }, webhook })
      expect(refused.status).toBe(422)
      expect(refused.body.detail).toContain('webhook')
    }
  })
})

describe('a sandbox with a data folder', () => {
  it('tells after a restart what it had not told, once', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'sandbox-'))
    const start = () => startSandbox({ clock, latency: '3000', dataDir })
    let kept = await start()
    const body = { input: { prompt: 'x' }, webhook: receiver.url, webhook_events_filter: ['start', 'completed'] }
    const { body: made } = await createCaller(kept.url)('POST', flux, body)
    clock.advance(1_000)
    // an answer that is still on its way when the sandbox closes would not count
    await expect.poll(() => deliveries(kept.url)).toMatchObject([{ event: 'start', answer: 200 }])
    await kept.close()
    clock.advance(60_000)
    kept = await start()
    await expect.poll(receiver.statuses).toEqual(['processing', 'succeeded'])
    expect(receiver.received[1]?.body.id).toBe(made.id)
    await expect.poll(() => deliveries(kept.url)).toMatchObject([{ event: 'completed', answer: 200 }])
    await kept.close()
    kept = await start()
    await createCaller(kept.url)('GET', '/account')
    await kept.close()
    expect(receiver.received).toHaveLength(2)
    rmSync(dataDir, { recursive: true, force: true })
  })

  it('leaves to another sandbox that runs over it what that one tells', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'sandbox-'))
    const start = () => startSandbox({ clock, latency: '3000', dataDir })
    const first = await start()
    const body = { input: { prompt: 'x' }, webhook: receiver.url, webhook_events_filter: ['completed'] }
    await createCaller(first.url)('POST', flux, body)
    const second = await start()
    await until(1)
    await createCaller(second.url)('GET', '/account')
    await second.close()
    await first.close()
    expect(receiver.statuses()).toEqual(['succeeded'])
    rmSync(dataDir, { recursive: true, force: true })
  })
})
