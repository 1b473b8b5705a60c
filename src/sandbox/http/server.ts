/** The HTTP server: reads a request within its limit, finds its route, checks the token, writes the answer. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import { deferred } from '../../std/deferred.ts'
import type { SandboxContext } from '../context.ts'
import { type Answer, notFound, problem } from './answer.ts'
import type { SandboxRequest } from './request.ts'
import { createMatcher, type Route } from './route.ts'

const defaultMaxBodyBytes = 32 * 1024 * 1024

export function createSandboxServer(context: SandboxContext, routes: readonly Route[], closing: AbortSignal): Server {
  const match = createMatcher(routes)

  async function answer(request: IncomingMessage, signal: () => AbortSignal): Promise<Answer> {
    const url = request.url ?? '/'
    const question = url.indexOf('?')
    const path = question < 0 ? url : url.slice(0, question)
    const method = request.method ?? 'GET'
    const found = match(method, path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path)
    if (found === 'unknown_path') return notFound()
    if (found === 'wrong_method') return problem(405, `Method "${method}" not allowed.`)
    if (found.route.auth !== false && !hasToken(request)) {
      return problem(401, 'You did not pass a valid authentication token')
    }
    const body = await readBody(request, found.route.maxBodyBytes ?? defaultMaxBodyBytes)
    if (!body) return problem(413, 'The request body is too large.', { headers: { connection: 'close' } })
    const query = new URLSearchParams(question < 0 ? '' : url.slice(question + 1))
    const asked: SandboxRequest = { method, path, params: found.params, query, headers: request.headers, body, signal }
    return found.route.handle(context, asked)
  }

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // most requests never wait, so the signal is made when one does
    let made: AbortSignal | undefined
    const signal = (): AbortSignal => {
      if (made) return made
      const gone = new AbortController()
      if (response.destroyed) gone.abort()
      else response.once('close', () => gone.abort())
      made = AbortSignal.any([gone.signal, closing])
      return made
    }
    try {
      await write(await answer(request, signal), request, response, signal)
    } catch (error) {
      if (closing.aborted || response.destroyed || response.headersSent) response.destroy()
      else await write(problem(500, error instanceof Error ? error.message : String(error)), request, response, signal)
    }
  }

  // a request that fails to be answered has destroyed its response; nothing else is left to do
  return createServer((request, response) => void respond(request, response).catch(() => response.destroy()))
}

/** `Bearer x`, or `Token x` as old clients write it; any x will do. */
function hasToken(request: IncomingMessage): boolean {
  return /^(Bearer|Token)\s+\S/i.test(request.headers.authorization ?? '')
}

const nothing = Buffer.alloc(0)

/** Undefined when it is larger than allowed. */
async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers
  if (length === undefined && encoding === undefined) return nothing
  if (Number(length ?? 0) > maxBytes) return undefined
  const { promise, resolve, reject } = deferred<Buffer | undefined>()
  const chunks: Buffer[] = []
  let size = 0
  request.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > maxBytes) resolve(undefined)
    else chunks.push(chunk)
  })
  request.once('end', () => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)))
  request.once('error', reject)
  return promise
}

async function write(
  answer: Answer,
  request: IncomingMessage,
  response: ServerResponse,
  signal: () => AbortSignal,
): Promise<void> {
  if (answer.kind === 'cut') {
    response.destroy()
  } else if (answer.kind === 'empty') {
    response.writeHead(answer.status).end()
  } else if (answer.kind === 'json') {
    const text = JSON.stringify(answer.body)
    response.writeHead(answer.status, {
      'content-type': 'application/json',
      ...answer.headers,
      'content-length': Buffer.byteLength(text),
    })
    // text goes out in one piece with its head
    response.end(request.method === 'HEAD' ? undefined : text)
  } else if (answer.kind === 'bytes') {
    response.writeHead(answer.status, { 'content-type': answer.mediaType, 'content-length': answer.bytes.length })
    if (answer.cutAfter === undefined) response.end(request.method === 'HEAD' ? undefined : answer.bytes)
    else response.write(answer.bytes.subarray(0, answer.cutAfter), () => response.destroy())
  } else {
    response.writeHead(200, { 'content-type': answer.mediaType, 'cache-control': 'no-store' })
    response.flushHeaders()
    await answer.run(response, signal())
    response.end()
  }
}

/** Resolves with the port; rejects with the socket's error (EADDRINUSE and the like). */
export async function listen(server: Server, host: string, port: number): Promise<number> {
  server.listen(port, host)
  await once(server, 'listening')
  const address = server.address()
  return typeof address === 'object' && address ? address.port : port
}
