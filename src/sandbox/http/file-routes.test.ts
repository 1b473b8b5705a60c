import { createHmac } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Sandbox, startSandbox } from '../sandbox.ts'
import { createTestClock, type TestClock } from '../test-clock.ts'

let folder: string
let sandbox: Sandbox
let clock: TestClock

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sandbox-'))
  clock = createTestClock()
  sandbox = await startSandbox({ dataDir: folder, clock, latency: '0' })
})
afterEach(async () => {
  await sandbox.close()
  rmSync(folder, { recursive: true, force: true })
})

const authorization = { authorization: 'Bearer x' }

interface UploadedFile {
  id: string
  name: string
  content_type: string
  expires_at: string
}

async function upload(fields: Record<string, string | Blob>, filename = 'a.txt') {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === 'string') form.append(name, value)
    else form.append(name, value, filename)
  }
  const response = await fetch(`${sandbox.url}/files`, { method: 'POST', body: form, headers: authorization })
  return { status: response.status, body: (await response.json()) as UploadedFile }
}

describe('uploaded files', () => {
  it('may name and type themselves', async () => {
    const { status, body } = await upload({ content: new Blob(['hi']), filename: 'b.md', type: 'text/markdown' })
    expect({ status, ...body }).toMatchObject({ status: 201, name: 'b.md', content_type: 'text/markdown' })
    expect((await upload({ content: new Blob(['hi']), type: 'a\r\nb: c' })).body.content_type).toBe(
      'application/octet-stream',
    )
  })

  it.each([
    ['no file', { metadata: '{}' }, 'a.txt'],
    ['metadata that is no JSON', { content: new Blob(['x']), metadata: '{' }, 'a.txt'],
    ['metadata that is a list', { content: new Blob(['x']), metadata: '[]' }, 'a.txt'],
    ['too long a name', { content: new Blob(['x']) }, 'n'.repeat(256)],
  ])('are refused with %s', async (_what, fields, name) => {
    expect((await upload(fields as Record<string, string | Blob>, name)).status).toBe(400)
    expect(readdirSync(join(folder, 'files'))).toEqual([])
  })

  it('can be downloaded by who has a signed link, until it expires', async () => {
    const { body } = await upload({ content: new Blob(['hi']) })
    const database = new DatabaseSync(join(folder, 'sandbox.sqlite'), { readOnly: true })
    const secret = String(database.prepare("select value from meta where name = 'secret'").get()?.['value'])
    database.close()
    const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
    const link = (expiry: number) => {
      const signature = createHmac('sha256', key).update(`sandbox ${body.id} ${expiry}`).digest('base64')
      return `${sandbox.url}/files/${body.id}/download?${new URLSearchParams({ owner: 'sandbox', expiry: String(expiry), signature }).toString()}`
    }
    const now = Math.floor(clock.now() / 1_000)
    expect(await (await fetch(link(now + 60))).text()).toBe('hi')
    expect((await fetch(link(now - 1))).status).toBe(403)
    expect((await fetch(link(now + 60).replace('owner=sandbox', 'owner=other'))).status).toBe(403)
    expect((await fetch(`${sandbox.url}/files/${body.id}/download`)).status).toBe(403)
  })

  it('expire after a day, bytes and all', async () => {
    const { body } = await upload({ content: new Blob(['hi']) })
    expect(body.expires_at).toBe('2026-01-03T03:04:05.000Z')
    expect(readdirSync(join(folder, 'files'))).toEqual([body.id])
    clock.advance(86_400_001)
    expect((await fetch(`${sandbox.url}/files/${body.id}`, { headers: authorization })).status).toBe(404)
    await expect.poll(() => readdirSync(join(folder, 'files'))).toEqual([])
  })

  it('come in pages', async () => {
    for (let n = 0; n < 101; n += 1) await upload({ content: new Blob([`${n}`]) }, `${n}.txt`)
    const first = (await (await fetch(`${sandbox.url}/files`, { headers: authorization })).json()) as {
      next: string
      results: UploadedFile[]
    }
    expect([first.results.length, first.results[0]?.name]).toEqual([100, '100.txt'])
    const second = (await (await fetch(first.next, { headers: authorization })).json()) as {
      next: null
      previous: string
      results: UploadedFile[]
    }
    expect([second.results.map(({ name }) => name), second.next]).toEqual([['0.txt'], null])
    const back = await (await fetch(second.previous, { headers: authorization })).json()
    expect(back).toMatchObject({ results: first.results, previous: null, next: expect.any(String) })
  })
})
