/**
 * The audit log on disk.
 *
 * 1. Whoever writes is within a change of the cell that holds the head: nobody else writes meanwhile, and the head is
 *    committed after the lines.
 * 2. A file only grows, by whole lines. What a process that was killed left of a line stays, and the next line but one
 *    after it says so (`torn`).
 * 3. Lines behind the head that go on with the chain count (`adopted`): they were written by a process that was killed
 *    before the commit. Nothing of them was acknowledged, but the calls were made.
 * 4. Segments follow each other by day, and never go back, whatever the clock does.
 */
import { createHash } from 'node:crypto'
import { closeSync, fdatasync, ftruncateSync, mkdirSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import type { Cells } from '../../std/cells.ts'
import type { Clock } from '../../std/clock.ts'
import type { Json } from '../../std/json.ts'
import { type ChainedLine, type ChainEnd, chainedText, genesis, longestHead, readBeginning } from './chain.ts'
import { type Head, headCell, headOf } from './head.ts'
import type { Mark } from './record.ts'
import { dayOf, segmentFile, segmentsIn } from './segments.ts'
import { lastLine, readPart, readTail } from './tail.ts'

/** A record that waits to be written: its JSON without what chains it. */
export interface Pending {
  /** Its `kind` and `id`. */
  id: string
  body: string
}

/** What the log itself has to say, given where it ends. */
type MarksAt = (end: ChainEnd) => readonly Mark[]

export interface AuditDisk {
  /**
   * Writes them all, and only then resolves; those that an earlier try had written are not written again. `pending` is
   * looked at when it is their turn. Rejects when the disk or the cells refuse it.
   */
  append(pending: () => readonly Pending[], marks?: MarksAt): Promise<{ newSegment: boolean }>
  /** Removes segments of days that were over at a moment, epoch milliseconds; the log says so itself. */
  purge(before: number, by: string): Promise<Purged>
  /** What `purge` would remove. */
  purgeable(before: number): Purged
  /** Resolves when what was written survives a loss of power. */
  sync(): Promise<void>
  close(): void
}

export interface Purged {
  segments: string[]
  records: number
  bytes: number
}

interface Place extends Head {
  /** Ends what was torn, so that the next line has a line of its own. */
  glue: string
  marks: Mark[]
  ids: ReadonlySet<string>
}

const dayMs = 86_400_000

export function openDisk(folder: string, cells: () => Promise<Cells>, clock: Clock): AuditDisk {
  let open: { segment: string; descriptor: number; ino: number } | undefined

  function close(): void {
    if (open) closeSync(open.descriptor)
    open = undefined
  }

  /** Of the segment to write to, whose file is as long as the head says, or is not. */
  function place(head: Head, marks: Mark[]): Place {
    const file = segmentFile(folder, head.segment)
    const stats = statSync(file, { throwIfNoEntry: false })
    if (open && (open.segment !== head.segment || open.ino !== stats?.ino)) close()
    const size = stats?.size ?? 0
    const whole: Place = { ...head, bytes: size, glue: '', marks, ids: new Set() }
    if (size === head.bytes) return whole
    // It was cut short: checking the log will tell.
    if (size < head.bytes) return { ...whole, glue: size === 0 || endsLine(file, size) ? '' : '\n' }
    const { end, adopted, torn } = readTail(file, head.bytes, size, head)
    const found: Mark[] = [...marks]
    if (torn.length > 0)
      found.push({ kind: 'torn', bytes: torn.length, sha256: createHash('sha256').update(torn).digest('hex') })
    if (adopted.length > 0) found.push({ kind: 'adopted', records: adopted.length })
    const ids = new Set(adopted.map(idOf))
    return { ...whole, ...end, glue: torn.length > 0 ? '\n' : '', marks: found, ids }
  }

  /** Nothing says where the log ends: it goes on after its last good line. */
  function unanchored(today: string): { head: Head; marks: Mark[] } {
    const segment = segmentsIn(folder).at(-1)
    if (segment === undefined) return { head: { ...genesis, segment: today, bytes: 0 }, marks: [] }
    const file = segmentFile(folder, segment)
    const last = lastLine(file, statSync(file).size)
    const { seq, hash } = last?.line ?? genesis
    return { head: { seq, hash, segment, bytes: last?.bytes ?? 0 }, marks: [{ kind: 'unanchored' }] }
  }

  function write(file: string, segment: string, text: string, size: number): number {
    if (!open) {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      const descriptor = openSync(file, 'a', 0o600)
      open = { segment, descriptor, ino: statSync(file).ino }
    }
    const bytes = Buffer.from(text)
    try {
      for (let written = 0; written < bytes.length;) written += writeSync(open.descriptor, bytes, written)
    } catch (error) {
      ftruncateSync(open.descriptor, size)
      throw error
    }
    return size + bytes.length
  }

  /** Within a change: everything that is to be written, after what is there. */
  function add(cell: Json | undefined, pending: readonly Pending[], marks: MarksAt): Head {
    const now = clock.now()
    const today = dayOf(now)
    const known = headOf(cell)
    const from = known ? { head: known, marks: [] } : unanchored(today)
    let at = place(from.head, from.marks)
    if (today > at.segment) {
      if (at.glue !== '') write(segmentFile(folder, at.segment), at.segment, at.glue, at.bytes)
      const { seq, hash, ids } = at
      const next = place({ seq, hash, segment: today, bytes: 0 }, at.marks)
      at = { ...next, ids: new Set([...ids, ...next.ids]) }
    }
    const time = new Date(now).toISOString()
    const bodies = [
      ...[...at.marks, ...marks(at)].map(({ kind, ...mark }) => JSON.stringify({ kind, time, ...mark })),
      ...pending.flatMap(({ id, body }) => (at.ids.has(id) ? [] : body)),
    ]
    let end = { seq: at.seq, hash: at.hash }
    let text = at.glue
    for (const body of bodies) {
      const chained = chainedText(body, end)
      text += chained.line
      end = chained.end
    }
    const bytes = write(segmentFile(folder, at.segment), at.segment, text, at.bytes)
    return { ...end, segment: at.segment, bytes }
  }

  async function append(pending: () => readonly Pending[], marks: MarksAt = () => []) {
    return (await cells()).change([headCell], ([cell]) => {
      const head = add(cell, pending(), marks)
      return { after: [head], result: { newSegment: head.segment !== headOf(cell)?.segment } }
    })
  }

  /** `next`: the first segment that stays. */
  function survey(before: number): Purged & { next: string | undefined; first: number } {
    const all = segmentsIn(folder)
    const at = all.findIndex((segment) => Date.parse(segment) + dayMs > before)
    const segments = at < 0 ? all : all.slice(0, at)
    const next = at < 0 ? undefined : all[at]
    const bytes = segments.reduce((sum, segment) => sum + statSync(segmentFile(folder, segment)).size, 0)
    const first = segments[0] === undefined ? 1 : (beginningOf(folder, segments[0])?.seq ?? 1)
    const end = next === undefined ? undefined : beginningOf(folder, next)?.seq
    return { segments, bytes, next, first, records: Math.max(0, (end ?? first) - first) }
  }

  async function purge(before: number, by: string): Promise<Purged> {
    const { segments: some } = survey(before)
    if (some.length === 0) return { segments: [], records: 0, bytes: 0 }
    let purged: Purged = { segments: [], records: 0, bytes: 0 }
    await append(
      () => [],
      (end) => {
        const { next, first, segments, bytes } = survey(before)
        if (segments.length === 0) return []
        const beginning = next === undefined ? undefined : beginningOf(folder, next)
        const through = beginning ? { seq: beginning.seq - 1, hash: beginning.prev } : { seq: end.seq, hash: end.hash }
        purged = { segments, bytes, records: Math.max(0, through.seq - first + 1) }
        return [{ kind: 'purged', through, segments, by }]
      },
    )
    for (const segment of purged.segments) rmSync(segmentFile(folder, segment), { force: true })
    return purged
  }

  return {
    append,
    purge,
    purgeable(before) {
      const { segments, records, bytes, next, first } = survey(before)
      // All of them: where the last one ends is known to the head alone.
      const last = segments.at(-1)
      if (next !== undefined || last === undefined) return { segments, records, bytes }
      const file = segmentFile(folder, last)
      return { segments, bytes, records: Math.max(0, (lastLine(file, statSync(file).size)?.line.seq ?? 0) - first + 1) }
    },
    sync: () => new Promise((done) => (open ? fdatasync(open.descriptor, () => done()) : done())),
    close,
  }
}

function beginningOf(folder: string, segment: string): Omit<ChainedLine, 'hash'> | undefined {
  const file = segmentFile(folder, segment)
  return readBeginning(readPart(file, 0, Math.min(longestHead, statSync(file).size)))
}

function endsLine(file: string, size: number): boolean {
  return readPart(file, size - 1, size)[0] === 0x0a
}

function idOf(line: Buffer): string {
  const { kind, id } = JSON.parse(line.toString()) as { kind: string; id?: string }
  return `${kind} ${id ?? ''}`
}
