import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readForm } from './multipart.ts'

async function encode(form: FormData): Promise<[Buffer, string]> {
  const request = new Response(form)
  return [Buffer.from(await request.arrayBuffer()), request.headers.get('content-type') ?? '']
}

describe('forms', () => {
  it('come apart into what was put in, whatever the bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.string(), async (bytes, filename) => {
        const form = new FormData()
        form.append('metadata', '{"a": 1}')
        form.append('content', new Blob([bytes], { type: 'image/png' }), filename)
        const parts = readForm(...(await encode(form)))
        expect(parts?.get('metadata')?.bytes.toString()).toBe('{"a": 1}')
        const content = parts?.get('content')
        expect(content?.mediaType).toBe('image/png')
        expect(content?.bytes.equals(Buffer.from(bytes))).toBe(true)
      }),
      { numRuns: 100 },
    )
    const form = new FormData()
    form.append('content', new Blob(['x']), 'grüne "Äpfel".txt')
    expect(readForm(...(await encode(form)))?.get('content')?.filename).toBe('grüne "Äpfel".txt')
  })

  it('are refused when they are cut off or no forms', async () => {
    const form = new FormData()
    form.append('content', new Blob(['hello']), 'a.txt')
    const [body, type] = await encode(form)
    expect(readForm(body.subarray(0, -6), type)).toBeUndefined()
    expect(readForm(body, 'application/json')).toBeUndefined()
    expect(readForm(body, 'multipart/form-data; boundary=other')).toBeUndefined()
    expect(readForm(Buffer.alloc(0), type)).toBeUndefined()
  })
})
