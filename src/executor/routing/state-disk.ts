/**
 * The router's state on disk: `router-state.json`, and beside it a log of what was observed since, which costs the same
 * however large the file is.
 *
 * 1. Whoever writes holds the lock. The file is only ever replaced as a whole; the log only grows, by whole lines.
 * 2. The file names the number of its log. The log's first line names the file's id, so that no log is taken for that of
 *    another file.
 * 3. Folding writes the next file, makes the next log, puts the file in its place (from here on the old log counts for
 *    nothing), and removes the old log. A crash in between leaves what nobody reads.
 * 4. A line without its end was never acknowledged; whoever writes next removes it.
 */
import {
  closeSync,
  fdatasync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { StoreError } from '../../domain/errors.ts'
import { logHeader, type LogHeader, readLogLine } from './state-log.ts'
import { applyChange, type StateChange } from './state-change.ts'
import { emptyState, readState, type StateFile, stateText } from './state-shape.ts'

export interface DiskOptions {
  /** The JSON. */
  file: string
  /** What is folded survives a loss of power, too. */
  synced: boolean
  newId(): string
}

type Touched = (change: StateChange) => void

/** Bytes; a smaller one is folded whenever a process ends. */
const largeFile = 1024 * 1024

/** A log is folded when it is longer than this, and than the file. */
const leastLongLog = 256 * 1024

interface Stamp {
  ino: bigint
  size: bigint
  mtimeNs: bigint
}

export class StateDisk {
  /** What file and log say, with what was observed here and is not written yet. */
  state: StateFile
  /** Grows when the state was read anew: nothing that was taken from the earlier one counts any more. */
  generation = 0
  readonly file: string
  private readonly options: DiskOptions
  private stamp: Stamp | undefined
  /** Bytes of the log that the state has taken in; 0: there is no log yet. */
  private offset = 0
  private log: { descriptor: number; ino: bigint } | undefined
  private damaged = false

  constructor(options: DiskOptions) {
    this.options = options
    this.file = realPath(options.file)
    this.state = emptyState(options.newId())
  }

  /** Bytes of file and log. */
  get size(): number {
    return Number(this.stamp?.size ?? 0) + this.offset
  }

  get exists(): boolean {
    return this.stamp !== undefined
  }

  /** Not worth the writing of a large file yet. */
  get isShort(): boolean {
    return this.offset < Number(this.stamp?.size ?? 0) / 16 && Number(this.stamp?.size ?? 0) > largeFile
  }

  /** Takes in what others wrote, needs no lock. Throws StoreError when the file can't be used. */
  refresh(touched: Touched): void {
    // Somebody may fold between two looks, but not each time.
    for (let look = 0; look < 10; look += 1) {
      const stamp = stampOf(this.file)
      if (!isSame(stamp, this.stamp) && !this.followFold(stamp)) this.readFile()
      if (this.stamp === undefined) return
      const isWhole = this.readLog(touched)
      if (!isSame(stampOf(this.file), this.stamp)) continue
      if (isWhole) return
      this.readFile()
    }
  }

  /** Under the lock, after `refresh`: keeps changes that the state has taken in already, all that are not written yet. */
  write(changes: readonly StateChange[]): void {
    if (this.stamp === undefined) return this.replace(this.state)
    this.log ??= this.openLog()
    const bytes = Buffer.from(changes.map((change) => `${JSON.stringify(change)}\n`).join(''))
    const { descriptor } = this.log
    if (fstatSync(descriptor).size > this.offset) ftruncateSync(descriptor, this.offset)
    try {
      writeAll(descriptor, bytes)
      this.offset += bytes.length
    } catch (error) {
      ftruncateSync(descriptor, this.offset)
      throw error
    }
    if (this.isLong) this.fold()
  }

  /** Resolves when what was appended survives a loss of power. */
  async sync(): Promise<void> {
    const descriptor = this.log?.descriptor
    // Who folds in the meantime closes the log: then the file is what survives.
    if (descriptor !== undefined) await new Promise<void>((done) => fdatasync(descriptor, () => done()))
  }

  /** Under the lock, after `refresh`, with nothing that is not written: puts all that is known into the file. */
  fold(): void {
    this.replace(this.state, { log: this.state.log, bytes: this.offset })
  }

  /** Under the lock, after `refresh`: another state takes the place of the one that is there. */
  put(state: StateFile): void {
    this.replace(state)
    this.state = state
    this.generation += 1
  }

  /** Under the lock: moves a file that can't be read out of the way. Gives its new name. */
  setAside(): string {
    const end = `.corrupt-${this.options.newId()}`
    const isLog = new RegExp(String.raw`^\.\d+\.jsonl$`)
    const stem = basename(stemOf(this.file))
    for (const name of readdirSync(dirname(this.file))) {
      if (name.startsWith(stem) && isLog.test(name.slice(stem.length))) {
        const log = join(dirname(this.file), name)
        renameSync(log, log + end)
      }
    }
    renameSync(this.file, this.file + end)
    return this.file + end
  }

  close(): void {
    if (this.log) closeSync(this.log.descriptor)
    this.log = undefined
  }

  // ── reading ──

  private readFile(): void {
    // Taken before the text: should it be replaced in between, it is read once more.
    const stamp = stampOf(this.file)
    const before = this.stamp
    this.close()
    this.offset = 0
    this.damaged = false
    if (stamp !== undefined) this.state = readState(readFileSync(this.file, 'utf8'), this.file)
    else if (before !== undefined) this.state = emptyState(this.options.newId())
    this.stamp = stamp
    this.generation += 1
  }

  /** Somebody folded exactly what this process knows: there is nothing to read but the next log. */
  private followFold(stamp: Stamp | undefined): boolean {
    if (stamp === undefined || this.stamp === undefined) return false
    const { id, log } = this.state
    const next = readHeader(logFile(this.file, log + 1))
    const follows = next?.header.follows
    if (!next || next.header.id !== id || next.header.file !== String(stamp.ino)) return false
    if (follows?.log !== log || follows.bytes !== this.offset) return false
    this.close()
    this.state.log = log + 1
    this.offset = next.bytes
    this.stamp = stamp
    this.damaged = false
    return true
  }

  /** False: the log that was read so far is gone, or was cut short. */
  private readLog(touched: Touched): boolean {
    const path = logFile(this.file, this.state.log)
    const found = stampOf(path)
    if (!found) return this.offset === 0
    if ((this.log && this.log.ino !== found.ino) || found.size < this.offset) return false
    if (found.size === BigInt(this.offset)) return true
    const bytes = readFrom(path, this.offset, Number(found.size))
    if (!bytes) return false
    const text = bytes.subarray(0, bytes.lastIndexOf(10) + 1).toString('utf8')
    const lines = text.split('\n').slice(0, -1)
    if (this.offset === 0 && !this.isOwn(lines.shift())) return true
    for (const line of lines) {
      const change = readLogLine(line)
      if (!change) this.damaged = true
      else if (applyChange(this.state, change)) touched(change)
    }
    this.offset += Buffer.byteLength(text)
    return true
  }

  private isOwn(line: string | undefined): boolean {
    const header = logHeader(line)
    return header?.id === this.state.id && header.log === this.state.log
  }

  // ── writing, under the lock ──

  private get isLong(): boolean {
    return this.offset > Math.max(leastLongLog, Number(this.stamp?.size ?? 0))
  }

  private openLog(): NonNullable<StateDisk['log']> {
    const path = logFile(this.file, this.state.log)
    const descriptor = openSync(path, 'a', 0o600)
    ftruncateSync(descriptor, this.offset)
    if (this.offset === 0) {
      const header = headerLine({ id: this.state.id, log: this.state.log, file: String(this.stamp?.ino ?? 0) })
      writeAll(descriptor, header)
      this.offset = header.length
    }
    return { descriptor, ino: (stampOf(path) as Stamp).ino }
  }

  private replace(state: StateFile, follows?: LogHeader['follows']): void {
    const { file } = this
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    const before = logFile(file, this.state.log)
    const log = this.state.log + 1
    const next = `${file}.new`
    this.writeFile(next, Buffer.from(stateText({ ...state, log })))
    const inode = String((stampOf(next) as Stamp).ino)
    const header = headerLine({ id: state.id, log, file: inode, ...(follows && { follows }) })
    this.writeFile(logFile(file, log), header)
    renameSync(next, file)
    if (this.options.synced) syncFolder(dirname(file))
    this.close()
    state.log = log
    this.offset = header.length
    this.stamp = stampOf(file)
    if (this.damaged) renameSync(before, `${before}.corrupt-${this.options.newId()}`)
    else rmSync(before, { force: true })
    this.damaged = false
  }

  private writeFile(path: string, bytes: Buffer): void {
    const descriptor = openSync(path, 'w', 0o600)
    try {
      writeAll(descriptor, bytes)
      if (this.options.synced) fsyncSync(descriptor)
    } catch (error) {
      rmSync(path, { force: true })
      throw error
    } finally {
      closeSync(descriptor)
    }
  }
}

/** `router-state.json` → `router-state.7.jsonl`. */
function logFile(file: string, log: number): string {
  return `${stemOf(file)}.${log}.jsonl`
}

export function lockFile(file: string): string {
  return `${stemOf(file)}.lock`
}

function stemOf(file: string): string {
  return file.replace(/\.json$/, '')
}

/** A link to a file elsewhere stays one: it is the file that is replaced. */
function realPath(file: string): string {
  try {
    return realpathSync(file)
  } catch {
    return file
  }
}

function stampOf(path: string): Stamp | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
  if (stats && !stats.isFile())
    throw new StoreError('store', `${path} is no file`, {
      hint: 'move it away: statistics of the router are kept there',
    })
  return stats
}

function isSame(a: Stamp | undefined, b: Stamp | undefined): boolean {
  return a?.ino === b?.ino && a?.size === b?.size && a?.mtimeNs === b?.mtimeNs
}

function headerLine(header: LogHeader): Buffer {
  return Buffer.from(`${JSON.stringify(header)}\n`)
}

/** Enough for the first line of a log. */
const longestHeader = 1_000

function readHeader(path: string): { header: LogHeader; bytes: number } | undefined {
  const bytes = readFrom(path, 0, longestHeader)
  const end = bytes?.indexOf(10) ?? -1
  const header = bytes && end >= 0 ? logHeader(bytes.toString('utf8', 0, end)) : undefined
  return header && { header, bytes: end + 1 }
}

/** Undefined when there is no such file. */
function readFrom(path: string, from: number, to: number): Buffer | undefined {
  let descriptor: number
  try {
    descriptor = openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const bytes = Buffer.alloc(to - from)
    return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, from))
  } finally {
    closeSync(descriptor)
  }
}

function writeAll(descriptor: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length;) written += writeSync(descriptor, bytes, written)
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } catch {
    // Some file systems can't: they order names by themselves, or not at all.
  } finally {
    closeSync(descriptor)
  }
}
