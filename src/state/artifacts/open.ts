/**
 * Files by content hash in a folder: `ab/abcdef…`. A file appears under its name whole and synced, by a rename, so
 * several processes may put the same bytes at once and whoever is last changes nothing.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, extname, join } from 'node:path'
import { StoreError } from '../../domain/errors.ts'
import { sha256 as hashOf } from '../../std/hash.ts'
import { syncFolder } from '../sync-folder.ts'
import type { ArtifactStore } from './contract.ts'
import { exportFile } from './export-file.ts'
import { fileError } from './failure.ts'
import { cleanName } from './file-name.ts'
import { hashOfFile } from './hash-of-file.ts'
import { linkShown } from './link-shown.ts'
import { listFiles } from './list-files.ts'
import { mediaTypeOf } from './media-type.ts'
import { removeFile, renewFile, restoreCutOff } from './remove-file.ts'
import { type Written, writeHashed } from './write-hashed.ts'

/** Kept files are never changed; shown ones are opened by people, whose programs shall not write to them either. */
const keptMode = 0o444

/** What a writer that died left behind is removed after this long, milliseconds. */
const leftoverAgeMs = 24 * 60 * 60 * 1_000

/** Makes the folder, for its owner only, when it is not there. Throws StoreError. */
export async function openArtifacts(folder: string): Promise<ArtifactStore> {
  const unfinished = join(folder, 'unfinished')
  /** Folders whose own names are known to be durable. */
  const synced = new Set<string>()

  function pathOf(sha256: string): string {
    if (!/^[0-9a-f]{64}$/.test(sha256))
      throw new StoreError('store', `${JSON.stringify(sha256)} is not the hash of a file`)
    return join(folder, sha256.slice(0, 2), sha256)
  }

  async function sizeOf(path: string): Promise<number | undefined> {
    const found = await stat(path).catch(() => undefined)
    return found?.isFile() ? found.size : undefined
  }

  /** Puts a written file under its hash, and under the name that is shown of it. */
  async function settle(temporary: string, written: Written, name: string): Promise<void> {
    const path = pathOf(written.sha256)
    const shelf = dirname(path)
    const shown = shownPath({ sha256: written.sha256, name })
    if (await isThere(path, written.bytes, shown)) await rm(temporary)
    else {
      await mkdir(shelf, { recursive: true, mode: 0o700 })
      // Who removes the file may move it aside before seeing that it is new: its shown name is made from one that stays.
      const second = `${temporary}-2`
      try {
        await linkShown(temporary, second)
        await rename(second, path)
      } catch (error) {
        await rm(second, { force: true }).catch(() => {})
        throw error
      }
      await linkShown(temporary, shown)
      await rm(temporary)
    }
    // Also when it was there: who put it may not have got this far yet.
    await syncFolder(shelf)
    if (!synced.has(shelf)) await syncFolder(folder)
    synced.add(shelf)
  }

  /** False also for one of another size, which something else has damaged, and for one that is being removed. */
  async function isThere(path: string, bytes: number, shown: string): Promise<boolean> {
    if ((await sizeOf(path)) !== bytes || !(await renewFile(path))) return false
    try {
      await linkShown(path, shown)
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
      throw error
    }
  }

  async function write(source: Uint8Array | AsyncIterable<Uint8Array>, name: string): Promise<Written> {
    const temporary = join(unfinished, randomBytes(16).toString('hex'))
    try {
      const handle = await open(temporary, 'wx', keptMode)
      let written: Written
      try {
        written = await writeHashed(source, handle)
      } finally {
        await handle.close()
      }
      await settle(temporary, written, name)
      return written
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {})
      throw error
    }
  }

  try {
    await mkdir(unfinished, { recursive: true, mode: 0o700 })
    await removeLeftovers(unfinished)
    await restoreCutOff(unfinished, pathOf)
  } catch (error) {
    throw fileError(error, folder)
  }

  function shownPath({ sha256, name }: { sha256: string; name: string }): string {
    return pathOf(sha256) + extname(cleanName(name))
  }

  return {
    pathOf,
    shownPath,
    has: async (sha256) => (await sizeOf(pathOf(sha256))) !== undefined,
    async renew(sha256) {
      try {
        return await renewFile(pathOf(sha256))
      } catch (error) {
        throw fileError(error, folder)
      }
    },
    list: () => listFiles(folder),
    async remove(sha256, notAfter) {
      const nonce = randomBytes(8).toString('hex')
      try {
        return await removeFile({ path: pathOf(sha256), unfinished, nonce }, notAfter)
      } catch (error) {
        throw fileError(error, folder)
      }
    },
    async put(source, name, mediaType) {
      try {
        const clean = cleanName(name)
        const { sha256, bytes, head } = await write(source, clean)
        return { name: clean, sha256, bytes, media_type: mediaTypeOf(mediaType, head, clean) }
      } catch (error) {
        throw fileError(error, folder)
      }
    },
    async read(sha256) {
      const path = pathOf(sha256)
      if ((await sizeOf(path)) === undefined) throw missing(sha256, folder)
      try {
        const bytes = await readFile(path)
        if (hashOf(bytes) !== sha256) throw damaged(sha256, folder)
        return bytes
      } catch (error) {
        throw fileError(error, folder)
      }
    },
    async exportTo(file, target) {
      const source = pathOf(file.sha256)
      if ((await sizeOf(source)) === undefined) throw missing(file.sha256, folder)
      if ((await hashOfFile(source)) !== file.sha256) throw damaged(file.sha256, folder)
      try {
        return await exportFile(source, file.sha256, target, cleanName(file.name))
      } catch (error) {
        throw fileError(error, target)
      }
    },
  }
}

async function removeLeftovers(unfinished: string): Promise<void> {
  for (const name of await readdir(unfinished)) {
    const path = join(unfinished, name)
    const found = await stat(path).catch(() => undefined)
    // Ages are the file system's business, not of the clock that runs are measured with.
    if (found && !name.startsWith('removing-') && Date.now() - found.mtimeMs > leftoverAgeMs)
      await rm(path, { force: true })
  }
}

function missing(sha256: string, folder: string): StoreError {
  return new StoreError('store_corrupt', `the file ${sha256} is missing in ${folder}`, {
    hint: 'Put the folder back from a copy, or run the step that made the file again.',
  })
}

function damaged(sha256: string, folder: string): StoreError {
  return new StoreError(
    'store_corrupt',
    `the file ${sha256} in ${folder} is damaged: its bytes are not what its name says`,
    {
      hint: 'Put the file back from a copy, or remove it and run the step that made it again.',
    },
  )
}
