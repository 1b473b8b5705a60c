/** The folder of a recording: every file in it is whole or not there, whatever happens to the process. */
import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { z } from 'zod'
import { ConfigurationError, NonRetryableError, UsageError } from '../../../domain/errors.ts'
import {
  bodiesFolder,
  type Exchange,
  exchangesFolder,
  exchangeShape,
  type Manifest,
  manifestFile,
  manifestShape,
  recordedLock,
} from './format.ts'

/** Undefined when the folder holds no recording. Throws UsageError when it is no folder, ConfigurationError when it is damaged. */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  const found = await entriesOf(folder)
  return found.includes(manifestFile) ? readShaped(join(folder, manifestFile), manifestShape) : undefined
}

/** What a recording that was killed at its beginning leaves is none of them. */
export async function holdsOtherFiles(folder: string): Promise<boolean> {
  const ours = [exchangesFolder, bodiesFolder, lockFile]
  return (await entriesOf(folder)).some((name) => !ours.includes(name) && !name.startsWith(`${manifestFile}.`))
}

async function entriesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return []
    throw new UsageError(
      code === 'ENOTDIR' ? `${folder} is no folder` : `the recording ${folder} can't be read (${code})`,
      { cause: error },
    )
  }
}

const lockFile = '.recording'

/** Makes this process the one that records into the folder; gives what ends that. Throws UsageError while another one does. */
export async function holdFolder(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true })
  const file = join(folder, lockFile)
  for (;;) {
    try {
      await writeFile(file, `${process.pid}\n`, { flag: 'wx' })
      return () => rm(file, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const pid = Number(await readFile(file, 'utf8').catch(() => ''))
    if (pid !== process.pid && lives(pid)) {
      throw new UsageError(`process ${pid} records into ${folder}`, { hint: 'wait for it, or name another folder' })
    }
    // Its process was killed.
    await rm(file, { force: true })
  }
}

function lives(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Removes what an earlier recording left, and begins a new one. */
export async function beginRecording(folder: string, manifest: Manifest): Promise<void> {
  // The manifest goes first: without it, the rest is no recording that could be replayed.
  for (const part of [manifestFile, exchangesFolder, bodiesFolder, recordedLock])
    await rm(join(folder, part), { recursive: true, force: true })
  await makeFolders(folder)
  await writeWhole(join(folder, manifestFile), json(manifest))
}

/** Version control forgets empty ones. */
export async function makeFolders(folder: string): Promise<void> {
  await mkdir(join(folder, exchangesFolder), { recursive: true })
  await mkdir(join(folder, bodiesFolder), { recursive: true })
}

export async function writeExchange(folder: string, name: string, exchange: Exchange): Promise<void> {
  await writeWhole(join(folder, exchangesFolder, name), json(exchange))
}

/** Undefined when it was never recorded. Throws ConfigurationError when the file is damaged. */
export async function readExchange(folder: string, name: string): Promise<Exchange | undefined> {
  try {
    return await readShaped(join(folder, exchangesFolder, name), exchangeShape)
  } catch (error) {
    if (error instanceof NonRetryableError && error.code === 'file_not_found') return undefined
    throw error
  }
}

/** Names of exchanges that begin so. */
export async function exchangeNames(folder: string, stem: string): Promise<string[]> {
  const names = await readdir(join(folder, exchangesFolder)).catch((): string[] => [])
  return names.filter(
    (name) => name.startsWith(`${stem}-`) && name.length === stem.length + '-0123456789ab.json'.length,
  )
}

// ── bodies ──

/** Keeps a body under the hash of its bytes; gives its name. */
export async function writeBody(folder: string, bytes: Buffer, extension: string): Promise<string> {
  const name = `${createHash('sha256').update(bytes).digest('hex')}.${extension}`
  const file = join(folder, bodiesFolder, name)
  if (!(await isThere(file))) await writeWhole(file, bytes)
  return name
}

export interface BodyWriter {
  write(chunk: Uint8Array): Promise<void>
  /** Gives the name under which the body is kept. */
  keep(): Promise<string>
  drop(): Promise<void>
}

/** For a body that comes in pieces and may be too large for memory. */
export async function openBody(folder: string, extension: string): Promise<BodyWriter> {
  const hash = createHash('sha256')
  const temporary = join(folder, bodiesFolder, `.${randomUUID()}`)
  const handle = await open(temporary, 'wx')
  return {
    async write(chunk) {
      hash.update(chunk)
      await handle.writeFile(chunk)
    },
    async keep() {
      await handle.close()
      const name = `${hash.digest('hex')}.${extension}`
      await rename(temporary, join(folder, bodiesFolder, name))
      return name
    },
    async drop() {
      await handle.close()
      await rm(temporary, { force: true })
    },
  }
}

/** Throws ConfigurationError when the file is gone, or another one than was recorded. */
export async function readBody(folder: string, name: string): Promise<ReturnType<typeof createReadStream>> {
  const file = join(folder, bodiesFolder, name)
  if (!(await isThere(file))) throw damaged(`${file} is missing`)
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  if (!name.startsWith(hash.digest('hex'))) throw damaged(`${file} is not what was recorded`)
  return createReadStream(file)
}

async function isThere(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined)) !== undefined
}

// ── files ──

async function writeWhole(file: string, content: string | Buffer): Promise<void> {
  const temporary = `${file}.${randomUUID()}.tmp`
  try {
    await writeFile(temporary, content)
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw error
  }
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

async function readShaped<T>(file: string, shape: z.ZodType<T>): Promise<T> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw new NonRetryableError('file_not_found', `there is no file ${file}`)
    throw damaged(`${file} can't be read (${code})`)
  }
  let read: ReturnType<typeof shape.safeParse>
  try {
    read = shape.safeParse(JSON.parse(text))
  } catch {
    throw damaged(`${file} is not JSON`)
  }
  if (read.success) return read.data
  const [issue] = read.error.issues
  throw damaged(`${file}: ${issue?.path.join('.') || 'the file'}: ${issue?.message}`)
}

function damaged(what: string): ConfigurationError {
  return new ConfigurationError('configuration', `the recording is damaged: ${what}`, {
    hint: 'take the file from version control again, or record again with --record',
  })
}
