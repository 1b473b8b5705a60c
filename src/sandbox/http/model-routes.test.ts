import Replicate from 'replicate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodePng } from '../draw/png-decode.ts'
import { type Sandbox, startSandbox } from '../sandbox.ts'
import { createCaller } from '../test-clock.ts'

let sandbox: Sandbox
let replicate: Replicate
let call: ReturnType<typeof createCaller>

beforeAll(async () => {
  sandbox = await startSandbox({ latency: '0' })
  replicate = new Replicate({ auth: 'r8_any', baseUrl: sandbox.url })
  call = createCaller(sandbox.url)
})
afterAll(() => sandbox.close())

describe('looking for models', () => {
  it('finds them by words of their name and description, the best first', async () => {
    const found = (await replicate.models.search('whisper')).results.map(({ name }) => name)
    expect(found[0]).toBe('whisper')
    expect(found).toContain('incredibly-fast-whisper')
    expect((await replicate.models.search('zzzz')).results).toEqual([])
    expect((await replicate.models.search('"')).results).toEqual([])
  })

  it('searches models and collections at once, as many as asked for', async () => {
    const response = await replicate.request('/search', { params: { query: 'speech', limit: 2 } })
    const found = (await response.json()) as { models: { metadata: { tags: string[] } }[] }
    expect(found).toMatchObject({
      query: 'speech',
      models: [{ model: { name: 'speech-02-turbo' }, metadata: { score: 1 } }, {}],
      collections: [{ slug: 'text-to-speech' }, { slug: 'speech-to-text' }],
      pages: [],
    })
    expect(found.models[0]?.metadata.tags).toContain('text-to-speech')
    for (const query of ['', '?query=', '?query=x&limit=0', '?query=x&limit=51', '?query=x&limit=y']) {
      expect((await call('GET', `/search${query}`)).status).toBe(400)
    }
  })

  it('lists collections, and the models of one', async () => {
    const { results } = await replicate.collections.list()
    expect(results.map(({ slug }) => slug)).toContain('super-resolution')
    const collection = await replicate.collections.get('super-resolution')
    expect(collection.models?.map(({ name }) => name)).toContain('real-esrgan')
    const official = await replicate.collections.get('official')
    expect(official.models?.length).toBeGreaterThan(10)
    expect(official.models?.every((model) => model.is_official)).toBe(true)
    await expect(replicate.collections.get('nosuch')).rejects.toThrow('404')
  })
})

describe('the pages of a model', () => {
  it('have a readme that says what it takes', async () => {
    const readme = await (await replicate.request('/models/openai/whisper/readme', {})).text()
    expect(readme).toMatch(/^# openai\/whisper\n/)
    expect(readme).toContain('- `audio` (file, required)')
    await expect(replicate.request('/models/openai/nosuch/readme', {})).rejects.toThrow('404')
  })

  it('have an example that was really run: its picture can be fetched, it can be got, and nobody is billed', async () => {
    const { results } = (await call('GET', '/models/google/nano-banana/examples')).body
    const [example] = results as unknown as { id: string; status: string; output: string; input: { prompt: string } }[]
    expect(example?.status).toBe('succeeded')
    const picture = Buffer.from(await (await fetch(example?.output ?? '')).arrayBuffer())
    expect((await decodePng(picture)).texts['prompt']).toBe(example?.input.prompt)
    expect((await call('GET', `/predictions/${example?.id}`)).body).toEqual(example)
    expect(sandbox.bill().predictions).toBe(0)
    expect((await replicate.predictions.list()).results).toEqual([])
  })
})

describe('lists', () => {
  it('come in pages of a hundred, with links both ways', async () => {
    const names = Array.from({ length: 80 }, (_, n) => `model-${n}`)
    for (const name of names) await replicate.models.create('sandbox', name, { visibility: 'public', hardware: 'cpu' })
    const first = (await call('GET', '/models?sort_by=model_created_at&sort_direction=asc')).body
    const second = (await call('GET', first.next ?? '')).body
    expect([first.results.length, second.next, first.previous]).toEqual([100, null, null])
    expect(second.results.length).toBeGreaterThan(10)
    const all = [...first.results, ...second.results].map((each) => (each as unknown as { name: string }).name)
    expect(new Set(all).size).toBe(all.length)
    expect(all.slice(-80)).toEqual(names)
    expect((await call('GET', second.previous ?? '')).body.results).toEqual(first.results)
    expect((await call('GET', '/models?cursor=zzz')).status).toBe(400)
  })
})
