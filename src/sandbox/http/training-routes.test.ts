import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Replicate, { type Training } from 'replicate'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Sandbox, startSandbox } from '../sandbox.ts'
import { createTestClock, type TestClock } from '../test-clock.ts'
import { startReceiver } from '../test-receiver.ts'

const images = 'data:application/zip;base64,UEsFBg=='
const destination = 'sandbox/mugs'

let folder: string
let clock: TestClock
let sandbox: Sandbox
let replicate: Replicate
let base: string

async function start(): Promise<void> {
  sandbox = await startSandbox({ clock, latency: '1000', dataDir: folder })
  replicate = new Replicate({ auth: 'r8_any', baseUrl: sandbox.url })
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sandbox-'))
  clock = createTestClock()
  await start()
  base = (await replicate.models.get('stability-ai', 'sdxl')).latest_version?.id ?? ''
  await replicate.models.create('sandbox', 'mugs', { visibility: 'private', hardware: 'gpu-l40s' })
})
afterEach(async () => {
  await sandbox.close()
  rmSync(folder, { recursive: true, force: true })
})

type Order = Parameters<Replicate['trainings']['create']>[3]
const train = (more: Partial<Order> = {}): Promise<Training> =>
  replicate.trainings.create('stability-ai', 'sdxl', base, {
    destination,
    input: { input_images: images, max_train_steps: 200 },
    ...more,
  })

async function trained(more: Partial<Order> = {}): Promise<string> {
  const { id } = await train(more)
  clock.advance(1_000)
  const { output } = await replicate.trainings.get(id)
  return output?.version?.split(':')[1] ?? ''
}

