/** Writes runs into one tar.gz: the same runs give the same bytes, and what appears under the name is whole. */
import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { NonRetryableError, StoreError } from '../../domain/errors.ts'
import { syncFolder } from '../../state/sync-folder.ts'
import { definitionName, fileName, journalName, type Manifest, manifestName } from './manifest.ts'

export interface ArchiveContents {
  manifest: Manifest
  /** By hash. */
  definitions: ReadonlyMap<string, string>
  /** By run. */
  journals: ReadonlyMap<string, string>
  /** Where a file lies, by its hash. */
  pathOf(sha256: string): string
}

/** Gives the size of the archive. Throws what keeps it from being written; nothing is left behind then. */
export async function writeArchive(path: string, contents: ArchiveContents): Promise<number> {
  const folder = dirname(path)
  const temporary = join(folder, `.${basename(path)}.${randomBytes(6).toString('hex')}.part`)
  try {
    const handle = await open(temporary, 'wx', 0o600)
    try {
      await pipeline(await packed(contents), createGzip({ level: 6 }), (pieces) => handle.writeFile(pieces))
      await handle.sync()
      const { size } = await handle.stat()
      await rename(temporary, path)
      await syncFolder(folder)
      return size
    } finally {
      await handle.close()
    }
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw asFailure(error, path)
  }
}

async function packed({ manifest, definitions, journals, pathOf }: ArchiveContents): Promise<Readable> {
  const { createTarPacker } = await import('modern-tar')
  const { readable, controller } = createTarPacker()
  const add = async (name: string, size: number, pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) => {
    // Nothing in a header depends on when and where it was written.
    const writer = controller.add({ name, size, mode: 0o644, mtime: new Date(0), uid: 0, gid: 0 }).getWriter()
    for await (const piece of pieces) await writer.write(piece)
    await writer.close()
  }
  const text = (name: string, content: string) => {
    const bytes = Buffer.from(content)
    return add(name, bytes.length, [bytes])
  }
  const all = async () => {
    await text(manifestName, `${JSON.stringify(manifest, null, 1)}\n`)
    for (const { hash } of manifest.definitions) await text(definitionName(hash), definitions.get(hash) as string)
    for (const { run_id } of manifest.runs) await text(journalName(run_id), journals.get(run_id) as string)
    for (const { sha256, bytes, left_out } of manifest.files) {
      if (left_out === undefined) await add(fileName(sha256), bytes, createReadStream(pathOf(sha256)))
    }
    controller.finalize()
  }
  all().catch((error: unknown) => controller.error(error))
  return Readable.fromWeb(readable as Parameters<typeof Readable.fromWeb>[0])
}

function asFailure(error: unknown, path: string): unknown {
  const { code, message, syscall } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new StoreError('disk_full', `there is no room left on the disk of ${path}`, {
      cause: error,
      hint: 'Nothing was half written. Make room, or leave the files out with --no-files.',
    })
  }
  if (syscall === undefined) return error
  return new NonRetryableError('file_unreadable', `${path} can't be written: ${message}`, { cause: error })
}
