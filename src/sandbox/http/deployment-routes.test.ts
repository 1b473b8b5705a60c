import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Replicate from 'replicate'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Sandbox, startSandbox } from '../sandbox.ts'
import { createCaller, createTestClock, type TestClock } from '../test-clock.ts'

let folder: string
let clock: TestClock
let sandbox: Sandbox
let replicate: Replicate
let call: ReturnType<typeof createCaller>
let versions: string[]

async function start(): Promise<void> {
  sandbox = await startSandbox({ clock, latency: '100', dataDir: folder })
  replicate = new Replicate({ auth: 'r8_any', baseUrl: sandbox.url })
  call = createCaller(sandbox.url)
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sandbox-'))
  clock = createTestClock()
  await start()
  const page = (await replicate.models.versions.list('stability-ai', 'sdxl')) as unknown as {
    results: { id: string }[]
  }
  versions = page.results.map(({ id }) => id)
})
afterEach(async () => {
  await sandbox.close()
  rmSync(folder, { recursive: true, force: true })
})

type Config = Parameters<Replicate['deployments']['create']>[0]
const create = (more: Partial<Config> = {}) =>
  replicate.deployments.create({
    name: 'my-pictures',
    model: 'stability-ai/sdxl',
    version: versions[1] ?? '',
    hardware: 'gpu-l40s',
    min_instances: 0,
    max_instances: 3,
    ...more,
  })

describe('a deployment', () => {
  it('is created, listed, run with its own version, and still there after a restart', async () => {
    const made = await create()
    expect(made).toMatchObject({
      owner: 'sandbox',
      name: 'my-pictures',
      current_release: {
        number: 1,
        model: 'stability-ai/sdxl',
        version: versions[1],
        created_at: new Date(clock.now()).toISOString(),
        created_by: { type: 'user', username: 'sandbox' },
        configuration: { hardware: 'gpu-l40s', min_instances: 0, max_instances: 3 },
      },
    })
    await sandbox.close()
    await start()
    expect((await replicate.deployments.list()).results.map(({ name }) => name)).toEqual([
      'pictures',
      'writer',
      'my-pictures',
    ])
    const prediction = await replicate.deployments.predictions.create('sandbox', 'my-pictures', {
      input: { prompt: 'x', width: 64, height: 64 },
    })
    expect(prediction).toMatchObject({ deployment: 'sandbox/my-pictures', version: versions[1] })
    clock.advance(100)
    expect((await replicate.predictions.get(prediction.id)).status).toBe('succeeded')
  })

  it('gets a new release with each change, and runs what that says', async () => {
    await create()
    clock.advance(1_000)
    const changed = await replicate.deployments.update('sandbox', 'my-pictures', {
      version: versions[0] ?? '',
      max_instances: 10,
    })
    expect(changed.current_release).toMatchObject({
      number: 2,
      version: versions[0],
      created_at: new Date(clock.now()).toISOString(),
      configuration: { hardware: 'gpu-l40s', min_instances: 0, max_instances: 10 },
    })
    expect(await replicate.deployments.get('sandbox', 'my-pictures')).toEqual(changed)
    const prediction = await replicate.deployments.predictions.create('sandbox', 'my-pictures', { input: {} })
    expect(prediction.version).toBe(versions[0])
  })

  it('is deleted once it has been offline and unused for a quarter of an hour', async () => {
    await create()
    await replicate.deployments.predictions.create('sandbox', 'my-pictures', { input: {} })
    const remove = () => call('DELETE', '/deployments/sandbox/my-pictures')
    clock.advance(14 * 60_000)
    expect(await remove()).toMatchObject({ status: 409, body: { detail: expect.stringContaining('15 minutes') } })
    clock.advance(2 * 60_000)
    await replicate.deployments.update('sandbox', 'my-pictures', { min_instances: 1 })
    clock.advance(20 * 60_000)
    expect((await remove()).status).toBe(409)
    await replicate.deployments.update('sandbox', 'my-pictures', { min_instances: 0 })
    expect((await remove()).status).toBe(409)
    clock.advance(15 * 60_000)
    expect(await replicate.deployments.delete('sandbox', 'my-pictures')).toBe(true)
    await expect(replicate.deployments.get('sandbox', 'my-pictures')).rejects.toThrow('404')
    await expect(replicate.deployments.predictions.create('sandbox', 'my-pictures', { input: {} })).rejects.toThrow(
      '404',
    )
  })

  it('that is there from the start stays deleted', async () => {
    expect(await replicate.deployments.delete('sandbox', 'writer')).toBe(true)
    await sandbox.close()
    await start()
    expect((await replicate.deployments.list()).results.map(({ name }) => name)).toEqual(['pictures'])
  })

  it('is refused with a taken name, another model’s version, unknown hardware or impossible numbers', async () => {
    await create()
    await expect(create()).rejects.toThrow('already exists')
    await expect(create({ name: 'Not/a name' })).rejects.toThrow('422')
    await expect(create({ name: 'b', model: 'cjwbw/rembg' })).rejects.toThrow('not one of cjwbw/rembg')
    await expect(create({ name: 'b', hardware: 'abacus' })).rejects.toThrow('Must be one of')
    await expect(create({ name: 'b', min_instances: 6 })).rejects.toThrow('less than or equal to 5')
    await expect(create({ name: 'b', min_instances: 3, max_instances: 1 })).rejects.toThrow('max_instances')
    const change = (body: object) => call('PATCH', '/deployments/sandbox/my-pictures', body as never)
    expect((await change({})).status).toBe(422)
    expect((await change({ max_instances: 21 })).status).toBe(422)
    expect((await change({ version: 'x' })).status).toBe(422)
    expect((await replicate.deployments.get('sandbox', 'my-pictures')).current_release.number).toBe(1)
  })
})
