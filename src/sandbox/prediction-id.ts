/** Ids as Replicate writes them: 26 lower-case base 32 characters. */
import { createHash, randomFillSync } from 'node:crypto'

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'

// asking the system for many random bytes at once is far cheaper than for a few each time
const pool = new Uint8Array(26 * 256)
let used = pool.length

/** 130 random bits: unique across restarts and processes without asking anyone. */
export function newId(): string {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += 26
  return base32(pool.subarray(used - 26, used))
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
