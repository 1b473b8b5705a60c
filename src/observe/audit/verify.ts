/**
 * Checks the chain of an audit log, line by line: every line must be as it was written, and follow the one before it.
 *
 * What is wrong is told at the first line that shows it. A line whose own hash is wrong was `changed`. One that has a
 * number too high shows that lines before it were `removed`, or, when they come later, that they were `reordered`. One
 * that was there before, or that no other goes on with, was `inserted`. A log that ends before its head was `truncated`.
 */
import { createHash } from 'node:crypto'
import { type ChainedLine, type ChainEnd, follows, genesis, longestHead, readChained } from './chain.ts'
import type { Head } from './head.ts'
import { type Line, linesOf } from './lines.ts'
import { type AuditEntry, entryShape } from './record.ts'

export const wrongs = ['changed', 'removed', 'reordered', 'inserted', 'truncated'] as const
type Wrong = (typeof wrongs)[number]

export interface Fault {
  what: Wrong
  file: string
  line: number
  message: string
}

export interface Verified {
  files: number
  lines: number
  calls: number
  /** Of the first and last line; null: there is none. */
  first: number | null
  last: (ChainEnd & { time: string | null }) | null
  fault: Fault | null
  /** What is no fault, and worth knowing: crashes, purges, records that were lost. */
  notes: string[]
}

export interface VerifyOptions {
  /** As it was before the files were read; null: there is none. Undefined: it is not asked for. */
  head: Head | null | undefined
  /** The file that it is in. */
  headFile?: string
  signal?: AbortSignal
  progressed?(files: number): void
}

