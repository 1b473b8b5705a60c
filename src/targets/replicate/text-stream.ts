/** Reads what a model writes while it writes it, for showing; the final output is the prediction's. */
import type { Clock } from '../../std/clock.ts'
import type { Api } from './transport.ts'

export interface TextStream {
  /** Rings when the stream says that the prediction has ended. */
  readonly over: AbortSignal
  /** Ends reading; resolves when nothing is read any more. */
  close(): Promise<void>
}

const maxConnections = 5
const reconnectMs = 500

/** Never fails: without a stream there is just nothing to show before the end. */
export function readTextStream(api: Api, link: string, clock: Clock, show: (text: string) => void): TextStream {
  const over = new AbortController()
  const closing = new AbortController()
  const reading = readAll(api, link, clock, show, closing.signal)
    .catch(() => false)
    .then((ended) => {
      if (ended) over.abort()
    })
  return {
    over: over.signal,
    async close() {
      closing.abort()
      await reading
    },
  }
}

/** True when the stream came to its end; a connection that breaks is made again, after the last event that came. */
async function readAll(
  api: Api,
  link: string,
  clock: Clock,
  show: (text: string) => void,
  signal: AbortSignal,
): Promise<boolean> {
  if (!URL.canParse(link)) return false
  const url = new URL(link)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return false
  const place: Place = { lastId: undefined }
  for (let connection = 1; connection <= maxConnections; connection += 1) {
    const end = await readOnce(api, url, place, show, signal)
    if (end !== 'broken') return end === 'over'
    await clock.sleep(reconnectMs, signal)
  }
  return false
}

interface Place {
  lastId: string | undefined
}

/** `over`: the prediction has ended; `none`: there is nothing to read; `broken`: another connection may go on. */
async function readOnce(
  api: Api,
  url: URL,
  place: Place,
  show: (text: string) => void,
  signal: AbortSignal,
): Promise<'over' | 'none' | 'broken'> {
  const again: Record<string, string> = place.lastId === undefined ? {} : { 'last-event-id': place.lastId }
  try {
    const response = await api.open(url, { accept: 'text/event-stream', ...again }, signal)
    if (!response.ok || !response.body) {
      await response.body?.cancel()
      return 'none'
    }
    for await (const event of serverSentEvents(response.body)) {
      if (event.id !== undefined) place.lastId = event.id
      if (event.name === 'output') show(event.data)
      if (event.name === 'done' || event.name === 'error') return 'over'
    }
  } catch {
    if (signal.aborted) return 'none'
  }
  return 'broken'
}

interface ServerSentEvent {
  name: string
  data: string
  id: string | undefined
}

/** Characters that one event may have. */
const maxEventLength = 1_000_000

async function* serverSentEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true })
    // A line break that is cut in two waits for its other half.
    const held = rest.endsWith('\r') ? '\r' : ''
    rest = rest
      .slice(0, rest.length - held.length)
      .replaceAll('\r\n', '\n')
      .replaceAll('\r', '\n')
    for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
      const event = parseEvent(rest.slice(0, end))
      rest = rest.slice(end + 2)
      if (event) yield event
    }
    if (rest.length > maxEventLength) return
    rest += held
  }
}

function parseEvent(block: string): ServerSentEvent | undefined {
  const data: string[] = []
  let name = 'message'
  let id: string | undefined
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':')
    if (colon === 0) continue
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'data') data.push(value)
    else if (field === 'event') name = value
    else if (field === 'id' && !value.includes('\0')) id = value
  }
  return data.length === 0 && name === 'message' ? undefined : { name, data: data.join('\n'), id }
}
