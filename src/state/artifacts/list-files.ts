/** Lists what lies on the shelves of an artifact folder, one shelf after another. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ShelvedFile } from './contract.ts'

export async function* listFiles(folder: string): AsyncGenerator<ShelvedFile> {
  for (const shelf of await namesIn(folder)) {
    if (!/^[0-9a-f]{2}$/.test(shelf)) continue
    for (const name of await namesIn(join(folder, shelf))) {
      if (!/^[0-9a-f]{64}$/.test(name) || !name.startsWith(shelf)) continue
      const found = await stat(join(folder, shelf, name)).catch(() => undefined)
      if (found?.isFile()) yield { sha256: name, bytes: found.size, renewed_at: found.mtimeMs }
    }
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).toSorted()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return []
    throw error
  }
}