const kindPattern = /^\{"seq":\d+,"prev":"\w+","kind":"(\w+)"/

interface Place {
  file: string
  line: number
}

interface Broken {
  sha256: string
  bytes: number
  /** No other one comes right after it. */
  isAlone: boolean
}

interface Good extends Place, ChainedLine {}

/** Of one log, in the order of its chain. Rejects with the error of the file system. */
export async function verifyChain(files: readonly string[], options: VerifyOptions): Promise<Verified> {
  const check = createCheck(options.head)
  for (const [at, file] of files.entries()) {
    for await (const lines of linesOf(file, { signal: options.signal }))
      for (const line of lines) if (!check.isOver()) check.take(file, line)
    options.progressed?.(at + 1)
  }
  return { files: files.length, ...check.end(files.at(-1) ?? options.headFile) }
}

function createCheck(head: Head | null | undefined) {
  const notes: string[] = []
  let lines = 0
  let calls = 0
  let first: ChainedLine | undefined
  let start: Place | undefined
  let last: (Good & { bytes: Buffer }) | undefined
  let purged: ChainEnd | undefined
  /** A line that is none; it may be what a crash left of one. */
  let broken: (Place & Broken & { isCut: boolean }) | undefined
  /** Numbers that are missing before a line; a later line with one of them was moved. */
  let gap: (Place & { from: number; to: number }) | undefined
  /** Two lines follow the same one: the next line says which of them belongs there. */
  let fork: { one: Good; other: Good } | undefined
  let fault: Fault | undefined

  function wrong(what: Wrong, { file, line }: Place, message: string): void {
    fault ??= { what, file, line, message }
  }

  function take(file: string, line: Line): void {
    lines += 1
    const place = { file, line: line.number }
    const chained = line.isCut ? undefined : readChained(line.bytes)
    if (!chained) return takeBroken(place, line)
    if (broken && !isMarked(line.bytes, broken)) return closeBroken(chained)
    if (broken)
      notes.push(`${at(broken)}: a process was killed while it wrote: ${broken.bytes} bytes of a line are left`)
    broken = undefined
    good({ ...place, ...chained }, line.bytes)
  }

  function takeBroken(place: Place, { bytes, isCut }: Line): void {
    closeFork()
    if (broken) broken.isAlone = false
    else {
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      broken = { ...place, isCut, isAlone: true, bytes: bytes.length, sha256 }
    }
  }

  function closeBroken(next: ChainedLine | undefined): void {
    if (!broken) return
    const isMore = next ? last && follows(next, last) : head && (last?.seq ?? 0) >= head.seq
    if (isMore) wrong('inserted', broken, 'it is none that was written')
    else wrong('changed', broken, 'it is not as it was written')
  }

  function good(line: Good, bytes: Buffer): void {
    if (fork) settleFork(line)
    if (fault) return
    if (gap) return afterGap(line)
    if (!last) begin(line)
    else if (!follows(line, last)) return astray(line)
    accept(line, bytes)
  }

  function begin(line: Good): void {
    first = line
    start = { file: line.file, line: line.line }
  }

  function accept(line: Good, bytes: Buffer): void {
    last = { ...line, bytes }
    const kind = kindPattern.exec(bytes.toString('latin1', 0, longestHead * 2))?.[1]
    if (kind === 'call') calls += 1
    else if (kind !== 'begun') noteOf(entryIn(bytes), line)
  }

  function noteOf(entry: AuditEntry | undefined, place: Place): void {
    if (!entry) return
    if (entry.kind === 'purged') purged = entry.through
    if (entry.kind === 'adopted')
      notes.push(`${at(place)}: a process was killed after it wrote the last ${plural(entry.records)} before this`)
    if (entry.kind === 'lost')
      notes.push(`${at(place)}: ${plural(entry.records)} could not be written: ${entry.reason}`)
    if (entry.kind === 'unanchored')
      notes.push(`${at(place)}: nothing said where the log had ended: what was cut off before this line can't be told`)
  }

  /** It is as it was written, but does not follow the line before it. */
  function astray(line: Good): void {
    const before = last as Good
    if (line.seq > before.seq + 1) {
      gap = { file: line.file, line: line.line, from: before.seq + 1, to: line.seq - 1 }
      return
    }
    if (line.seq === before.seq && line.prev === before.prev && line.hash !== before.hash) {
      fork = { one: before, other: line }
      return
    }
    if (line.seq === before.seq + 1)
      return wrong('changed', before, `line ${line.line} follows another one: one of them was written anew`)
    if (start && line.seq < (first?.seq ?? 0))
      return wrong('reordered', start, `number ${line.seq} should stand before it, and stands in ${at(line)}`)
    wrong('inserted', line, `it is number ${line.seq}, and stands after number ${before.seq}`)
  }

  function settleFork(line: Good): void {
    if (!fork) return
    const { one, other } = fork
    fork = undefined
    const isOther = follows(line, other)
    wrong('inserted', isOther ? one : other, `there are two lines of number ${one.seq}`)
  }

  function closeFork(): void {
    if (fork) wrong('inserted', fork.other, `there are two lines of number ${fork.one.seq}`)
  }

  function afterGap(line: Good): void {
    if (!gap || line.seq < gap.from || line.seq > gap.to) return
    wrong('reordered', gap, `number ${line.seq} should stand before it, and stands in ${at(line)}`)
  }

  function closeGap(): void {
    if (!gap) return
    const { from, to } = gap
    wrong(
      'removed',
      gap,
      from === to ? `number ${from} is missing before it` : `numbers ${from} to ${to} are missing before it`,
    )
  }

  /** The log has to begin with the first line of all, or where a purge says. */
  function checkBeginning(): void {
    if (!first || !start || follows(first, genesis)) return
    if (head === undefined) return void notes.push(`${at(start)}: it begins with number ${first.seq}`)
    if (purged && purged.seq >= first.seq) return
    if (purged?.seq === first.seq - 1 && purged.hash === first.prev)
      return void notes.push(`${plural(purged.seq)} before ${at(start)} were purged`)
    wrong(
      'removed',
      start,
      `${first.seq === 2 ? 'number 1 is' : `numbers 1 to ${first.seq - 1} are`} missing before it`,
    )
  }

  function checkEnd(lastFile: string | undefined): void {
    if (head === null && last) notes.push(`nothing says where the log ends: what was cut off at its end can't be told`)
    if (!head) return
    const place = last ?? { file: lastFile ?? head.segment, line: 0 }
    const seq = last?.seq ?? 0
    if (seq < head.seq) return wrong('truncated', place, `the log ends with number ${seq}, and had ${head.seq}`)
    if (seq === head.seq && last && last.hash !== head.hash)
      return wrong('changed', place, 'it is not the line that the log ended with')
    if (seq > head.seq)
      notes.push(`${plural(seq - head.seq)} at the end came after the log was last said to end: ${at(place)}`)
  }

  function end(lastFile: string | undefined): Omit<Verified, 'files'> {
    if (broken?.isCut && broken.isAlone && !fault) {
      notes.push(`${at(broken)}: the line is not whole: a process writes it now, or was killed while it did`)
      broken = undefined
    }
    closeBroken(undefined)
    closeFork()
    closeGap()
    if (!fault) checkBeginning()
    if (!fault) checkEnd(lastFile)
    return {
      ...{ lines, calls, first: first?.seq ?? null, notes },
      last: last ? { seq: last.seq, hash: last.hash, time: entryIn(last.bytes)?.time ?? null } : null,
      fault: fault ?? null,
    }
  }

  return { take, end, isOver: () => fault !== undefined }
}

/** Whether a line says of the one before it that a crash left it. */
function isMarked(bytes: Buffer, broken: Broken): boolean {
  if (!broken.isAlone) return false
  const entry = entryIn(bytes)
  return entry?.kind === 'torn' && entry.sha256 === broken.sha256 && entry.bytes === broken.bytes
}

function entryIn(bytes: Buffer): AuditEntry | undefined {
  try {
    return entryShape.safeParse(JSON.parse(bytes.toString())).data
  } catch {
    return undefined
  }
}

function at({ file, line }: Place): string {
  return `${file}:${line}`
}

function plural(records: number): string {
  return records === 1 ? '1 record' : `${records} records`
}
