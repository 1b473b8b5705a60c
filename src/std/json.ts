/** JSON values: their types, a canonical text, structural equality and size. */

export type Json = null | boolean | number | string | Json[] | JsonObject
export interface JsonObject {
  [key: string]: Json
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * The text of a value with object keys sorted, so that equal values give equal texts (RFC 8785 ordering). `replaced`: what
 * to write in the place of a text; default: the text.
 */
export function canonicalJson(value: Json, replaced?: (text: string) => string): string {
  if (typeof value === 'string') return JSON.stringify(replaced ? replaced(value) : value)
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item, replaced)).join(',')}]`
  if (!isObject(value)) return JSON.stringify(value)
  let fields = ''
  for (const key of Object.keys(value).sort()) {
    if (fields !== '') fields += ','
    fields += `${JSON.stringify(key)}:${canonicalJson(value[key] as Json, replaced)}`
  }
  return `{${fields}}`
}

/** Structural equality; numbers and booleans are never equal, key order does not matter. */
export function jsonEqual(a: Json, b: Json): boolean {
  if (a === b) return true
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, at) => jsonEqual(item, b[at] as Json))
  }
  if (!isObject(a) || !isObject(b)) return false
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && jsonEqual(a[key] as Json, b[key] as Json))
  )
}

/** Whether lists and objects stand in each other more than `most` deep; does not go deeper than that itself. */
export function nestsDeeper(value: Json, most: number): boolean {
  let level: Json[] = [value]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > most) return true
    const inner: Json[] = []
    for (const part of level) {
      const parts = Array.isArray(part) ? part : isObject(part) ? Object.values(part) : []
      for (const each of parts) if (typeof each === 'object' && each !== null) inner.push(each)
    }
    level = inner
  }
  return false
}
