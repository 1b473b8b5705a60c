import { describe, expect, it } from 'vitest'
import { createPriceBook } from '../../src/config/prices/book.ts'
import { StoreError } from '../../src/domain/errors.ts'
import { defaultRetry } from '../../src/domain/definition.ts'
import { createExecutor } from '../../src/executor/executor.ts'
import type { Json } from '../../src/std/json.ts'
import { seededRandom } from '../../src/std/random.ts'
import { createReplicateTarget } from '../../src/targets/replicate/target.ts'
import { eagerClock } from '../../src/testing/eager-clock.ts'
import { memoryCall, type MemoryCall } from '../../src/testing/memory-call.ts'
import type { ScriptedAnswer } from '../../src/testing/scripted-server.ts'
import { token, official, closing, prediction, bench, types, isCreate, isGet } from './bench.ts'

describe('files', () => {
  const png = Buffer.from('89504e470d0a1a0a', 'hex')
  const file = (): ScriptedAnswer => (response) => {
    response.writeHead(200, { 'content-type': 'image/png' })
    response.end(png)
  }

  it('keeps what links and data URIs of an output name, each once, and leaves other links alone', async () => {
    const { call, server } = await bench((request, _at, origin) => {
      if (isCreate(request)) {
        const output = {
          best: `${origin}/delivery/1/out.png`,
          all: [`${origin}/delivery/1/out.png`, 'data:text/plain;base64,aGk='],
          seen: 'https://example.com/page',
          text: `see ${origin}/delivery/2`,
        }
        return { status: 201, body: prediction({ output }) }
      }
      return request.path === '/delivery/1/out.png' ? file() : undefined
    })
    const { outcome } = await call(official, {})
    expect(outcome).toMatchObject({
      files: [
        { name: 'draw-0.png', bytes: 8, media_type: 'image/png' },
        { name: 'draw-1.txt', bytes: 2, media_type: 'text/plain' },
      ],
    })
    const [first, second] = outcome.status === 'succeeded' ? outcome.files : []
    expect(outcome).toMatchObject({
      output: {
        best: `artifact:${first?.sha256}/draw-0.png`,
        all: [`artifact:${first?.sha256}/draw-0.png`, `artifact:${second?.sha256}/draw-1.txt`],
        seen: 'https://example.com/page',
        text: expect.stringContaining('/delivery/2') as string,
      },
    })
    expect(server.requests.filter(({ path }) => path.startsWith('/delivery'))).toHaveLength(1)
  })

  it('downloads again, without creating again, when a download breaks or is refused for a while', async () => {
    let downloads = 0
    const { call, creates } = await bench((request, _at, origin) => {
      if (isCreate(request)) return { status: 201, body: prediction({ output: [`${origin}/delivery/1/out.png`] }) }
      if (!request.path.startsWith('/delivery')) return undefined
      downloads += 1
      if (downloads === 1) return { status: 503 }
      if (downloads === 2) {
        return (response) => {
          response.writeHead(200, { 'content-type': 'image/png', 'content-length': '8' })
          response.write(png.subarray(0, 4), () => response.socket?.destroy())
        }
      }
      return file()
    })
    const { outcome, files } = await call(official, {})
    expect(outcome).toMatchObject({ status: 'succeeded', attempts: 1 })
    expect(files.kept.map(({ bytes }) => bytes)).toEqual([8])
    expect(downloads).toBe(3)
    expect(creates()).toHaveLength(1)
  })

  it('asks for the same prediction again when downloads keep failing, and never makes another', async () => {
    let downloads = 0
    const { call, creates, server } = await bench((request, _at, origin) => {
      const body = prediction({ output: `${origin}/delivery/1/out.png` })
      if (isCreate(request)) return { status: 201, body }
      if (isGet(request)) return { body }
      if (!request.path.startsWith('/delivery')) return undefined
      downloads += 1
      return downloads < 9 ? { status: 502 } : file()
    })
    const { outcome, facts } = await call(official, {})
    expect(outcome).toMatchObject({ status: 'succeeded', attempts: 2, cost_usd: 0.01 })
    expect(creates()).toHaveLength(1)
    expect(server.requests.filter((request) => isGet(request))).toHaveLength(1)
    expect(facts.find((fact) => fact.type === 'call.reattached')).toMatchObject({ call: 2, how: 'known_id' })
  })

  it('refuses a file that is too large, though the prediction was paid for', async () => {
    const { call, creates } = await bench(
      (request, _at, origin) => {
        if (isCreate(request)) return { status: 201, body: prediction({ output: `${origin}/delivery/1/out.png` }) }
        return request.path.startsWith('/delivery') ? file() : undefined
      },
      { max_file_bytes: 7 },
    )
    expect((await call(official, {})).outcome).toMatchObject({
      status: 'failed',
      error: { code: 'file_too_large' },
      cost_usd: 0.01,
    })
    expect(creates()).toHaveLength(1)
  })

  it('uploads large inputs once a run, journals the link before the create, and sends the link', async () => {
    const large = new Uint8Array(300_000).fill(7)
    const link = (origin: string) => `${origin}/v1/files/f1`
    let form = ''
    const { call, creates, server } = await bench((request, _at, origin) => {
      if (request.path === '/v1/files') {
        form = request.body.slice(0, 2_000)
        return { status: 201, body: { id: 'f1', urls: { get: link(origin) } } }
      }
      return isCreate(request) ? { status: 201, body: prediction() } : undefined
    })
    let uri = ''
    const hold = ({ files }: MemoryCall) => {
      const held = files.hold(large, 'big photo.png', 'image/png')
      uri = `artifact:${held.sha256}/big%20photo.png`
    }
    hold(memoryCall())
    const { facts } = await call(official, { image: uri }, { before: hold })
    expect(types(facts)).toEqual(['model.resolved', 'call.uploaded', 'call.intended', 'call.created', 'call.settled'])
    expect(JSON.parse(creates()[0]?.body ?? '')).toEqual({ input: { image: link(server.origin) } })
    expect(facts[2]).toMatchObject({ body: { input: { image: link(server.origin) } } })
    expect(form).toContain('name="content"; filename="big photo.png"')
    expect(form).toContain('image/png')
    expect(form).not.toContain(token)
  })

  it('uses an upload of an earlier process while it is there, and uploads again when it is gone', async () => {
    const large = new Uint8Array(300_000).fill(7)
    let there = true
    let uploads = 0
    const { call, creates, server } = await bench((request, _at, origin) => {
      if (request.path === '/v1/files/f0')
        return there ? { body: { id: 'f0', expires_at: null } } : { status: 404, body: {} }
      if (request.path === '/v1/files') {
        uploads += 1
        return { status: 201, body: { id: 'f1', urls: { get: `${origin}/v1/files/f1` } } }
      }
      return isCreate(request) ? { status: 201, body: prediction() } : undefined
    })
    const earlier = `${server.origin}/v1/files/f0`
    const before = (memory: MemoryCall) => {
      const held = memory.files.hold(large, 'a.png', 'image/png')
      Object.assign(memory.context.files, { uploadOf: (hash: string) => (hash === held.sha256 ? earlier : undefined) })
    }
    const held = memoryCall().files.hold(large, 'a.png')
    await call(official, { image: `artifact:${held.sha256}/a.png` }, { before })
    expect(uploads).toBe(0)
    there = false
    const other = createReplicateTarget({
      prices: createPriceBook([]),
      token,
      baseUrl: `${server.origin}/v1`,
      clock: eagerClock(),
      random: seededRandom(1),
    })
    closing.push(other.close)
    const executor = createExecutor({ targets: async () => other, clock: eagerClock(), random: seededRandom(1) })
    const memory = memoryCall()
    before(memory)
    const chain = [{ name: official, target: 'replicate', model: official, deployment: false, defaults: {} }]
    await executor.execute(
      { chain, input: { image: `artifact:${held.sha256}/a.png` }, retry: defaultRetry },
      memory.context,
    )
    expect(uploads).toBe(1)
    expect(creates().map(({ body }) => JSON.parse(body) as Json)).toEqual([
      { input: { image: earlier } },
      { input: { image: `${server.origin}/v1/files/f1` } },
    ])
  })

  it('rejects, and calls nothing else, when the store can not keep a file: the disk is no failure of the model', async () => {
    const { call, creates } = await bench((request, _at, origin) => {
      if (isCreate(request)) return { status: 201, body: prediction({ output: `${origin}/delivery/1/out.png` }) }
      return request.path.startsWith('/delivery') ? file() : undefined
    })
    const full = new StoreError('disk_full', 'no space is left')
    const before = ({ context }: MemoryCall) => Object.assign(context.files, { keep: () => Promise.reject(full) })
    await expect(call(official, {}, { before })).rejects.toBe(full)
    expect(creates()).toHaveLength(1)
  })

  it('leaves text alone that only looks like a file', async () => {
    const output = ['data:', 'data:,', 'data:text/plain', 'data:image/png;base64,not base64!', 'https://', 'artifact:x']
    const { call } = await bench((request) =>
      isCreate(request) ? { status: 201, body: prediction({ output }) } : undefined,
    )
    expect((await call(official, {})).outcome).toMatchObject({ output, files: [] })
  })
})
