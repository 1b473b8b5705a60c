/** The configuration that agents are written into: read, and replaced whole. */
import { randomUUID } from 'node:crypto'
import { chmod, lstat, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { decodeSource, readSource } from '../../documents/source-text.ts'
import { NonRetryableError, StoreError } from '../../domain/errors.ts'
import { withFileLock } from '../../state/file-lock.ts'
import type { Clock } from '../../std/clock.ts'

const maxBytes = 1_000_000

/**
 * Changes the file as a whole: others see what was there before, or what is there after, and nobody else who does so
 * changes it meanwhile. Gives whether the file is new. Throws what `readSource` and `change` throw, and StoreError
 * `store` when it can't be written.
 */
export async function changeFile(
  file: string,
  clock: Clock,
  change: (text: string) => Promise<string>,
): Promise<boolean> {
  // Through a link, the file that it leads to is replaced, not the link.
  const target = await realpath(file).catch(() => file)
  return withFileLock(target, clock, async () => {
    const before = await textOf(file)
    await replace(target, await change(before ?? ''))
    return before === undefined
  })
}

async function textOf(file: string): Promise<string | undefined> {
  // What a link leads to may be still to come; a link without a target is no file to write over.
  if (!(await lstat(file).catch(() => undefined))) return undefined
  const decoded = decodeSource(await readSource(file, maxBytes, 'configuration'))
  if (decoded.ok) return decoded.text
  throw new NonRetryableError('invalid_config', `${file} is not valid UTF-8`, { hint: 'save it as UTF-8' })
}

async function replace(file: string, text: string): Promise<void> {
  const beside = `${file}.${randomUUID().slice(0, 8)}`
  try {
    const mode = (await stat(file).catch(() => undefined))?.mode
    await writeFile(beside, text, { flag: 'wx' })
    if (mode !== undefined) await chmod(beside, mode & 0o777)
    await rename(beside, file)
  } catch (cause) {
    await rm(beside, { force: true })
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new StoreError('store', `"${file}" can't be written: ${why}`, { cause })
  }
}
