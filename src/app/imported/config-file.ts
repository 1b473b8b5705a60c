/** The configuration that agents are written into: read, and replaced whole. */
import { randomUUID } from 'node:crypto'
import { chmodSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { lstat, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { readText } from '../../documents/text-file.ts'
import { StoreError } from '../../domain/errors.ts'
import { fileLock, LockBusyError } from '../../std/file-lock.ts'
import type { App } from '../app.ts'

const patienceMs = 10_000

/**
 * Changes the file as a whole: others see what was there before, or what is there after. When somebody else changed it
 * meanwhile, `change` is asked again. Gives whether the file is new. Throws what reading it and `change` throw, and
 * StoreError `store` when it can't be written.
 */
export async function changeFile(
  { home, clock }: Pick<App, 'home' | 'clock'>,
  file: string,
  change: (text: string) => Promise<string>,
): Promise<boolean> {
  // Through a link, the file that it leads to is replaced, not the link.
  const target = await realpath(file).catch(() => file)
  const lock = fileLock(join(home, 'agents-import.lock'), clock)
  try {
    for (;;) {
      const isThere = await lstat(file).catch(() => undefined)
      const before = isThere ? await readText(file, 'configuration') : undefined
      const after = await change(before ?? '')
      mkdirSync(home, { recursive: true, mode: 0o700 })
      const isDone = await lock.hold(() => {
        if (nowIn(target) !== before) return false
        replace(target, after)
        return true
      }, patienceMs)
      if (isDone) return before === undefined
    }
  } catch (error) {
    if (error instanceof LockBusyError) throw new StoreError('held', `another process is changing "${file}"`)
    throw error
  } finally {
    lock.close()
  }
}

function nowIn(file: string): string | undefined {
  if (!lstatSync(file, { throwIfNoEntry: false })) return undefined
  return readFileSync(file, 'utf8').replace(/^\uFEFF/, '')
}

function replace(file: string, text: string): void {
  const beside = `${file}.${randomUUID().slice(0, 8)}`
  try {
    const mode = statSync(file, { throwIfNoEntry: false })?.mode
    writeFileSync(beside, text, { flag: 'wx' })
    if (mode !== undefined) chmodSync(beside, mode & 0o777)
    renameSync(beside, file)
  } catch (cause) {
    rmSync(beside, { force: true })
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new StoreError('store', `"${file}" can't be written: ${why}`, { cause })
  }
}
