/**
 * The official client, with what it does wrong fenced off. Every request goes through an adapter that answers `ok`
 * whatever happened and throws only when its body is read: the client's own retries, which ignore `Retry-After` and
 * repeat creates whose answer was lost, never begin. Whether to try again is the executor's decision alone.
 */
import Replicate from 'replicate'
import type { Response as FetchResponse } from 'undici'
import { ConfigurationError, NetworkError, RateLimitError, ReplicateAgentError } from '../../domain/errors.ts'
import { allowedIn } from '../../domain/rate-limit.ts'
import type { Json, JsonObject } from '../../std/json.ts'
import { textMask } from '../../std/text-mask.ts'
import { answerFailure, transportFailure } from './failure.ts'
import { officialUrl, type ReplicateOptions } from './options.ts'
import { createWire, type Method, type Wire } from './wire.ts'

export interface RequestOptions {
  params?: Record<string, string>
  headers?: Record<string, string>
  /** Sent as JSON; text as it is. */
  data?: JsonObject | string
  signal?: AbortSignal | undefined
}

export interface Api {
  readonly baseUrl: URL
  /** The parsed body of an answer; throws the error that any other answer, or none, means. */
  json(method: Method, path: string, options?: RequestOptions): Promise<Json>
  /** The same, with the status of the answer: 200 to 299. */
  ask(method: Method, path: string, options?: RequestOptions): Promise<{ status: number; body: Json }>
  /** Uploads a file; gives its link. */
  upload(bytes: Uint8Array, name: string, mediaType: string, signal: AbortSignal): Promise<string>
  /** For what is read as it comes: streams and files. The token goes along only to Replicate's own hosts. */
  open(url: URL, headers: Record<string, string>, signal: AbortSignal): Promise<FetchResponse>
  close(): Promise<void>
}

export function createApi(options: ReplicateOptions): Api {
  const token = tokenOf(options)
  const baseUrl = new URL(options.baseUrl ?? officialUrl)
  const wire = options.wire ?? createWire()
  const client = new Replicate({
    auth: token,
    baseUrl: baseUrl.href,
    userAgent: options.userAgent ?? 'replicate-agent',
    fetch: adapter(wire, token, options),
    useFileOutput: false,
  })
  const ask: Api['ask'] = async (method, path, { params, headers, data, signal } = {}) => {
    const response = await client.request(path, {
      method,
      ...(params && { params }),
      ...(typeof data === 'string'
        ? { headers: { ...headers, 'Content-Type': 'text/plain' } }
        : headers && { headers }),
      ...(data !== undefined && { data: data as JsonObject }),
      ...(signal && { signal }),
    })
    return { status: response.status, body: (await response.json()) as Json }
  }
  return {
    baseUrl,
    ask,
    json: async (method, path, asked) => (await ask(method, path, asked)).body,
    async upload(bytes, name, mediaType, signal) {
      const content = new File([bytes], shortened(name), { type: mediaType })
      const file = await client.files.create(content, {}, { signal })
      const url = (file as { urls?: { get?: unknown } }).urls?.get
      if (typeof url !== 'string' || !URL.canParse(url))
        throw new NetworkError(`uploading ${name}: the answer has no link`)
      return url
    },
    open(url, headers, signal) {
      const own = mayKnowToken(url, baseUrl) ? { authorization: `Bearer ${token}` } : {}
      return wire.open(url, { 'user-agent': 'replicate-agent', ...headers, ...own }, signal)
    },
    close: () => wire.close(),
  }
}

/** The API takes names of up to 255 bytes; what tells a file's type stands at the end. */
function shortened(name: string): string {
  return Buffer.byteLength(name) <= 255 ? name : Array.from(name).slice(-60).join('')
}

function tokenOf({ token }: ReplicateOptions): string {
  const trimmed = token?.trim() ?? ''
  const hint =
    'set REPLICATE_API_TOKEN (https://replicate.com/account/api-tokens), or use `--sandbox`, which needs none'
  // An empty one would make the client look into the environment by itself.
  if (trimmed === '') throw new ConfigurationError('missing_token', 'there is no Replicate API token', { hint })
  if (!/^[\x21-\x7e]+$/.test(trimmed))
    throw new ConfigurationError('missing_token', 'the Replicate API token has characters that no token has', { hint })
  return trimmed
}

/** The API itself, and Replicate's other hosts (which stream) when it is the real one. */
function mayKnowToken(url: URL, baseUrl: URL): boolean {
  if (url.origin === baseUrl.origin) return true
  const isReplicates = (host: string) => host === 'replicate.com' || host.endsWith('.replicate.com')
  return (
    url.protocol === 'https:' &&
    baseUrl.protocol === 'https:' &&
    isReplicates(url.hostname) &&
    isReplicates(baseUrl.hostname)
  )
}

// ── the adapter ──

type ClientFetch = NonNullable<NonNullable<ConstructorParameters<typeof Replicate>[0]>['fetch']>

/** The client reads nothing of a response but `ok`, `json()`, and `status`, whose errors it would try again. */
function adapter(wire: Wire, token: string, { clock, requests }: ReplicateOptions): ClientFetch {
  const withoutToken = textMask([token], '(token)')
  return async (input, init = {}) => {
    const url = input instanceof Request ? input.url : String(input)
    const method = (init.method ?? 'GET') as Method
    const what = () => `${method} ${new URL(url).pathname}`
    const gate = isHeldBack(method, url) ? requests : undefined
    const read = async (): Promise<{ status: number; body: Json }> => {
      try {
        await gate?.take(init.signal ?? unending)
        const {
          status,
          headers,
          text: raw,
        } = await wire.request({
          method,
          url,
          headers: (init.headers ?? {}) as Record<string, string>,
          body: bodyOf(init),
          signal: init.signal ?? undefined,
        })
        const text = withoutToken(raw)
        const isGood = status >= 200 && status < 300
        const body = parseBody(text)
        if (!isGood) throw answerFailure(what(), status, body ?? text, headers['retry-after'], clock.now())
        if (body === undefined) throw new NetworkError(`${what()}: the answer is not JSON`)
        return { status, body }
      } catch (error) {
        if (error instanceof RateLimitError) gate?.pause(pauseOf(error), allowedIn(error.details))
        if (error instanceof ReplicateAgentError) throw error
        if (init.signal?.aborted) throw init.signal.reason
        throw transportFailure(what(), error)
      }
    }
    try {
      const { status, body } = await read()
      return { ok: true, status, json: async () => body } as unknown as Response
    } catch (error) {
      const fail = async () => {
        throw error
      }
      return { ok: true, status: 200, json: fail } as unknown as Response
    }
  }
}

const unending = new AbortController().signal
/** Where a refusal does not say for how long. */
const defaultPauseMs = 5_000

function pauseOf({ retryAfterMs = defaultPauseMs }: RateLimitError): number {
  return retryAfterMs
}

/** Creates have a limit of their own; who cancels is not to pay for those who ask how it goes. */
function isHeldBack(method: Method, url: string): boolean {
  return method !== 'POST' || !/^[^?#]*\/(?:predictions|cancel)\/?(?:[?#]|$)/.test(url)
}

/** The client writes text as JSON, in quotes, too. */
function bodyOf({ body, headers }: RequestInit): string | FormData | undefined {
  const isText = (headers as Record<string, string> | undefined)?.['Content-Type'] === 'text/plain'
  if (isText && typeof body === 'string') return JSON.parse(body) as string
  return (body ?? undefined) as string | FormData | undefined
}

function parseBody(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}
