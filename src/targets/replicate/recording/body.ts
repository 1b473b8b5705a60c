/** What is kept of an answer's text: JSON as such, without secrets, files that it repeats, or other people's predictions. */
import { artifactUri } from '../../../domain/file.ts'
import { sha256 } from '../../../std/hash.ts'
import { isObject, type Json, type JsonObject } from '../../../std/json.ts'
import { canonicalInput, parseDataUri } from '../canonical-input.ts'
import type { Concealer } from './conceal.ts'
import type { Body } from './copy.ts'
import { writeBody } from './folder.ts'
import type { RecordedRequest } from './format.ts'

/** Longer ones stand in a file of their own, bytes. */
const inlineBytes = 16_384

/** JSON stays JSON where that loses nothing of its text. `isOurs` says of a prediction's input whether this run made it. */
export function bodyOf(text: string, conceal: Concealer, isOurs?: (input: string) => boolean): Body {
  if (text === '') return {}
  const parsed = parseJson(text)
  if (parsed === undefined || JSON.stringify(parsed) !== text) return { text: conceal.text(text) }
  const own = isOurs && isObject(parsed) ? withoutOthers(parsed, conceal, isOurs) : parsed
  return { json: conceal.json(withoutFiles(own)) }
}

/** What a prediction has put out so far is read by nobody, and may end in the middle of a secret. */
export function withoutPartial(text: string): string {
  const body = parseJson(text)
  if (!isObject(body) || (body['status'] !== 'processing' && body['status'] !== 'starting')) return text
  if (isDone(body)) return text
  return JSON.stringify({ ...body, output: null, logs: '' })
}

/** Some are done while they still say `processing`; what they took tells. */
export function isDone(prediction: Readonly<Record<string, unknown>>): boolean {
  const { metrics } = prediction
  return isObject(metrics) && metrics['predict_time'] !== undefined
}

/** Puts a large body beside the exchange. */
export async function spilled<T extends Body>(folder: string, answer: T): Promise<T> {
  const { json, text, ...rest } = answer
  const written = json === undefined ? text : JSON.stringify(json)
  if (written === undefined || written.length <= inlineBytes) return answer
  const file = await writeBody(folder, Buffer.from(written), json === undefined ? 'txt' : 'json')
  return { ...(rest as T), file }
}

export function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

/** The input of a create, a prediction, or what was journaled of either, as a search compares it. */
export function inputOf(body: Readonly<Record<string, unknown>>, conceal: Concealer): string {
  return canonicalInput(conceal.json((body['input'] ?? {}) as Json))
}

/** The list that a search for a lost prediction gets. */
export function isSearch({ method, url }: RecordedRequest): boolean {
  return method === 'GET' && /^\/predictions(?:\?|$)/.test(url)
}

/**
 * Such a list has all that the account made lately: of predictions that are none of ours, nothing is kept but when they
 * were made.
 */
function withoutOthers(list: JsonObject, conceal: Concealer, isOurs: (input: string) => boolean): JsonObject {
  const { results } = list
  if (!Array.isArray(results)) return list
  const own = results.map((each): Json => {
    if (!isObject(each) || isOurs(inputOf(each, conceal))) return each
    return { id: 'not-of-this-run', status: each['status'] ?? '', created_at: each['created_at'] ?? null }
  })
  return { ...list, results: own }
}

/** A prediction repeats its input: files in it stand by their hash, which is all that is read of them. */
function withoutFiles(body: Json): Json {
  if (Array.isArray(body)) return body.map(withoutFiles)
  if (!isObject(body)) return body
  return Object.fromEntries(
    Object.entries(body).map(([key, value]) => {
      if (key === 'input') return [key, hashed(value)]
      return [key, key === 'results' ? withoutFiles(value) : value]
    }),
  )
}

function hashed(value: Json): Json {
  if (typeof value === 'string') {
    const data = parseDataUri(value)
    return data ? artifactUri({ sha256: sha256(data.bytes), name: 'file' }) : value
  }
  if (Array.isArray(value)) return value.map(hashed)
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, hashed(each)]))
}
