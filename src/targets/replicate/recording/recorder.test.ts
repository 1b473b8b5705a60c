import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Response } from 'undici'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../std/clock.ts'
import { temporaryFolder, type TemporaryFolder } from '../../../testing/temporary-folder.ts'
import type { Asked, Wire } from '../wire.ts'
import { openRecorder } from './recorder.ts'
import { openReplayer } from './replayer.ts'

let folder: TemporaryFolder
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(() => folder.remove())

const baseUrl = 'https://api.example.com/v1'

/** A wire that leads to these answers, one after the other. */
function wireTo(answers: (string | Error)[]): Wire {
  const left = [...answers]
  const next = (): string => {
    const answer = left.shift() ?? '{}'
    if (answer instanceof Error) throw answer
    return answer
  }
  return {
    request: async () => ({
      status: 200,
      headers: { 'content-type': 'application/json', 'x-trace': 'me' },
      text: next(),
    }),
    open: async () => new Response(next(), { headers: { 'content-type': 'image/png' } }),
    close: async () => {},
  }
}

function recorder(wire: Wire, more: { baseUrl?: string; continues?: boolean } = {}): Promise<Wire> {
  return openRecorder(wire, {
    folder: folder.path,
    continues: false,
    baseUrl,
    token: 't0ken',
    clock: systemClock,
    ...more,
  })
}

function asked(path: string, more: Partial<Asked> = {}): Asked {
  return { method: 'GET', url: `${baseUrl}${path}`, headers: {}, body: undefined, signal: undefined, ...more }
}

async function exchanges() {
  const names = await readdir(folder.file('exchanges'))
  return Promise.all(
    names.map(
      async (name) =>
        JSON.parse(await readFile(folder.file('exchanges', name), 'utf8')) as { answers: Record<string, unknown>[] },
    ),
  )
}

describe('a recorder', () => {
  it('keeps polls that say the same once, and what they end with', async () => {
    const says = (status: string) => JSON.stringify({ id: 'p', status, output: status === 'succeeded' ? ['a'] : null })
    const wire = await recorder(wireTo(['starting', 'starting', 'processing', 'processing', 'succeeded'].map(says)))
    for (let n = 0; n < 5; n += 1) await wire.request(asked('/predictions/p'))
    await wire.close()
    const [exchange] = await exchanges()
    expect(exchange?.answers.map(({ json }) => (json as { status: string }).status)).toEqual([
      'starting',
      'processing',
      'succeeded',
    ])
  })

  it('gives texts back to the letter, JSON or not, small or large', async () => {
    const large = JSON.stringify({ text: 'ü'.repeat(20_000) })
    const texts = ['{"a":1}', '{ "a": 1.0 }', 'no JSON at all', '', large, large.replace('{', '{ ')]
    const wire = await recorder(wireTo(texts))
    for (const n of texts.keys()) await wire.request(asked(`/${n}`))
    await wire.close()
    const { wire: replay } = await openReplayer(folder.path, systemClock)
    for (const [n, text] of texts.entries()) expect((await replay.request(asked(`/${n}`))).text).toBe(text)
  })

  it('keeps of a download what was read to its end, and nothing of one that was left', async () => {
    const wire = await recorder(wireTo(['whole', 'left']))
    const open = (name: string) =>
      wire.open(new URL(`https://files.example.com/${name}.png`), {}, new AbortController().signal)
    expect(await (await open('a')).text()).toBe('whole')
    await (await open('b')).body?.cancel()
    await wire.close()
    expect(await readdir(folder.file('bodies'))).toHaveLength(1)
    const { wire: replay } = await openReplayer(folder.path, systemClock)
    const again = await replay.open(new URL('https://files.example.com/a.png'), {}, new AbortController().signal)
    expect([again.headers.get('content-type'), await again.text()]).toEqual(['image/png', 'whole'])
    await expect(
      replay.open(new URL('https://files.example.com/b.png'), {}, new AbortController().signal),
    ).rejects.toThrow('is not in the recording')
  })

  it('keeps a create as unanswered until it is answered, and for good when it never is', async () => {
    let during: unknown
    const gone = Object.assign(new Error('gone'), { code: 'ECONNRESET' })
    const slow: Wire = {
      ...wireTo([]),
      async request({ url }) {
        during ??= (await exchanges())[0]?.answers
        if (url.includes('lost')) throw gone
        return { status: 201, headers: {}, text: '{"id":"p","status":"succeeded"}' }
      },
    }
    const wire = await recorder(slow)
    await wire.request(asked('/models/a/b/predictions', { method: 'POST', body: '{"input":{}}' }))
    await expect(
      wire.request(asked('/models/lost/b/predictions', { method: 'POST', body: '{"input":{}}' })),
    ).rejects.toThrow('gone')
    await wire.close()
    expect(during).toEqual([{ failed: 'unanswered' }])
    const kept = (await exchanges()).map(({ answers }) => answers)
    expect(kept).toContainEqual([{ status: 201, headers: {}, json: { id: 'p', status: 'succeeded' } }])
    expect(kept).toContainEqual([{ failed: 'ECONNRESET' }])
  })

  it('says that its folder can not be written, and tells nobody of an answer that was not kept', async () => {
    const wire = await recorder(wireTo(['{"a":1}', '{"b":1}']))
    await wire.request(asked('/a'))
    await rm(folder.file('exchanges'), { recursive: true })
    await expect(wire.request(asked('/b'))).rejects.toThrow(
      expect.objectContaining({ code: 'configuration', message: expect.stringContaining("can't be written") }),
    )
    await wire.close()
  })

  it('goes on with a recording of the same API only', async () => {
    const first = await recorder(wireTo(['{"a":1}']))
    await first.request(asked('/a'))
    await first.close()
    await expect(recorder(wireTo([]), { continues: true, baseUrl: 'https://other.example.com/v1' })).rejects.toThrow(
      'is one of https://api.example.com/v1',
    )
    // Git keeps no empty folder.
    await rm(folder.file('bodies'), { recursive: true })
    const second = await recorder(wireTo([JSON.stringify({ b: 'long'.repeat(9_000) })]), { continues: true })
    await second.request(asked('/b'))
    await second.close()
    expect(await exchanges()).toHaveLength(2)
    expect(await readdir(folder.file('bodies'))).toHaveLength(1)
  })

  it('leaves a folder to the process that records into it, while that one lives', async () => {
    const lock = folder.file('.recording')
    await writeFile(lock, `${process.ppid}\n`)
    const wire = await recorder(wireTo(['{}']))
    await expect(wire.request(asked('/a'))).rejects.toThrow(`process ${process.ppid} records into`)
    // No process has this id.
    await writeFile(lock, '4194999\n')
    const after = await recorder(wireTo(['{}']))
    await after.request(asked('/a'))
    await after.close()
    expect(await readdir(join(folder.path))).not.toContain('.recording')
  })
})
