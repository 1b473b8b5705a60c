/** A request as routes see it. */
import type { IncomingHttpHeaders } from 'node:http'

export interface SandboxRequest {
  method: string
  /** Without the query. */
  path: string
  /** The values of the pattern's `:names`, in order, decoded. */
  params: readonly string[]
  query: URLSearchParams
  headers: IncomingHttpHeaders
  /** Read whole, within the route's limit. */
  body: Buffer
  /** Aborts when the client goes away or the sandbox closes. */
  signal(): AbortSignal
}

/** A parameter that the pattern has; patterns and handlers are written side by side. */
export function param(request: SandboxRequest, at: number): string {
  return request.params[at] ?? ''
}

export function header(request: SandboxRequest, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}
