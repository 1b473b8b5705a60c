import { afterEach, describe, expect, it } from 'vitest'
import { type Sandbox, startSandbox } from '../sandbox.ts'
import { createCaller } from '../test-clock.ts'

let sandbox: Sandbox
afterEach(() => sandbox.close())

interface Event {
  event: string
  id: string
  data: string
}

function parse(text: string): Event[] {
  return text
    .split('\n\n')
    .filter((block) => block !== '')
    .map((block) => {
      const lines = block.split('\n')
      const field = (name: string) =>
        lines.filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2))
      return { event: field('event')[0] ?? '', id: field('id')[0] ?? '', data: field('data').join('\n') }
    })
}

async function start(options: { latency: string; faults?: string[] }, prompt = 'Hello!') {
  sandbox = await startSandbox(options)
  const call = createCaller(sandbox.url)
  const { body } = await call('POST', '/models/meta/meta-llama-3-8b-instruct/predictions', { input: { prompt } })
  return { call, id: body.id, link: body.urls.stream }
}

const read = async (link: string, headers: Record<string, string> = {}) =>
  parse(await (await fetch(link, { headers })).text())

describe('the stream of a prediction', () => {
  it('goes on after the last event that was seen', async () => {
    const { link } = await start({ latency: '100' })
    const all = await read(link)
    const outputs = all.filter(({ event }) => event === 'output')
    expect(outputs.length).toBeGreaterThan(5)
    expect(outputs[3]?.id).toMatch(/^\d{13}:3$/)
    const rest = await read(link, { 'last-event-id': outputs[3]?.id ?? '' })
    expect(rest).toEqual(all.slice(4))
  })

  it('keeps line ends within a token', async () => {
    const { link } = await start(
      { latency: '0' },
      'Write a reply to this review.\n\nReview: It broke after a day, I want a refund.',
    )
    const text = (await read(link))
      .filter(({ event }) => event === 'output')
      .map(({ data }) => data)
      .join('')
    expect(text).toContain('Dear customer,\n\nThank you')
  })

  it('ends with the reason when the prediction was canceled', async () => {
    const { call, id, link } = await start({ latency: '20s' })
    const reading = read(link)
    await call('POST', `/predictions/${id}/cancel`)
    expect((await reading).at(-1)).toMatchObject({ event: 'done', data: '{"reason":"canceled"}' })
  })

  it('tells of a failure', async () => {
    const { link } = await start({ latency: '10', faults: ['*:error=E1001'] })
    const events = await read(link)
    expect(events.map(({ event, data }) => [event, data])).toEqual([
      ['error', '{"detail":"E1001"}'],
      ['done', '{"reason":"error"}'],
    ])
  })

  it('is there for those who have its link, and for models that stream', async () => {
    const { call, link } = await start({ latency: '0' })
    expect((await fetch(link.replace(/.{4}$/, '0000'))).status).toBe(404)
    const { body } = await call('POST', '/models/black-forest-labs/flux-schnell/predictions', {
      input: { prompt: 'x' },
    })
    expect(body.urls).not.toHaveProperty('stream')
  })
})
