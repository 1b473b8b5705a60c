/** Writes a file that others only ever see whole: beside its place first, then moved there. Folders above it are made. */
import { randomUUID } from 'node:crypto'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { StoreError } from '../../../domain/errors.ts'

export async function writeWhole(path: string, text: string): Promise<void> {
  const beside = `${path}.${randomUUID().slice(0, 8)}`
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(beside, text)
    await rename(beside, path)
  } catch (error) {
    await rm(beside, { force: true })
    throw cannotWrite(path, error)
  }
}

export function cannotWrite(path: string, cause: unknown): StoreError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new StoreError('store', `"${path}" can't be written: ${why}`, { cause })
}
