/** For the sandbox's own tests: a server that receives webhooks and keeps them. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import type { Clock } from '../std/clock.ts'
import type { ApiBody } from './test-clock.ts'

export interface Received {
  /** Of the clock that was given. */
  at: number
  path: string
  headers: IncomingHttpHeaders
  text: string
  body: ApiBody
}

export interface Receiver {
  url: string
  received: Received[]
  /** The status and the kind of what came, one line each: `processing`, `succeeded`. */
  statuses(): string[]
  close(): Promise<void>
}

/** `answer` ends the response, or leaves it hanging; by default it is 200. */
export async function startReceiver(
  clock: Pick<Clock, 'now'>,
  answer: (response: ServerResponse, nth: number) => void = (response) => response.end(),
): Promise<Receiver> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString()
      const body = JSON.parse(text) as ApiBody
      received.push({ at: clock.now(), path: request.url ?? '', headers: request.headers, text, body })
      answer(response, received.length)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/hook`,
    received,
    statuses: () => received.map(({ body }) => body.status),
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
