/** The bytes of files, by file id: in the data folder, or in memory. */
import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

export interface Content {
  /** Durable once resolved. */
  put(id: string, bytes: Buffer): Promise<void>
  get(id: string): Promise<Buffer | undefined>
  drop(id: string): Promise<void>
}

export function openContent(dataDir: string | undefined): Content {
  return dataDir === undefined ? inMemory() : inFolder(join(dataDir, 'files'))
}

function inMemory(): Content {
  const kept = new Map<string, Buffer>()
  return {
    put: async (id, bytes) => void kept.set(id, bytes),
    get: async (id) => kept.get(id),
    drop: async (id) => void kept.delete(id),
  }
}

/** Ids are ours (base 32), so they make safe file names. */
function inFolder(folder: string): Content {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return {
    async put(id, bytes) {
      // written aside and renamed: whoever reads sees all of it or none
      const aside = join(folder, `.${id}.${randomUUID()}`)
      const handle = await open(aside, 'wx', 0o600)
      try {
        await handle.writeFile(bytes)
        await handle.datasync()
      } finally {
        await handle.close()
      }
      await rename(aside, join(folder, id))
    },
    async get(id) {
      try {
        return await readFile(join(folder, id))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw error
      }
    },
    drop: (id) => rm(join(folder, id), { force: true }),
  }
}
