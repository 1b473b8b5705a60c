/**
 * Reads an archive of runs that anybody may have made. Nothing is taken on trust: entries are files under the names
 * and with the sizes and checksums that the first one lists, each once and in that order; no name ever becomes a path.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createGunzip } from 'node:zlib'
import type { ParsedTarEntry } from 'modern-tar'
import { NonRetryableError } from '../../domain/errors.ts'
import { archiveFormat, archiveVersion, entriesOf, type Manifest, manifestName, manifestShape } from './manifest.ts'

const mostManifestBytes = 64e6
/** Of one journal or definition: they are held in memory. */
const mostTextBytes = 512e6
/** Unpacking to more than this, and more than so many times its own size, is what bombs do. */
const mostBytes = 1e9
const mostRatio = 200

export interface ArchiveReader {
  manifest(manifest: Manifest): Promise<void>
  /** A journal or definition, checked. */
  text(name: string, text: string): Promise<void>
  /** A file; the pieces throw at their end when they are not what the hash says. Need not be read. */
  file(sha256: string, pieces: AsyncIterable<Uint8Array>): Promise<void>
}

/** Throws one clear error for whatever is wrong with the archive, and what the reader throws. */
export async function readArchive(path: string, reader: ArchiveReader): Promise<void> {
  const size = await sizeOf(path)
  const { createTarDecoder } = await import('modern-tar')
  const limit = Math.max(mostBytes, size * mostRatio)
  const entries = unpacked(path, limit)
    .pipeThrough(createTarDecoder({ strict: true }))
    .getReader()
  try {
    const first = await next(entries)
    if (first?.header.name !== manifestName || first.header.type !== 'file') throw notOurs(path)
    const manifest = manifestOf(await textOf(first, mostManifestBytes, path), path)
    assertSmall(manifest, limit, path)
    await reader.manifest(manifest)
    for (const expected of entriesOf(manifest)) {
      const entry = await next(entries)
      if (!entry) throw broken(path, `it ends before "${expected.name}"`)
      assertExpected(entry, expected, path)
      const pieces = checked(entry, expected, path)
      if (expected.name.startsWith('files/')) await reader.file(expected.sha256, pieces)
      else await reader.text(expected.name, await joined(pieces))
      // What was not read must be gone past, and is checked all the same.
      for await (const _piece of pieces) continue
    }
    const more = await next(entries)
    if (more) throw broken(path, `"${shown(more.header.name)}" is not listed in its manifest`)
  } catch (error) {
    throw asFailure(error, path)
  } finally {
    await entries.cancel().catch(() => {})
  }
}

async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new NonRetryableError('file_not_found', `there is no file ${path}`, { cause })
  })
  if (!found.isFile()) throw new NonRetryableError('file_unreadable', `${path} is not a file`)
  return found.size
}

/** The bytes inside the gzip, and never more than `limit` of them. */
function unpacked(path: string, limit: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  const source = createReadStream(path)
  const gunzip = createGunzip()
  source.on('error', (error) => gunzip.destroy(error))
  source.pipe(gunzip)
  const pieces = gunzip[Symbol.asyncIterator]() as AsyncIterator<Buffer<ArrayBuffer>>
  let bytes = 0
  return new ReadableStream({
    async pull(controller) {
      const piece = await pieces.next()
      if (piece.done === true) return controller.close()
      bytes += piece.value.length
      if (bytes > limit) throw bomb(path)
      return controller.enqueue(new Uint8Array(piece.value))
    },
    cancel() {
      source.destroy()
      gunzip.destroy()
    },
  })
}

async function next(entries: ReadableStreamDefaultReader<ParsedTarEntry>): Promise<ParsedTarEntry | undefined> {
  return (await entries.read()).value
}

function manifestOf(text: string, path: string): Manifest {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw notOurs(path, cause)
  }
  const { format, version } = (value ?? {}) as { format?: unknown; version?: unknown }
  if (format !== archiveFormat) throw notOurs(path)
  if (typeof version === 'number' && version > archiveVersion) {
    throw new NonRetryableError('file_unreadable', `${path} was written by a newer version of replicate-agent`, {
      hint: `It has version ${version}, this program reads up to ${archiveVersion}: update the program.`,
    })
  }
  const checkedManifest = manifestShape.safeParse(value)
  if (checkedManifest.success) return checkedManifest.data
  const [issue] = checkedManifest.error.issues
  throw broken(path, `its manifest is not right: "${issue?.path.join('.')}" ${issue?.message}`)
}

function assertSmall(manifest: Manifest, limit: number, path: string): void {
  const entries = entriesOf(manifest)
  const names = new Set(entries.map(({ name }) => name))
  if (names.size < entries.length) throw broken(path, 'its manifest lists something twice')
  let total = 0
  for (const { name, bytes } of entries) {
    total += bytes
    if (!name.startsWith('files/') && bytes > mostTextBytes) throw bomb(path)
  }
  if (total > limit) throw bomb(path)
}

function assertExpected(
  { header }: ParsedTarEntry,
  { name, bytes }: { name: string; bytes: number },
  path: string,
): void {
  if (header.name !== name) throw broken(path, `"${shown(header.name)}" stands where "${name}" belongs`)
  if (header.type !== 'file') throw broken(path, `"${name}" is a ${header.type}, not a file`)
  if (header.size !== bytes) throw broken(path, `"${name}" has ${header.size} bytes, not ${bytes}`)
}

async function* checked(
  entry: ParsedTarEntry,
  { name, sha256 }: { name: string; sha256: string },
  path: string,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  for await (const piece of entry.body) {
    hash.update(piece)
    yield piece
  }
  if (hash.digest('hex') !== sha256) throw broken(path, `"${name}" is not what its checksum says`)
}

async function textOf(entry: ParsedTarEntry, most: number, path: string): Promise<string> {
  if (entry.header.size > most) throw bomb(path)
  return joined(entry.body)
}

async function joined(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(piece)
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(all))
}

// ── what can be wrong ──

export function broken(path: string, what: string, cause?: unknown): NonRetryableError {
  return new NonRetryableError('file_unreadable', `${path} can't be imported: ${what}`, {
    cause,
    hint: 'Nothing was imported. Export the runs once more.',
  })
}

function notOurs(path: string, cause?: unknown): NonRetryableError {
  return new NonRetryableError('file_unreadable', `${path} is not an archive of runs`, {
    cause,
    hint: '`runs export` writes one.',
  })
}

function bomb(path: string): NonRetryableError {
  return new NonRetryableError('file_too_large', `${path} unpacks to far more than an archive of its size should`, {
    hint: 'Nothing was imported.',
  })
}

/** What zlib and the tar reader say, as one of ours. */
function asFailure(error: unknown, path: string): unknown {
  if (error instanceof NonRetryableError || !(error instanceof Error)) return error
  const { code, syscall } = error as NodeJS.ErrnoException
  if (syscall !== undefined)
    return new NonRetryableError('file_unreadable', `${path} can't be read: ${error.message}`, { cause: error })
  if (code === 'Z_BUF_ERROR') return broken(path, 'it is cut off', error)
  if (code?.startsWith('Z_')) return notOurs(path, error)
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return broken(path, 'a text in it is not UTF-8', error)
  return broken(path, error.message.replace(/\.$/, '').toLowerCase(), error)
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 80)).slice(1, -1)
}