describe('a training', () => {
  it('starts, processes with a log, and succeeds with a version of its destination and its weights', async () => {
    const made = await train()
    expect(made).toMatchObject({
      status: 'starting',
      model: 'stability-ai/sdxl',
      version: base,
      output: null,
      logs: '',
      source: 'api',
      urls: { get: `${sandbox.url}/trainings/${made.id}`, cancel: `${sandbox.url}/trainings/${made.id}/cancel` },
    })
    clock.advance(550)
    const half = await replicate.trainings.get(made.id)
    expect(half).toMatchObject({ status: 'processing', output: null, logs: expect.stringContaining('100/200') })
    clock.advance(450)
    const done = await replicate.trainings.get(made.id)
    expect(done).toMatchObject({
      status: 'succeeded',
      metrics: { predict_time: 0.9, total_time: 1 },
      output: { version: expect.stringMatching(/^sandbox\/mugs:[0-9a-f]{64}$/) },
    })
    const weights = (await (await fetch(done.output?.weights ?? '')).json()) as object
    expect(weights).toMatchObject({
      model: destination,
      trained_from: base,
      settings: { max_train_steps: 200, token_string: 'TOK' },
      data: [{ field: 'input_images', bytes: 4 }],
    })
    expect(sandbox.bill()).toMatchObject({ predictions: 0, trainings: 1, usd: 0.9 * 0.000975 })
  })

  it('makes a version that can be looked at and run, by its name', async () => {
    const version = await trained()
    const model = await replicate.models.get('sandbox', 'mugs')
    expect(model.latest_version?.id).toBe(version)
    const seen = await replicate.models.versions.get('sandbox', 'mugs', version)
    expect(JSON.stringify(seen.openapi_schema)).toContain('num_inference_steps')
    const input = { prompt: 'a photo of TOK', width: 64, height: 64 }
    const prediction = await replicate.predictions.create({ version: `${destination}:${version}`, input })
    expect(prediction).toMatchObject({ model: destination, version })
    clock.advance(1_000)
    expect(await replicate.predictions.get(prediction.id)).toMatchObject({
      status: 'succeeded',
      output: [expect.any(String)],
    })
    expect((await replicate.models.get('sandbox', 'mugs')).run_count).toBe(1)
  })

  it('makes another version each time, the same ones for the same requests', async () => {
    const versions = [await trained(), await trained()]
    expect(new Set(versions).size).toBe(2)
    const page = (await replicate.models.versions.list('sandbox', 'mugs')) as unknown as { results: { id: string }[] }
    expect(page.results.map(({ id }) => id)).toEqual(versions.toReversed())
    const other = await startSandbox({ clock, latency: '1000' })
    const kept = replicate
    replicate = new Replicate({ auth: 'x', baseUrl: other.url })
    await replicate.models.create('sandbox', 'mugs', { visibility: 'private', hardware: 'cpu' })
    expect([await trained(), await trained()]).toEqual(versions)
    replicate = kept
    await other.close()
  })

  it('can be cancelled, and then makes no version', async () => {
    const { id } = await train()
    clock.advance(400)
    expect(await replicate.trainings.cancel(id)).toMatchObject({ status: 'canceled', metrics: { predict_time: 0.3 } })
    clock.advance(5_000)
    expect(await replicate.trainings.get(id)).toMatchObject({ status: 'canceled', output: null })
    expect((await replicate.models.get('sandbox', 'mugs')).latest_version).toBeNull()
  })

  it('runs on through a restart, and its version stays', async () => {
    const { id } = await train()
    await sandbox.close()
    clock.advance(1_000)
    await start()
    const done = await replicate.trainings.get(id)
    expect(done.status).toBe('succeeded')
    clock.advance(2 * 3_600_000)
    await sandbox.close()
    await start()
    expect((await replicate.trainings.get(id)).output).toMatchObject({ version: done.output?.version })
    expect((await replicate.models.get('sandbox', 'mugs')).latest_version?.id).toBe(done.output?.version?.split(':')[1])
  })

  it('fails when its data can not be read, or its destination is gone when it ends', async () => {
    const { id } = await train({ input: { input_images: 'https://example.com/images.zip' } })
    clock.advance(1_000)
    expect(await replicate.trainings.get(id)).toMatchObject({
      status: 'failed',
      error: expect.stringContaining('nothing from the internet'),
    })
    const other = await train()
    await replicate.request('/models/sandbox/mugs', { method: 'DELETE' })
    clock.advance(1_000)
    expect(await replicate.trainings.get(other.id)).toMatchObject({
      status: 'failed',
      error: 'The destination sandbox/mugs does not exist',
    })
  })

  it('meets the faults of the model that it trains', async () => {
    const faulty = await startSandbox({ clock, latency: '1000', faults: ['stability-ai/sdxl:error=Out of memory'] })
    const kept = replicate
    replicate = new Replicate({ auth: 'x', baseUrl: faulty.url })
    await replicate.models.create('sandbox', 'mugs', { visibility: 'private', hardware: 'cpu' })
    const { id } = await train()
    clock.advance(1_000)
    expect(await replicate.trainings.get(id)).toMatchObject({ status: 'failed', error: 'Out of memory', output: null })
    expect((await replicate.models.get('sandbox', 'mugs')).latest_version).toBeNull()
    replicate = kept
    await faulty.close()
  })

  it('tells its webhook of its start, its log and its end', async () => {
    const receiver = await startReceiver(clock)
    const made = await train({ webhook: receiver.url, webhook_events_filter: ['start', 'logs', 'completed'] })
    for (let step = 0; step < 40 && receiver.statuses().at(-1) !== 'succeeded'; step += 1) {
      clock.advance(50)
      await replicate.accounts.current()
    }
    await expect.poll(() => receiver.statuses().at(-1)).toBe('succeeded')
    expect(receiver.received[0]?.body).toMatchObject({ id: made.id, status: 'processing', logs: '' })
    expect(receiver.received.length).toBeGreaterThan(2)
    expect(receiver.received.at(-1)?.body).toEqual(await replicate.trainings.get(made.id))
    await receiver.close()
  })

  it('is listed newest first, in pages, and is no prediction', async () => {
    const ids: string[] = []
    for (let n = 0; n < 103; n += 1) ids.push((await train()).id)
    const found: string[] = []
    for await (const page of replicate.paginate(replicate.trainings.list)) found.push(...page.map(({ id }) => id))
    expect(found).toEqual(ids.toReversed())
    expect((await replicate.predictions.list()).results).toEqual([])
    await expect(replicate.predictions.get(ids[0] ?? '')).rejects.toThrow('404')
  })

  it('is refused without a destination that is one’s own, without its input, and for a model that has none', async () => {
    await expect(train({ destination: 'sandbox/nosuch' })).rejects.toThrow('does not exist, or is not yours')
    await expect(train({ destination: 'stability-ai/sdxl' })).rejects.toThrow('404')
    await expect(train({ input: {} })).rejects.toThrow('input_images is required')
    await expect(train({ input: { input_images: images, resolution: 1 } })).rejects.toThrow(
      'greater than or equal to 256',
    )
    const blip = (await replicate.models.get('salesforce', 'blip')).latest_version?.id ?? ''
    await expect(replicate.trainings.create('salesforce', 'blip', blip, { destination, input: {} })).rejects.toThrow(
      'does not support training',
    )
    await expect(replicate.trainings.create('salesforce', 'blip', base, { destination, input: {} })).rejects.toThrow(
      '404',
    )
  })

  it('says in the schema of a version what it takes', async () => {
    const version = await replicate.models.versions.get('stability-ai', 'sdxl', base)
    expect(version.openapi_schema).toMatchObject({
      paths: { '/trainings': expect.any(Object) },
      components: { schemas: { TrainingInput: { required: ['input_images'] }, TrainingOutput: { type: 'object' } } },
    })
  })
})
