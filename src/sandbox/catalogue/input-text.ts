/** An input field as text; fields were checked before, so anything else is absent. */
import type { JsonObject } from '../../std/json.ts'

export function inputText(input: JsonObject, name: string, otherwise = ''): string {
  const value = input[name]
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : otherwise
}
