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

async function start(): Promise<void> {
  sandbox = await startSandbox({ clock, latency: '100', dataDir: folder })
  replicate = new Replicate({ auth: 'r8_any', baseUrl: sandbox.url })
  call = createCaller(sandbox.url)
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sandbox-'))
  clock = createTestClock()
  await start()
})
afterEach(async () => {
  await sandbox.close()
  rmSync(folder, { recursive: true, force: true })
})

const model = { visibility: 'private', hardware: 'gpu-t4' } as const

/** A version of a model of one's own. */
async function trainedVersion(name: string): Promise<string> {
  const base = (await replicate.models.get('stability-ai', 'sdxl')).latest_version?.id ?? ''
  const { id } = await replicate.trainings.create('stability-ai', 'sdxl', base, {
    destination: `sandbox/${name}`,
    input: { input_images: 'data:application/zip;base64,UEsFBg==' },
  })
  clock.advance(100)
  return (await replicate.trainings.get(id)).output?.version?.split(':')[1] ?? ''
}

describe('a model of one’s own', () => {
  it('is created, shown, changed, and still there after a restart', async () => {
    const description = 'Mugs of all kinds'
    const made = await replicate.models.create('sandbox', 'mugs', {
      ...model,
      description,
      paper_url: 'https://example.com/paper',
    })
    expect(made).toMatchObject({
      url: 'https://replicate.com/sandbox/mugs',
      owner: 'sandbox',
      name: 'mugs',
      visibility: 'private',
      is_official: false,
      paper_url: 'https://example.com/paper',
      license_url: null,
      run_count: 0,
      latest_version: null,
    })
    const changed = await call('PATCH', '/models/sandbox/mugs', { description: 'Red mugs', readme: '# Mugs' })
    expect(changed).toMatchObject({ status: 200, body: { description: 'Red mugs', paper_url: made.paper_url } })
    await sandbox.close()
    await start()
    expect(await replicate.models.get('sandbox', 'mugs')).toEqual(changed.body)
    const readme = await replicate.request('/models/sandbox/mugs/readme', {})
    expect([readme.headers.get('content-type'), await readme.text()]).toEqual(['text/plain; charset=utf-8', '# Mugs'])
    expect((await call('GET', '/models/sandbox/mugs/examples')).body.results).toEqual([])
  })

  it('is listed and found when it is public', async () => {
    await replicate.models.create('sandbox', 'public-mugs', { ...model, visibility: 'public', description: 'Crockery' })
    await replicate.models.create('sandbox', 'private-mugs', { ...model, description: 'Crockery' })
    const listed = await call('GET', '/models?sort_by=model_created_at')
    const names = listed.body.results.map((each) => (each as unknown as { name: string }).name)
    expect(names[0]).toBe('public-mugs')
    expect(names).not.toContain('private-mugs')
    expect((await replicate.models.search('crockery')).results.map(({ name }) => name)).toEqual(['public-mugs'])
  })

  it('is refused when its name is taken or can not be one, its owner is another, or something is missing', async () => {
    await replicate.models.create('sandbox', 'mugs', model)
    const again = replicate.models.create('sandbox', 'mugs', model)
    await expect(again).rejects.toThrow('A model with that name and owner already exists.')
    await expect(replicate.models.create('acme', 'mugs', model)).rejects.toThrow('403')
    for (const name of ['', 'Mugs', 'a/b', '-a', '../a', 'a b']) {
      await expect(replicate.models.create('sandbox', name, model)).rejects.toThrow('422')
    }
    const refused = await call('POST', '/models', { owner: 'sandbox', name: 'x', visibility: 'secret' })
    expect(refused).toMatchObject({
      status: 422,
      body: { invalid_fields: [{ field: 'visibility', type: 'enum' }, { description: 'hardware is required' }] },
    })
    const hardware = replicate.models.create('sandbox', 'x', { ...model, hardware: 'abacus' })
    await expect(hardware).rejects.toThrow('Must be one of the following')
  })

  it('can not be run without a version', async () => {
    await replicate.models.create('sandbox', 'mugs', model)
    await expect(replicate.predictions.create({ model: 'sandbox/mugs', input: {} })).rejects.toThrow('404')
    await expect(replicate.predictions.create({ version: 'sandbox/mugs', input: {} })).rejects.toThrow('422')
  })

  it('is deleted only when it is private and has no versions; the sandbox’s own are not', async () => {
    await replicate.models.create('sandbox', 'mugs', model)
    await replicate.models.create('sandbox', 'shown', { ...model, visibility: 'public' })
    const version = await trainedVersion('mugs')
    expect((await call('DELETE', '/models/sandbox/mugs')).status).toBe(409)
    expect((await call('DELETE', '/models/sandbox/shown')).status).toBe(403)
    expect((await call('DELETE', '/models/stability-ai/sdxl')).status).toBe(403)
    expect((await call('PATCH', '/models/stability-ai/sdxl', {})).status).toBe(403)
    expect((await call('DELETE', '/models/sandbox/nosuch')).status).toBe(404)
    expect((await call('DELETE', `/models/sandbox/mugs/versions/${version}`)).status).toBe(202)
    expect((await call('DELETE', '/models/sandbox/mugs')).status).toBe(204)
    expect((await call('GET', '/models/sandbox/mugs')).status).toBe(404)
  })
})

describe('deleting a version', () => {
  it('removes its predictions and their files, and leaves what they cost on the bill', async () => {
    await replicate.models.create('sandbox', 'mugs', model)
    const version = await trainedVersion('mugs')
    const input = { prompt: 'x', width: 64, height: 64 }
    const ended = await replicate.predictions.create({ version, input })
    clock.advance(100)
    const [link = ''] = (await replicate.predictions.get(ended.id)).output as string[]
    const running = await replicate.predictions.create({ version, input })
    const bill = sandbox.bill()
    expect((await call('DELETE', `/models/sandbox/mugs/versions/${version}`)).status).toBe(202)
    for (const { id } of [ended, running]) expect((await call('GET', `/predictions/${id}`)).status).toBe(404)
    expect((await fetch(link)).status).toBe(404)
    clock.advance(1_000)
    expect((await call('GET', '/predictions')).body.results).toEqual([])
    expect(sandbox.bill()).toEqual(bill)
    expect((await call('POST', '/predictions', { version, input })).status).toBe(422)
  })

  it('is refused while a deployment runs it or something was trained from it', async () => {
    await replicate.models.create('sandbox', 'mugs', model)
    const version = await trainedVersion('mugs')
    const path = `/models/sandbox/mugs/versions/${version}`
    await replicate.deployments.create({
      name: 'mugs',
      model: 'sandbox/mugs',
      version,
      hardware: 'gpu-t4',
      min_instances: 0,
      max_instances: 1,
    })
    expect(await call('DELETE', path)).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('sandbox/mugs runs it') },
    })
    await replicate.deployments.delete('sandbox', 'mugs')
    await replicate.trainings.create('sandbox', 'mugs', version, {
      destination: 'sandbox/mugs',
      input: { input_images: 'data:application/zip;base64,UEsFBg==' },
    })
    expect((await call('DELETE', path)).status).toBe(409)
    expect((await call('DELETE', '/models/stability-ai/sdxl/versions/x')).status).toBe(403)
    expect((await call('DELETE', '/models/sandbox/mugs/versions/x')).status).toBe(404)
  })
})
