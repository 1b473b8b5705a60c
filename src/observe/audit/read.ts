/** Reads what was written between two moments, in order; what is no record is told of, and passed over. */
import { statSync } from 'node:fs'
import { linesOf } from './lines.ts'
import { type AuditEntry, entryShape } from './record.ts'
import { segmentFile, segmentsIn } from './segments.ts'

/** With its place in the log, and its line. */
export type Logged = AuditEntry & { seq: number }

export interface ReadOptions {
  /** Epoch milliseconds: the first moment that counts, and the first that counts no more. */
  since: number
  until: number
  signal: AbortSignal
  /** Lines without this text are not looked at. */
  containing?: string
  /** A line is no record of ours: `audit verify` says more. */
  unreadable(file: string, line: number): void
}

/** Between the end of a call and the writing of it, at most. */
const slackMs = 60_000
const dayMs = 86_400_000

/** Segments in which something of that time may stand, in order. */
export function segmentsBetween(folder: string, { since, until }: Pick<ReadOptions, 'since' | 'until'>): string[] {
  return segmentsIn(folder).filter((segment) => {
    const began = Date.parse(segment)
    return began + dayMs + slackMs >= since && began - slackMs < until
  })
}

/** A record with its line as it stands there. */
export interface LoggedLine {
  entry: Logged
  bytes: Buffer
}

/** A chunk's worth at a time. */
export async function* readSegment(
  folder: string,
  segment: string,
  options: ReadOptions,
): AsyncGenerator<LoggedLine[]> {
  const { since, until, containing } = options
  const file = segmentFile(folder, segment)
  for await (const lines of linesOf(file, { signal: options.signal })) {
    const found: LoggedLine[] = []
    for (const { bytes, number, isCut } of lines) {
      if (containing !== undefined && !bytes.includes(containing)) continue
      const entry = entryOf(bytes)
      if (entry) {
        const time = Date.parse(entry.time)
        if (time >= since && time < until) found.push({ entry, bytes })
      } else if (!isCut) options.unreadable(file, number)
    }
    if (found.length > 0) yield found
  }
}

/** A place in the log: what is written after it is new. */
export interface LogPlace {
  segment: string
  bytes: number
}

/** The end of the log; undefined: nothing was written yet. */
export function endOfLog(folder: string): LogPlace | undefined {
  const segment = segmentsIn(folder).at(-1)
  return segment === undefined ? undefined : { segment, bytes: statSync(segmentFile(folder, segment)).size }
}

/** What was written since, with the place to go on from. */
export async function readSince(
  folder: string,
  from: LogPlace | undefined,
  options: Pick<ReadOptions, 'signal' | 'unreadable'>,
): Promise<{ entries: Logged[]; end: LogPlace | undefined }> {
  const entries: Logged[] = []
  let end = from
  for (const segment of segmentsIn(folder)) {
    if (from && segment < from.segment) continue
    const file = segmentFile(folder, segment)
    const start = segment === from?.segment ? from.bytes : 0
    end = { segment, bytes: start }
    for await (const lines of linesOf(file, { start, signal: options.signal })) {
      for (const { bytes, offset, number, isCut } of lines) {
        if (isCut) continue
        end = { segment, bytes: offset + bytes.length + 1 }
        const entry = entryOf(bytes)
        if (entry) entries.push(entry)
        else options.unreadable(file, number)
      }
    }
  }
  return { entries, end }
}

function entryOf(bytes: Buffer): Logged | undefined {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
  const { data } = entryShape.safeParse(value)
  const { seq } = value as { seq?: unknown }
  return data && typeof seq === 'number' ? { ...data, seq } : undefined
}
