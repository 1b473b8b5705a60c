/** An input in the form in which two are compared: what was journaled, and what the API shows of a prediction. */
import { parseArtifactUri } from '../../domain/file.ts'
import { sha256 } from '../../std/hash.ts'
import { canonicalJson, isObject, type Json } from '../../std/json.ts'

/** Files count by content: a data URI and an artifact URI of the same bytes are equal, whatever their names. */
export function canonicalInput(input: Json): string {
  return canonicalJson(withoutNames(input))
}

function withoutNames(value: Json): Json {
  if (typeof value === 'string') return textWithoutName(value)
  if (Array.isArray(value)) return value.map(withoutNames)
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutNames(each)]))
}

function textWithoutName(text: string): string {
  const kept = text.startsWith('artifact:') ? parseArtifactUri(text) : undefined
  if (kept) return `artifact:${kept.sha256}`
  const data = parseDataUri(text)
  return data ? `artifact:${sha256(data.bytes)}` : text
}

/** The media type and bytes of a whole data URI. */
export function parseDataUri(text: string): { mediaType: string; bytes: Buffer } | undefined {
  if (!text.startsWith('data:')) return undefined
  const comma = text.indexOf(',')
  const head = comma < 0 ? '' : text.slice(5, comma)
  if (comma < 0 || !/^[\w.+-]+\/[\w.+-]+(?:;[\w.+-]+=[^;,\s]+)*(?:;base64)?$/.test(head)) return undefined
  const mediaType = head.split(';')[0] as string
  const written = text.slice(comma + 1)
  if (head.endsWith(';base64')) {
    if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(written)) return undefined
    return { mediaType, bytes: Buffer.from(written, 'base64') }
  }
  try {
    return { mediaType, bytes: Buffer.from(decodeURIComponent(written)) }
  } catch {
    return undefined
  }
}
