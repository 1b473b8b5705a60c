/** A value as messages name it. */
import type { Json } from '../std/json.ts'

/** A value as a message names it: `the number 3`, `a list`. */
export function nameOf(value: Json): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  const text = JSON.stringify(value)
  return typeof value === 'boolean' ? text : `the ${typeof value} ${text.length > 60 ? `${text.slice(0, 60)}…` : text}`
}
