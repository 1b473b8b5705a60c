/** Reads a file of a user as text. */
import type { Problem } from '../domain/problem.ts'
import { ProblemsError } from '../domain/problem.ts'
import { decodeSource, defaultMaxBytes, readSource } from './source-text.ts'
import { createPlaces } from './yaml-places.ts'

/**
 * `what`: the kind of file, for errors. Throws `file_not_found`, `file_unreadable`, `file_too_large`, and ProblemsError
 * `invalid_config` for what is not UTF-8.
 */
export async function readText(file: string, what: string): Promise<string> {
  const decoded = textOf(await readSource(file, defaultMaxBytes, what), file)
  if (typeof decoded === 'string') return decoded
  throw new ProblemsError('invalid_config', [decoded])
}

/** The text, or the problem with its encoding. */
export function textOf(bytes: Uint8Array, file: string): string | Problem {
  const decoded = decodeSource(bytes)
  if (decoded.ok) return decoded.text
  const before = new TextDecoder().decode(bytes.subarray(0, decoded.offset))
  return createPlaces(before, file).problemAt(
    before.length,
    'bad_encoding',
    'the file is not valid UTF-8 here',
    'save it as UTF-8',
  )
}
