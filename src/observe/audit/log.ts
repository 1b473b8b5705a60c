/** Writes every call that is over into the audit log, in batches: at most a tenth of a second later, and before its step settles. */
import type { CallLog, CallReport, CallStart } from '../../domain/call-report.ts'
import { ReplicateAgentError, StoreError } from '../../domain/errors.ts'
import type { Cells } from '../../std/cells.ts'
import type { Clock } from '../../std/clock.ts'
import { timeSortedId } from '../../std/ids.ts'
import type { Random } from '../../std/random.ts'
import { begunRecord, callRecord, type RecordParts } from './call-record.ts'
import { type AuditDisk, openDisk, type Pending } from './disk.ts'
import type { Mark } from './record.ts'

export interface AuditLogOptions extends RecordParts {
  folder: string
  cells(): Promise<Cells>
  clock: Clock
  random: Random
  /** No call without its record: what can't be written stops the run before it calls. */
  required: boolean
  /** Segments that are older are removed, milliseconds; undefined: none are. */
  retention_ms: number | undefined
  /** `full`: a loss of power costs at most what was written in the last tenth of a second. */
  durability: 'full' | 'normal' | 'none'
  /** Told once that calls can't be written. */
  warn(message: string): void
}

export interface AuditLog extends CallLog {
  close(): Promise<void>
}

/** A record that waits to be written. */
interface Waiting {
  /** Called when it is written, so that no call waits for its text. */
  make(): Pending
  made?: Pending
}

const batchMs = 100
/** More are not kept for a disk that refuses them. */
const mostPending = 10_000

export function openAuditLog(options: AuditLogOptions): AuditLog {
  const { folder, cells, clock, random, durability, retention_ms } = options
  const disk: AuditDisk = openDisk(folder, cells, clock)
  const over = new AbortController()
  let warned = false
  let pending: Waiting[] = []
  let lost = 0
  let failure: Error | undefined
  let writing: Promise<void> | undefined
  let queued: Promise<void> | undefined
  let timed = false
  let wrote = false

  function keep(one: Waiting): void {
    if (pending.length >= mostPending) lost += 1
    else pending.push(one)
    soon()
  }

  function soon(): void {
    if (timed || over.signal.aborted) return
    timed = true
    void later().catch(() => {})
  }

  async function later(): Promise<void> {
    try {
      await clock.sleep(batchMs, over.signal)
    } finally {
      timed = false
    }
    await flushed()
    if (durability === 'full') await disk.sync()
  }

  async function flushed(): Promise<void> {
    if (!writing) return pending.length === 0 ? undefined : flush()
    queued ??= writing.then(() => {
      queued = undefined
      return flush()
    })
    return queued
  }

  function flush(): Promise<void> {
    writing = write().finally(() => (writing = undefined))
    return writing
  }

  async function write(): Promise<void> {
    // What ends in the same turn goes along.
    await Promise.resolve()
    if (pending.length === 0) return
    pending = pending.filter(canBeMade)
    const texts = pending.map(({ made }) => made as Pending)
    const taken = pending.length
    try {
      const { newSegment } = await disk.append(
        () => texts,
        () => lostMark(),
      )
      // Others have come in the meantime.
      pending = pending.slice(taken)
      lost = 0
      failure = undefined
      wrote = true
      if (newSegment && retention_ms !== undefined) await disk.purge(clock.now() - retention_ms, 'retention')
    } catch (error) {
      failed(error as Error)
    }
  }

  /** One that has no text is given up, for it never will: the others are not kept waiting by it. */
  function canBeMade(one: Waiting): boolean {
    try {
      one.made ??= one.make()
      return true
    } catch (error) {
      lost += 1
      failed(error as Error)
      return false
    }
  }

  function lostMark(): Mark[] {
    return lost === 0 ? [] : [{ kind: 'lost', records: lost, reason: failure?.message ?? 'unknown' }]
  }

  function failed(error: Error): void {
    failure = error
    if (warned) return
    warned = true
    const hint = error instanceof ReplicateAgentError && error.hint !== undefined ? ` (${error.hint})` : ''
    options.warn(`calls are not written into the audit log: ${error.message}${hint}`)
  }

  async function begin(start: CallStart): Promise<string> {
    const now = clock.now()
    const id = timeSortedId(now, random)
    const begun = waitingToBegin(id, start, now)
    pending.push(begun)
    await flushed()
    if (!pending.includes(begun)) return id
    pending = pending.filter((one) => one !== begun)
    throw refused(folder, failure)
  }

  function waitingToBegin(id: string, start: CallStart, now: number): Waiting {
    try {
      const made = { id: `begun ${id}`, body: JSON.stringify(begunRecord(options, id, start, now)) }
      return { made, make: () => made }
    } catch (error) {
      throw refused(folder, error as Error)
    }
  }

  return {
    ...(options.required && { begin }),
    take(report: CallReport) {
      const now = clock.now()
      keep({
        make() {
          const id = report.id ?? timeSortedId(now, random)
          return { id: `call ${id}`, body: JSON.stringify(callRecord(options, id, report, now)) }
        },
      })
    },
    flushed,
    async close() {
      over.abort()
      await flushed()
      if (wrote && durability === 'full') await disk.sync()
      disk.close()
    },
  }
}

function refused(folder: string, cause: NodeJS.ErrnoException | undefined): StoreError {
  const code = cause?.code === 'ENOSPC' ? 'disk_full' : 'store'
  return new StoreError(code, `the audit log in ${folder} can't be written${cause ? `: ${cause.message}` : ''}`, {
    hint: 'nothing was called, for `audit.required` is set; mend it, and resume the run',
    cause,
  })
}
