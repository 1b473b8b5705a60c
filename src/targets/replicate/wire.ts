/** How bytes go to Replicate and back: over the network here, into and out of a recording in `recording/`. */
import { Agent, fetch, type Response as FetchResponse } from 'undici'
import type { TargetContext } from '../target.ts'

/** `QUERY` is a read with a body: the search of models. */
export type Method = 'GET' | 'POST' | 'QUERY'

export interface Asked {
  method: Method
  url: string
  headers: Readonly<Record<string, string>>
  body: string | FormData | undefined
  signal: AbortSignal | undefined
}

export interface Answered {
  status: number
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>
  text: string
}

export interface Wire {
  /** A small exchange, whatever its status; throws when there is no (whole) answer. */
  request(asked: Asked): Promise<Answered>
  /** What is read as it comes: streams and files. */
  open(url: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<FetchResponse>
  /** Makes a call of a step, in whose name its requests are then made; it may see another context. */
  during?<T>(context: TargetContext, call: (context: TargetContext) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** Bytes that an answer of the API may have; outputs may hold files as data URIs. */
const maxAnswerBytes = 128 * 1024 * 1024

export function createWire(): Wire {
  const agent = new Agent({
    headersTimeout: 90_000,
    bodyTimeout: 60_000,
    maxResponseSize: maxAnswerBytes,
    connect: { timeout: 10_000 },
  })
  const openAgent = new Agent({ headersTimeout: 60_000, bodyTimeout: 300_000, connect: { timeout: 10_000 } })
  return {
    /** `request` costs a third of `fetch` for a small call, and less when it need not take the URL apart itself. */
    async request({ method, url, headers, body, signal }) {
      const encoded = await encodedBody(body, headers)
      const { origin, pathname, search } = new URL(url)
      const asked = { origin, path: `${pathname}${search}`, method, ...encoded, signal: signal ?? null }
      const answer = await agent.request(asked)
      return { status: answer.statusCode, headers: firstValues(answer.headers), text: await answer.body.text() }
    },
    open: (url, headers, signal) => fetch(url, { headers: { ...headers }, signal, dispatcher: openAgent }),
    async close() {
      await Promise.all([agent.destroy(), openAgent.destroy()])
    },
  }
}

/** The global FormData is not undici's own: it is written out here, with its boundary. */
async function encodedBody(
  body: string | FormData | undefined,
  headers: Readonly<Record<string, string>>,
): Promise<{ headers: Record<string, string>; body: string | Buffer | null }> {
  if (!(body instanceof FormData)) return { headers: { ...headers }, body: body ?? null }
  const form = new Response(body)
  const type = form.headers.get('content-type')
  return {
    headers: { ...headers, ...(type !== null && { 'Content-Type': type }) },
    body: Buffer.from(await form.arrayBuffer()),
  }
}

function firstValues(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const first: Record<string, string> = {}
  for (const name of Object.keys(headers)) {
    const value = headers[name]
    const text = Array.isArray(value) ? value[0] : value
    if (text !== undefined) first[name.toLowerCase()] = text
  }
  return first
}
