/** A request as a recording knows it again: without the token, the moment, the boundary of a form, or where the API is. */
import { sha256 } from '../../../std/hash.ts'
import { canonicalJson, isObject, type Json, type JsonObject } from '../../../std/json.ts'
import { parseDataUri } from '../canonical-input.ts'
import type { Asked } from '../wire.ts'
import { type Concealer, removed, signs } from './conceal.ts'
import type { RecordedRequest } from './format.ts'

/** Parameters that only say when something was asked. */
const moments = new Set(['created_after', 'created_before'])

export async function requestOf(
  asked: Pick<Asked, 'method' | 'url' | 'headers' | 'body'>,
  baseUrl: string,
  conceal: Concealer,
): Promise<RecordedRequest> {
  const from = headerOf(asked.headers, 'last-event-id') ?? headerOf(asked.headers, 'range')
  const body = await bodyOf(asked.body, conceal)
  return {
    method: asked.method,
    url: placeOf(asked.url, baseUrl, conceal),
    ...(from !== undefined && { from }),
    ...(body !== undefined && { body }),
  }
}

/** The same for the same request: what its file is called. */
export function nameOf(request: RecordedRequest): string {
  const path = request.url.split('?')[0] ?? ''
  const hash = sha256(canonicalJson(request as unknown as JsonObject)).slice(0, 12)
  return `${stemOf(request.method, path)}-${hash}.json`
}

/** What the names of all requests of this path begin with. */
export function stemOf(method: string, path: string): string {
  const words = path
    .replace(/^https?:\/\//, '')
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
  return `${method.toLowerCase()}-${words.slice(0, 90)}`
}

/** Of the API: from its base on; signed or dated parameters don't count, their order neither. */
function placeOf(url: string, baseUrl: string, conceal: Concealer): string {
  const parsed = new URL(url)
  const parameters = [...parsed.searchParams]
    .filter(([name]) => !moments.has(name))
    .map(([name, value]) => `${name}=${signs(name) ? removed : value}`)
    .sort()
  const query = parameters.length === 0 ? '' : `?${parameters.join('&')}`
  const base = new URL(baseUrl)
  const whole = `${parsed.origin}${parsed.pathname}`
  const root = `${base.origin}${base.pathname.replace(/\/$/, '')}`
  const own = whole === root || whole.startsWith(`${root}/`)
  return conceal.text(`${own ? whole.slice(root.length) : whole}${query}`)
}

async function bodyOf(body: Asked['body'], conceal: Concealer): Promise<Json | undefined> {
  if (body === undefined) return undefined
  if (typeof body !== 'string') return formOf(body, conceal)
  try {
    return withoutBytes(conceal.json(JSON.parse(body) as Json))
  } catch {
    return conceal.text(body)
  }
}

/** The parts of a form; files by the hash of their bytes. */
async function formOf(form: FormData, conceal: Concealer): Promise<Json> {
  const parts: JsonObject[] = []
  for (const [name, value] of form) {
    if (typeof value === 'string') parts.push({ name, value: conceal.text(value) })
    else {
      const bytes = new Uint8Array(await value.arrayBuffer())
      parts.push({ name, file: value.name, type: value.type, bytes: bytes.length, sha256: sha256(bytes) })
    }
  }
  return parts
}

/** Data URIs by the hash of their bytes. */
function withoutBytes(value: Json): Json {
  if (typeof value === 'string') {
    const data = parseDataUri(value)
    return data ? `data:${data.mediaType};sha256=${sha256(data.bytes)};bytes=${data.bytes.length}` : value
  }
  if (Array.isArray(value)) return value.map(withoutBytes)
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutBytes(each)]))
}

function headerOf(headers: Asked['headers'], wanted: string): string | undefined {
  return Object.entries(headers).find(([name]) => name.toLowerCase() === wanted)?.[1]
}
