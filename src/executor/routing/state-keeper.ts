/**
 * Keeps the router's state in its file: takes in what other processes wrote, and writes what is observed here in batches.
 * A disk that refuses it is told of once, and harms nothing else.
 */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { ReplicateAgentError } from '../../domain/errors.ts'
import type { Clock } from '../../std/clock.ts'
import { fileLock, type FileLock, LockBusyError } from '../../std/file-lock.ts'
import { timeSortedId } from '../../std/ids.ts'
import type { Random } from '../../std/random.ts'
import { applyChange, type StateChange } from './state-change.ts'
import { lockFile, StateDisk } from './state-disk.ts'
import type { StateFile } from './state-shape.ts'

export interface RouterStateOptions {
  /** `router-state.json`; its log and its lock stand beside it. Nothing is made before there is something to write. */
  file: string
  /** `full`: a loss of power costs at most what was observed in the last tenth of a second. */
  durability: 'full' | 'normal' | 'none'
  clock: Clock
  random: Random
  /** Told once of each reason for which statistics can't be kept. */
  warn(message: string): void
}

/** Milliseconds between two looks at what others wrote, and after which what was observed is written unasked. */
const batchMs = 100
/** Milliseconds to wait for another process that is writing; less once that was in vain. */
const patienceMs = 10_000
const littlePatienceMs = 20
/** More changes are not kept for a disk that refuses them. */
const mostPending = 10_000

export class StateKeeper {
  readonly clock: Clock
  /** Told of each change that another process made. */
  touched: (change: StateChange) => void = () => {}
  private readonly options: RouterStateOptions
  private readonly disk: StateDisk
  private readonly lock: FileLock
  private readonly warned = new Set<string>()
  private readonly over = new AbortController()
  private pending: StateChange[] = []
  private writing: Promise<void> | undefined
  private queued: Promise<void> | undefined
  private looked = -Infinity
  private patience = patienceMs
  private timed = false
  private wrote = false
  /** The file can't be used: from here on this process remembers by itself. */
  private detached = false

  constructor(options: RouterStateOptions) {
    const { file, durability, clock, random } = options
    this.options = options
    this.clock = clock
    const newId = () => timeSortedId(clock.now(), random)
    this.disk = new StateDisk({ file, synced: durability === 'full', newId })
    this.lock = fileLock(lockFile(this.disk.file), clock)
  }

  get state(): StateFile {
    return this.disk.state
  }

  /** Grows when the state was read anew. */
  get generation(): number {
    return this.disk.generation
  }

  /** Reads what there is; what is damaged is moved away. */
  async begin(): Promise<void> {
    try {
      this.refresh()
    } catch (error) {
      if (isCorrupt(error)) await this.underLock(() => {})
      else this.failed(error)
    }
  }

  /** Takes in what others wrote, when the last look is some time ago. */
  look(): void {
    const now = this.clock.monotonic()
    if (this.detached || now - this.looked < batchMs) return
    this.peek()
  }

  private peek(): void {
    this.looked = this.clock.monotonic()
    try {
      this.refresh()
    } catch (error) {
      // What is damaged is moved away when there is something to write.
      if (!isCorrupt(error)) this.failed(error)
    }
  }

  /** For a change that the state has taken in. */
  keep(change: StateChange): void {
    if (this.detached || this.pending.length >= mostPending) return
    this.pending.push(change)
    this.flushSoon()
  }

  /** Resolves when all that was kept before is written. Who asks while a batch is written shares the next one. */
  async flushed(): Promise<void> {
    if (this.detached) return
    if (!this.writing) return this.pending.length === 0 ? undefined : this.flush()
    this.queued ??= this.writing.then(() => {
      this.queued = undefined
      return this.flush()
    })
    return this.queued
  }

  async close(): Promise<void> {
    this.over.abort()
    await this.flushed()
    const isWritten = this.wrote && !this.detached && this.pending.length === 0
    if (isWritten && !this.disk.isShort) await this.underLock(() => this.disk.fold())
    else if (isWritten && this.options.durability === 'full') await this.disk.sync()
    this.disk.close()
    this.lock.close()
  }

  // ── writing ──

  private flushSoon(): void {
    if (this.timed || this.over.signal.aborted) return
    this.timed = true
    void this.flushLater().catch(() => {})
  }

  private async flushLater(): Promise<void> {
    try {
      await this.clock.sleep(batchMs, this.over.signal)
    } finally {
      this.timed = false
    }
    await this.flushed()
    if (this.options.durability === 'full') await this.disk.sync()
  }

  private flush(): Promise<void> {
    this.writing = this.underLock(() => {
      if (this.pending.length === 0) return
      this.disk.write(this.pending)
      this.pending = []
      this.wrote = true
    }).finally(() => (this.writing = undefined))
    return this.writing
  }

  /** With all that others wrote taken in. */
  private async underLock(work: () => void): Promise<void> {
    try {
      // What is observed in the same turn goes along.
      await Promise.resolve()
      mkdirSync(dirname(this.disk.file), { recursive: true, mode: 0o700 })
      const inTurn = () => {
        this.refreshForSure()
        work()
      }
      // Most of the reading is done while others may still write.
      await this.lock.hold(inTurn, this.patience, () => this.peek())
      this.patience = patienceMs
    } catch (error) {
      this.failed(error)
    }
  }

  private refreshForSure(): void {
    this.looked = this.clock.monotonic()
    try {
      this.refresh()
    } catch (error) {
      if (!isCorrupt(error)) throw error
      const aside = this.disk.setAside()
      this.options.warn(`${error.message}; it is kept as ${aside}, and the router learns anew`)
      this.refresh()
    }
  }

  private refresh(): void {
    const { generation } = this.disk
    this.disk.refresh((change) => this.touched(change))
    if (this.disk.generation !== generation) for (const change of this.pending) applyChange(this.state, change)
  }

  /** Of a full disk there may be room again; a file of a later version stays one. */
  private failed(error: unknown): void {
    if (error instanceof ReplicateAgentError) this.detached = true
    if (error instanceof LockBusyError) this.patience = littlePatienceMs
    const { message, code } = error as NodeJS.ErrnoException
    const reason = code ?? message
    if (this.warned.has(reason)) return
    this.warned.add(reason)
    const hint = error instanceof ReplicateAgentError && error.hint !== undefined ? ` (${error.hint})` : ''
    this.options.warn(`what the router learns is not kept: ${message}${hint}`)
  }
}

function isCorrupt(error: unknown): error is ReplicateAgentError {
  return error instanceof ReplicateAgentError && error.code === 'store_corrupt'
}
