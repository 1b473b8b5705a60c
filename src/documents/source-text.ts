/** Reads a workflow file as text, refusing what is no small, regular UTF-8 file. */
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { NonRetryableError } from '../domain/errors.ts'

export const defaultMaxBytes = 1_000_000

/**
 * The bytes of a regular file of at most `maxBytes`. Never waits: a FIFO or device is refused, not opened for reading.
 * Throws `file_not_found`, `file_unreadable` or `file_too_large`.
 */
export async function readSource(
  file: string,
  maxBytes: number = defaultMaxBytes,
  what: string = 'workflow file',
): Promise<Uint8Array> {
  let handle: FileHandle
  try {
    // Without O_NONBLOCK, opening a FIFO that nobody writes to would wait for ever.
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (cause) {
    throw unreadable(file, cause)
  }
  try {
    const found = await handle.stat()
    if (found.isDirectory()) throw notRegular(file, 'a folder', what)
    if (!found.isFile()) throw notRegular(file, 'not a regular file', what)
    if (found.size > maxBytes) throw tooLarge(file, found.size, maxBytes, what)
    return await readUpTo(handle, file, maxBytes, what)
  } catch (cause) {
    throw cause instanceof NonRetryableError ? cause : unreadable(file, cause)
  } finally {
    await handle.close()
  }
}

/** Files of some virtual file systems say that they are empty: what counts is what is read. */
async function readUpTo(handle: FileHandle, file: string, maxBytes: number, what: string): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafe(maxBytes + 1)
  let length = 0
  while (length <= maxBytes) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length)
    if (bytesRead === 0) return buffer.subarray(0, length)
    length += bytesRead
  }
  throw tooLarge(file, length, maxBytes, what)
}

export function tooLarge(
  file: string,
  bytes: number,
  maxBytes: number,
  what: string = 'workflow file',
): NonRetryableError {
  return new NonRetryableError('file_too_large', `${file} has ${bytes} bytes; a ${what} may have at most ${maxBytes}`, {
    hint: 'keep data in files of its own and pass it as inputs',
  })
}

function notRegular(file: string, found: string, what: string): NonRetryableError {
  return new NonRetryableError('file_unreadable', `${file} is ${found}`, { hint: `give the path of a ${what}` })
}

function unreadable(file: string, cause: unknown): NonRetryableError {
  const { code } = cause as NodeJS.ErrnoException
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new NonRetryableError('file_not_found', `there is no file ${file}`, { cause })
  }
  const why =
    code === 'EACCES' || code === 'EPERM' ? 'may not be read by this user' : `can't be read (${code ?? String(cause)})`
  return new NonRetryableError('file_unreadable', `${file} ${why}`, { cause })
}

export type Decoded = { ok: true; text: string } | { ok: false; /** Where the first bad byte is. */ offset: number }

/** UTF-8, with or without a byte order mark at the start; anything else is refused, not repaired. */
export function decodeSource(bytes: Uint8Array): Decoded {
  try {
    return { ok: true, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch {
    return { ok: false, offset: firstBadByte(bytes) }
  }
}

/** By halving: a beginning of the bytes decodes (as a stream, so a cut character is no fault) until the bad byte is in it. */
function firstBadByte(bytes: Uint8Array): number {
  let good = 0
  let bad = bytes.length
  while (good + 1 < bad) {
    const middle = (good + bad) >> 1
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, middle), { stream: true })
      good = middle
    } catch {
      bad = middle
    }
  }
  return good
}
