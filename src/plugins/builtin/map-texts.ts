/** Every text in a JSON value, put through a function; what only names a file or a page is left as it is. */
import type { Json } from '../../std/json.ts'
import { isObject } from '../../std/json.ts'
import type { Placeholders } from './placeholders.ts'

/** The model has to be able to open it: a file of the run, a page, data in base64. */
const reference = /^(?:artifact:|https?:\/\/|data:)\S*$/i

/** Keys of inputs are the model's names for them; those further in may be anybody's. */
export function mapTexts(value: Json, map: (text: string) => string): Json {
  return mapped(value, (text) => (reference.test(text) ? text : map(text)), 0)
}

function mapped(value: Json, map: (text: string) => string, depth: number): Json {
  if (typeof value === 'string') return map(value)
  if (Array.isArray(value)) return value.map((item) => mapped(item, map, depth + 1))
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [depth === 0 ? key : map(key), mapped(inner, map, depth + 1)]),
  )
}

/** Puts back what placeholders stand for. Models that stream put out text in pieces, and a placeholder may be in several. */
export function mapTextsOfOutput(output: Json, placeholders: Placeholders): Json {
  if (typeof output === 'string') return restored(output, placeholders)
  if (Array.isArray(output)) {
    if (output.every((item) => typeof item === 'string')) return restoredPieces(output, placeholders)
    return output.map((item) => mapTextsOfOutput(item, placeholders))
  }
  if (!isObject(output)) return output
  return Object.fromEntries(
    Object.entries(output).map(([key, inner]) => [restored(key, placeholders), mapTextsOfOutput(inner, placeholders)]),
  )
}

function restored(text: string, placeholders: Placeholders): string {
  let put = ''
  let from = 0
  for (const { start, end, value } of placeholders.find(text)) {
    put += text.slice(from, start) + value
    from = end
  }
  return from === 0 ? text : put + text.slice(from)
}

/** What a placeholder stands for goes into the piece that it begins in; there are as many pieces as before. */
function restoredPieces(pieces: readonly string[], placeholders: Placeholders): string[] {
  const places = placeholders.find(pieces.join(''))
  if (places.length === 0) return [...pieces]
  let next = 0
  let at = 0
  return pieces.map((piece) => {
    const begin = at
    const end = begin + piece.length
    at = end
    let put = ''
    let from = begin
    for (let place = places[next]; place && place.start < end; place = places[next]) {
      if (place.start >= begin) put += piece.slice(from - begin, place.start - begin) + place.value
      from = Math.min(end, place.end)
      if (place.end > end) break
      next += 1
    }
    return put + piece.slice(from - begin)
  })
}
