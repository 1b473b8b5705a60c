/** Ids as Replicate writes them: 26 lower-case base 32 characters. */
import { createHash, randomBytes } from 'node:crypto'

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'

export const idPattern = /^[a-z2-7]{26}$/

/** 130 random bits: unique across restarts and processes without asking anyone. */
export function newId(): string {
  return base32(randomBytes(26))
}

/** The same id for the same text; used where a repeated piece of work must find its own result. */
export function derivedId(text: string): string {
  return base32(createHash('sha256').update(text).digest().subarray(0, 26))
}

function base32(bytes: Uint8Array): string {
  let id = ''
  for (const byte of bytes) id += alphabet[byte & 31]
  return id
}
