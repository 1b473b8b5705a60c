import Replicate, { parseProgressFromLogs, validateWebhook } from 'replicate'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { decodePng } from './draw/png-decode.ts'
import { encodePng } from './draw/png-encode.ts'
import { drawScene } from './draw/scene.ts'
import { type Sandbox, startSandbox } from './sandbox.ts'
import { systemClock } from '../std/clock.ts'
import { startReceiver } from './test-receiver.ts'

let sandbox: Sandbox
let replicate: Replicate

beforeEach(async () => {
  sandbox = await startSandbox({ latency: '20' })
  replicate = new Replicate({ auth: 'r8_any', baseUrl: sandbox.url })
})
afterEach(() => sandbox.close())

const fetched = async (link: string): Promise<Buffer> => Buffer.from(await (await fetch(link)).arrayBuffer())

describe('the sandbox under the official client', () => {
  it('runs an official model and serves real PNG files that say what they show', async () => {
    const input = { prompt: 'a red mug', num_outputs: 2, aspect_ratio: '16:9', output_format: 'png' }
    const links = (await replicate.run('black-forest-labs/flux-schnell', { input })) as string[]
    expect(links).toHaveLength(2)
    const [first, second] = await Promise.all(links.map(fetched))
    const picture = await decodePng(first as Buffer)
    expect(picture.width / picture.height).toBeCloseTo(16 / 9, 1)
    expect(picture.texts).toMatchObject({ prompt: 'a red mug', subject: 'mug' })
    expect((second as Buffer).equals(first as Buffer)).toBe(false)
  })

  it('runs a community model by version, and refuses it without one', async () => {
    const model = await replicate.models.get('stability-ai', 'sdxl')
    const versions = (await replicate.models.versions.list('stability-ai', 'sdxl')) as unknown as {
      results: { id: string }[]
    }
    expect(versions.results.map(({ id }) => id)).toContain(model.latest_version?.id)
    expect(versions.results).toHaveLength(2)
    const input = { prompt: 'a tree', width: 256, height: 256 }
    const prediction = await replicate.predictions.create({ version: versions.results[1]?.id ?? '', input })
    const done = await replicate.wait(prediction, { interval: 10 })
    expect(done).toMatchObject({ status: 'succeeded', version: versions.results[1]?.id, model: 'stability-ai/sdxl' })
    await expect(replicate.predictions.create({ model: 'stability-ai/sdxl', input })).rejects.toThrow('404')
  })

  it('takes the three ways to name a version', async () => {
    const input = { prompt: 'Hello!' }
    const { latest_version: latest } = await replicate.models.get('meta', 'meta-llama-3-8b-instruct')
    for (const version of [
      latest?.id ?? '',
      `meta/meta-llama-3-8b-instruct:${latest?.id}`,
      'meta/meta-llama-3-8b-instruct',
    ]) {
      const prediction = await replicate.predictions.create({ version, input, wait: true })
      expect(prediction).toMatchObject({ model: 'meta/meta-llama-3-8b-instruct', version: 'hidden' })
    }
    await expect(replicate.predictions.create({ version: 'f'.repeat(64), input })).rejects.toThrow(
      'Invalid version or not permitted',
    )
  })

  it('streams the tokens of a text model', async () => {
    const events = []
    for await (const event of replicate.stream('meta/meta-llama-3-8b-instruct', { input: { prompt: 'Hello!' } }))
      events.push(event)
    const said = events.filter(({ event }) => event === 'output').map(({ data }) => data)
    expect(said.join('')).toBe('Hello! How can I help you today?')
    expect(events.at(-1)).toMatchObject({ event: 'done', data: '{}' })
  })

  it('creates through a deployment', async () => {
    const { results } = await replicate.deployments.list()
    const [deployment] = results
    expect(deployment?.current_release).toMatchObject({ number: 1, version: expect.stringMatching(/^[0-9a-f]{64}$/) })
    const prediction = await replicate.deployments.predictions.create('sandbox', 'writer', {
      input: { prompt: 'Hello!' },
    })
    expect(prediction).toMatchObject({ deployment: 'sandbox/writer', status: 'starting' })
    expect((await replicate.wait(prediction, { interval: 10 })).status).toBe('succeeded')
  })

  it('uploads a buffer given as input, and scales it', async () => {
    const png = await encodePng(drawScene('a blue vase', { width: 64, height: 48, seed: 1 }))
    const model = await replicate.models.get('nightmareai', 'real-esrgan')
    const ref = `nightmareai/real-esrgan:${model.latest_version?.id}` as const
    const link = (await replicate.run(ref, { input: { image: png, scale: 3 } })) as unknown as string
    expect(await decodePng(await fetched(link))).toMatchObject({
      width: 192,
      height: 144,
      texts: { prompt: 'a blue vase' },
    })
    const files = await replicate.files.list()
    expect(files.results).toHaveLength(1)
  })

  it('keeps files: create, get, list, download, delete', async () => {
    const file = await replicate.files.create(Buffer.from('hello'), { kind: 'greeting' })
    expect(file).toMatchObject({
      size: 5,
      metadata: { kind: 'greeting' },
      urls: { get: `${sandbox.url}/files/${file.id}` },
    })
    expect(file.checksums.sha256).toMatch(/^2cf24dba5fb0a30e/)
    expect(await replicate.files.get(file.id)).toEqual(file)
    const response = await fetch(`${file.urls.get}/download`, { headers: { authorization: 'Bearer x' } })
    expect(await response.text()).toBe('hello')
    expect(await replicate.files.delete(file.id)).toBe(true)
    await expect(replicate.files.get(file.id)).rejects.toThrow('404')
  })

  it('says who one is, and lists models and machines', async () => {
    expect(await replicate.accounts.current()).toMatchObject({ type: 'user', username: 'sandbox' })
    const { results } = await replicate.models.list()
    expect(results.length).toBeGreaterThan(30)
    expect((await replicate.hardware.list()).map(({ sku }) => sku)).toContain('gpu-t4')
  })

  it('lists predictions in pages, gets one, cancels one, and waits for one', async () => {
    const slow = await startSandbox({ latency: '60s' })
    const client = new Replicate({ auth: 'r8_any', baseUrl: slow.url })
    const input = { prompt: 'Hello!' }
    const made = []
    for (let n = 0; n < 101; n += 1) {
      made.push(await client.predictions.create({ model: 'meta/meta-llama-3-8b-instruct', input }))
    }
    const listed: string[] = []
    for await (const page of client.paginate(client.predictions.list)) listed.push(...page.map(({ id }) => id))
    expect(listed).toEqual(made.map(({ id }) => id).toReversed())
    const [first] = made as [(typeof made)[number]]
    expect(await client.predictions.get(first.id)).toMatchObject({ id: first.id, output: null })
    expect(await client.predictions.cancel(first.id)).toMatchObject({ status: 'canceled', output: null })
    expect(await client.wait(first, { interval: 1 })).toMatchObject({ id: first.id, status: 'canceled' })
    await slow.close()
  })

  it('reports a run to a webhook, whose signature the client accepts as it comes in', async () => {
    const receiver = await startReceiver(systemClock)
    const output = await replicate.run('meta/meta-llama-3-8b-instruct', {
      input: { prompt: 'Hello!' },
      webhook: receiver.url,
      webhook_events_filter: ['start', 'completed'],
    })
    await expect.poll(receiver.statuses).toEqual(['processing', 'succeeded'])
    const { key } = await replicate.webhooks.default.secret.get()
    for (const { headers, text } of receiver.received) {
      const request = new Request(receiver.url, { method: 'POST', body: text })
      for (const [name, value] of Object.entries(headers)) request.headers.set(name, String(value))
      expect(await validateWebhook(request, key)).toBe(true)
    }
    expect(receiver.received[1]?.body.output).toEqual(output)
    await receiver.close()
  })

  it('reads the progress of a prediction from its log', async () => {
    const made = await replicate.predictions.create({ model: 'black-forest-labs/flux-dev', input: { prompt: 'x' } })
    const done = await replicate.wait(made, { interval: 5 })
    expect(parseProgressFromLogs(done)).toEqual({ percentage: 1, current: 28, total: 28 })
  })

  it('fails a prediction whose picture is no PNG, with a message that helps', async () => {
    const image = `data:image/jpeg;base64,${Buffer.from([0xff, 0xd8, 0xff, 0xe0]).toString('base64')}`
    const run = replicate.run('recraft-ai/recraft-crisp-upscale', {
      input: { image },
      wait: { mode: 'poll', interval: 10 },
    })
    await expect(run).rejects.toThrow('a JPEG; the sandbox reads PNG only')
  })

  it('reads no links that lead out of this machine', async () => {
    const input = { image: 'https://example.com/cat.png' }
    const run = replicate.run('recraft-ai/recraft-crisp-upscale', { input, wait: { mode: 'poll', interval: 10 } })
    await expect(run).rejects.toThrow('nothing from the internet')
  })

  it('speaks, hears what it spoke, captions what it drew, and cuts it out', async () => {
    const version = async (owner: string, name: string) =>
      `${owner}/${name}:${(await replicate.models.get(owner, name)).latest_version?.id}` as const
    const said = 'The sea was calm. We sailed at dawn.'
    const speech = await replicate.run(await version('jaaari', 'kokoro-82m'), { input: { text: said } })
    const heard = await replicate.run(await version('openai', 'whisper'), { input: { audio: speech } })
    expect(heard).toMatchObject({ transcription: said, detected_language: 'english', segments: [{ id: 0 }, { id: 1 }] })
    const drawn = (await replicate.run('google/nano-banana', {
      input: { prompt: 'a teal chair' },
    })) as unknown as string
    expect(await replicate.run(await version('salesforce', 'blip'), { input: { image: drawn } })).toBe(
      'Caption: a teal chair',
    )
    const cut = await decodePng(
      await fetched(
        (await replicate.run(await version('cjwbw', 'rembg'), { input: { image: drawn } })) as unknown as string,
      ),
    )
    const alphaAt = (x: number, y: number) => cut.data[(y * cut.width + x) * 4 + 3]
    expect([alphaAt(0, 0), alphaAt(cut.width >> 1, Math.round(cut.height * 0.62))]).toEqual([0, 255])
  })

  it('gives the same answer to the same input, and another for another seed of the sandbox', async () => {
    const input = { prompt: 'a boat on the sea', output_format: 'png' }
    const drawOn = async (url: string) => {
      const client = new Replicate({ auth: 'x', baseUrl: url })
      return fetched(((await client.run('black-forest-labs/flux-dev', { input })) as string[])[0] ?? '')
    }
    const other = await startSandbox({ latency: '0', seed: 2 })
    const [first, again, different] = [await drawOn(sandbox.url), await drawOn(sandbox.url), await drawOn(other.url)]
    await other.close()
    expect(again.equals(first)).toBe(true)
    expect(different.equals(first)).toBe(false)
  })

  it('bills by image, by token and by second', async () => {
    await replicate.run('black-forest-labs/flux-schnell', { input: { prompt: 'x', num_outputs: 3 } })
    await replicate.run('meta/meta-llama-3-8b-instruct', { input: { prompt: 'Hello!' } })
    const bill = sandbox.bill()
    expect(bill.models['black-forest-labs/flux-schnell']).toEqual({ predictions: 1, usd: 0.009 })
    const tokens = 2 * 0.05e-6 + 9 * 0.25e-6
    expect(bill.models['meta/meta-llama-3-8b-instruct']?.usd).toBeCloseTo(tokens, 9)
    expect(bill).toMatchObject({ predictions: 2, usd: expect.closeTo(0.009 + tokens, 9) })
  })
})
