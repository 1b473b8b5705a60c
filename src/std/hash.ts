/** SHA-256 of text, bytes and JSON values, as lower-case hex. */
import { canonicalJson, type Json } from './json.ts'

export function sha256(data: string | Uint8Array): string {
  // Taken when it is first needed: most commands hash nothing, and loading it takes milliseconds.
  return process.getBuiltinModule('node:crypto').hash('sha256', data)
}

/** The hash of a JSON value's canonical text: equal values, equal hashes. */
export function hashJson(value: Json): string {
  return sha256(canonicalJson(value))
}
