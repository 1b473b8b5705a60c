/** A local HTTP server that answers as a test says: well, badly, or not at all. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Json } from '../std/json.ts'

export interface SeenRequest {
  method: string
  path: string
  query: URLSearchParams
  headers: IncomingHttpHeaders
  /** Its text. */
  body: string
}

/** A value is answered as JSON with 200; a function does as it likes with the response. */
export type ScriptedAnswer =
  | { status?: number; body?: Json | string; headers?: Record<string, string> }
  | ((response: ServerResponse) => void)

export interface ScriptedServer {
  /** Scheme, host and port. */
  origin: string
  /** In the order in which they came. */
  requests: SeenRequest[]
  close(): Promise<void>
}

/** Cuts the connection without an answer. */
export const cut: ScriptedAnswer = (response) => void response.socket?.destroy()

export async function startScriptedServer(
  answer: (request: SeenRequest, at: number) => ScriptedAnswer | Promise<ScriptedAnswer>,
): Promise<ScriptedServer> {
  const requests: SeenRequest[] = []
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const url = new URL(incoming.url ?? '/', 'http://local')
      const request: SeenRequest = {
        method: incoming.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        headers: incoming.headers,
        body: Buffer.concat(chunks).toString(),
      }
      requests.push(request)
      Promise.resolve(answer(request, requests.length)).then(
        (given) => send(response, given),
        (error: unknown) => send(response, { status: 599, body: String(error) }),
      )
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function send(response: ServerResponse, answer: ScriptedAnswer): void {
  if (typeof answer === 'function') return answer(response)
  const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body ?? {})
  response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers })
  response.end(text)
}
