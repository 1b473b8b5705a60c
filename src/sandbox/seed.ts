/** Seeds from text: the root of everything that looks random here. */
import { sha256 } from '../std/hash.ts'

/** 32 bits of a text's hash. */
export function seedFrom(text: string): number {
  return Number.parseInt(sha256(text).slice(0, 8), 16)
}
