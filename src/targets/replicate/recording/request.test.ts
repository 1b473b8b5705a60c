import { describe, expect, it } from 'vitest'
import { createConcealer } from './conceal.ts'
import { nameOf, requestOf } from './request.ts'

const base = 'https://api.example.com/v1'
const conceal = createConcealer('', undefined)

function named(path: string, more: Partial<Parameters<typeof requestOf>[0]> = {}) {
  const url = path.startsWith('http') ? path : `${base}${path}`
  return requestOf({ method: 'GET', url, headers: {}, body: undefined, ...more }, base, conceal)
}

function form(content: string, name = 'cat.png'): FormData {
  const made = new FormData()
  made.set('content', new File([content], name, { type: 'image/png' }))
  return made
}

describe('a recorded request', () => {
  it('is the same wherever the API is, whenever it was asked, and whoever signed it', async () => {
    const elsewhere = 'http://127.0.0.1:8191/v1'
    const there = await requestOf(
      {
        method: 'GET',
        url: `${elsewhere}/predictions?created_after=2026-01-01T00:00:00Z&cursor=x`,
        headers: { Authorization: 'Bearer a' },
        body: undefined,
      },
      `${elsewhere}/`,
      conceal,
    )
    expect(there).toEqual({ method: 'GET', url: '/predictions?cursor=x' })
    expect(await named('/predictions?cursor=x&created_after=2027-01-01T00:00:00Z')).toEqual(there)
    expect(await named('/f?b=2&signature=x&a=1&expiry=5')).toEqual(await named('/f?a=1&b=2&expiry=6&signature=y'))
  })

  it('is another one for another method, path, parameter, body, or place in a stream', async () => {
    const names = await Promise.all(
      [
        named('/predictions/a'),
        named('/predictions/a', { method: 'POST' }),
        named('/predictions/b'),
        named('/predictions/a?x=1'),
        named('/predictions/a', { method: 'POST', body: '{"input":{"a":1}}' }),
        named('/predictions/a', { method: 'POST', body: '{"input":{"a":2}}' }),
        named('/predictions/a', { headers: { 'Last-Event-ID': '7' } }),
        named('https://other.example.com/v1/predictions/a'),
        named('https://api.example.com/v10/predictions/a'),
      ].map(async (request) => nameOf(await request)),
    )
    expect(new Set(names).size).toBe(names.length)
    for (const name of names) expect(name).toMatch(/^[a-z0-9-]+\.json$/)
  })

  it('is the same whatever the order of its keys and the boundary of its form', async () => {
    const post = (body: string | FormData) => named('/x', { method: 'POST', body }).then(nameOf)
    expect(await post('{"a":1,"b":2}')).toBe(await post('{"b": 2, "a": 1}'))
    expect(await post(form('cat'))).toBe(await post(form('cat')))
    expect(await post(form('cat'))).not.toBe(await post(form('dog')))
    expect(await post(form('cat'))).not.toBe(await post(form('cat', 'dog.png')))
  })

  it('has hashes of files in place of their bytes', async () => {
    const bytes = Buffer.alloc(1_000, 7).toString('base64')
    const { body } = await named('/x', {
      method: 'POST',
      body: JSON.stringify({ input: { image: `data:image/png;base64,${bytes}` } }),
    })
    expect(JSON.stringify(body)).toMatch(/data:image\/png;sha256=[0-9a-f]{64};bytes=1000/)
  })

  it('has a name that a file may have, however long its path', async () => {
    expect(nameOf(await named(`/${'é/ '.repeat(500)}`)).length).toBeLessThan(130)
  })
})
