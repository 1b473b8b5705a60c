/** The lines of a file, a chunk's worth at a time, however long file and lines are. */
import { createReadStream } from 'node:fs'

export interface Line {
  /** From 1. */
  number: number
  /** Without its newline; of one that is too long, its beginning. */
  bytes: Buffer
  /** Where it begins in the file, bytes. */
  offset: number
  /** It ends the file, and no newline ends it. */
  isCut: boolean
}

const newline = 0x0a
const longest = 16 * 1024 * 1024

/** Bytes from `start` up to, but not including, `end`. Rejects with the error of the file system. */
export async function* linesOf(
  file: string,
  { start = 0, end = Infinity, signal }: { start?: number; end?: number; signal?: AbortSignal | undefined } = {},
): AsyncGenerator<Line[]> {
  if (end <= start) return
  const stream = createReadStream(file, {
    ...{ start, end: end - 1, highWaterMark: 256 * 1024 },
    ...(signal && { signal }),
  }) as AsyncIterable<Buffer>
  let number = 1
  let offset = start
  let parts: Buffer[] = []
  let held = 0
  let dropped = 0

  function take(last: Buffer, isCut: boolean): Line {
    const bytes = parts.length === 0 ? last : Buffer.concat([...parts, last])
    const line = { number, bytes, offset, isCut }
    number += 1
    offset += bytes.length + dropped + (isCut ? 0 : 1)
    parts = []
    held = 0
    dropped = 0
    return line
  }

  for await (const chunk of stream) {
    const lines: Line[] = []
    let from = 0
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, from)) {
      lines.push(take(chunk.subarray(from, at), false))
      from = at + 1
    }
    const rest = chunk.subarray(from)
    if (held > longest) dropped += rest.length
    else if (rest.length > 0) {
      parts.push(rest)
      held += rest.length
    }
    if (lines.length > 0) yield lines
  }
  if (held > 0) yield [take(Buffer.alloc(0), true)]
}
