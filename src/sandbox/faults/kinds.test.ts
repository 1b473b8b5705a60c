import { afterEach, describe, expect, it } from 'vitest'
import { startSandbox, type Sandbox } from '../sandbox.ts'
import { createCaller, createTestClock } from '../test-clock.ts'
import type { FaultInput } from './rules.ts'

let sandbox: Sandbox | undefined
afterEach(async () => {
  await sandbox?.close()
  sandbox = undefined
})

const writer = '/models/meta/meta-llama-3-8b-instruct/predictions'
const painter = '/models/black-forest-labs/flux-schnell/predictions'

async function start(faults: FaultInput[]) {
  const clock = createTestClock()
  sandbox = await startSandbox({ faults, latency: '1000', clock })
  const call = createCaller(sandbox.url)
  /** A prediction that has ended. */
  const made = async (path: string, prompt: string) => {
    const { body } = await call('POST', path, { input: { prompt } })
    clock.advance(1_000)
    return (await call('GET', `/predictions/${body.id}`)).body
  }
  return { clock, call, made, url: sandbox.url }
}

const asksJson = 'Answer with JSON with the keys "name" and "city": Ada Lovelace lives in London.'

describe('faults', () => {
  it('break the type of an output, and bill it', async () => {
    const { made } = await start(['*:corrupt'])
    expect(await made(painter, 'a red mug')).toMatchObject({ status: 'succeeded', output: { corrupted: true } })
    expect(sandbox?.bill().usd).toBeGreaterThan(0)
  })

  it('cut a text, or break the JSON in it', async () => {
    const { made } = await start(['*:corrupt=text:times=1', '*:corrupt=json:times=1'])
    const cut = (await made(writer, asksJson)).output?.join('') ?? ''
    const broken = (await made(writer, asksJson)).output?.join('') ?? ''
    const whole = (await made(writer, asksJson)).output?.join('') ?? ''
    expect(whole).toContain('Lovelace')
    expect(cut.length).toBeLessThan(whole.length)
    expect(whole.startsWith(cut)).toBe(true)
    expect(() => JSON.parse(whole) as unknown).not.toThrow()
    expect(() => JSON.parse(broken) as unknown).toThrow(SyntaxError)
  })

  it('break the bytes of a file for good', async () => {
    const { made } = await start(['*:corrupt=file:times=1'])
    const bytesOf = async () => (await fetch((await made(painter, 'a red mug')).output?.[0] ?? '')).bytes()
    const [broken, whole] = [await bytesOf(), await bytesOf()]
    expect(broken.length).toBe(whole.length >> 1)
    expect(whole.subarray(0, broken.length)).toEqual(broken)
  })

  it('cut a download half-way, so often and no more', async () => {
    const { made } = await start(['*:drop:on=download:times=1'])
    const link = (await made(painter, 'a red mug')).output?.[0] ?? ''
    const cut = await fetch(link)
    expect(Number(cut.headers.get('content-length'))).toBeGreaterThan(100)
    await expect(cut.arrayBuffer()).rejects.toThrow('terminated')
    expect((await (await fetch(link)).arrayBuffer()).byteLength).toBeGreaterThan(100)
  })

  it('cut a stream half-way; it goes on where it was', async () => {
    const { made } = await start(['*:drop:on=stream:times=1'])
    const { output, urls } = await made(writer, 'Write a long poem about the sea.')
    const cut = await fetch(urls.stream, { headers: { accept: 'text/event-stream' } })
    await expect(cut.text()).rejects.toThrow('terminated')
    const whole = await (await fetch(urls.stream)).text()
    expect(whole.match(/event: output/g)).toHaveLength(output?.length ?? 0)
  })

  it('garble the answer to a create that was made, or to a poll', async () => {
    const { call, clock } = await start(['*:garbled:times=1', '*:garbled:on=get:times=1'])
    await expect(call('POST', writer, { input: { prompt: 'Hi' } })).rejects.toThrow('JSON')
    expect(sandbox?.bill().predictions).toBe(1)
    const [made] = (await call('GET', '/predictions')).body.results
    clock.advance(1_000)
    await expect(call('GET', `/predictions/${made?.id}`)).rejects.toThrow('JSON')
    expect((await call('GET', `/predictions/${made?.id}`)).body.status).toBe('succeeded')
  })

  it('let a model die: no page, no version, no prediction, by name or by version', async () => {
    const { call } = await start(['meta/*:dead', 'stability-ai/sdxl:dead:from=10s'])
    expect((await call('GET', '/models/meta/meta-llama-3-8b-instruct')).status).toBe(404)
    expect((await call('GET', '/models/meta/meta-llama-3-8b-instruct/versions')).status).toBe(404)
    expect((await call('POST', writer, { input: { prompt: 'Hi' } })).status).toBe(404)
    expect((await call('POST', painter, { input: { prompt: 'Hi' } })).status).toBe(201)
  })

  it('answer a version that is gone as Replicate does', async () => {
    const { call, clock } = await start(['stability-ai/sdxl:dead:from=10s'])
    const page = (await call('GET', '/models/stability-ai/sdxl')).body as unknown as { latest_version: { id: string } }
    const version = page.latest_version.id
    expect((await call('POST', '/predictions', { version, input: { prompt: 'a' } })).status).toBe(201)
    clock.advance(10_000)
    expect((await call('POST', '/predictions', { version, input: { prompt: 'a' } })).status).toBe(422)
  })

  it('strike cancellations and uploads, too', async () => {
    const { call, url } = await start([
      { fault: 'lost', on: 'cancel', times: 1 },
      { fault: 'unavailable', on: 'upload', times: 1 },
    ])
    const { body } = await call('POST', writer, { input: { prompt: 'Hi' } })
    await expect(call('POST', `/predictions/${body.id}/cancel`)).rejects.toThrow('fetch failed')
    expect((await call('GET', `/predictions/${body.id}`)).body.status).toBe('canceled')
    const upload = () => {
      const form = new FormData()
      form.set('content', new File(['hello'], 'hello.txt'))
      return fetch(`${url}/files`, { method: 'POST', body: form, headers: { authorization: 'Bearer x' } })
    }
    expect([(await upload()).status, (await upload()).status]).toEqual([503, 201])
  })

  it('keep a prediction waiting to start', async () => {
    const { call, clock } = await start([{ fault: 'cold_start', for: '20s' }])
    const { body } = await call('POST', writer, { input: { prompt: 'Hi' } })
    clock.advance(19_000)
    expect((await call('GET', `/predictions/${body.id}`)).body.status).toBe('starting')
    clock.advance(2_000)
    expect((await call('GET', `/predictions/${body.id}`)).body.status).toBe('succeeded')
  })
})
