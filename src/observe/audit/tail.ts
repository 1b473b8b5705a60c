/** What stands in a segment behind the place where the log was said to end. */
import { closeSync, openSync, readSync } from 'node:fs'
import { type ChainEnd, type ChainedLine, follows, readChained } from './chain.ts'

export interface Tail {
  /** Of the chain, with the lines that go on with it. */
  end: ChainEnd
  /** These lines: a process was killed before it could say that it had written them. */
  adopted: Buffer[]
  /** After the last newline: what a process that was killed had written of a line. */
  torn: Buffer
}

const newline = 0x0a

/** Lines that do not go on with the chain are passed over; checking the log will find them. */
export function readTail(file: string, from: number, to: number, end: ChainEnd): Tail {
  const bytes = readPart(file, from, to)
  const tail: Tail = { end, adopted: [], torn: Buffer.alloc(0) }
  let start = 0
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, start)) {
    const text = bytes.subarray(start, at)
    const line = readChained(text)
    if (line && follows(line, tail.end)) {
      tail.end = { seq: line.seq, hash: line.hash }
      tail.adopted.push(text)
    }
    start = at + 1
  }
  tail.torn = bytes.subarray(start)
  return tail
}

/** Enough for any line that is written. */
const longestEnd = 4 * 1024 * 1024

/** The last good line of a file, and where it ends; undefined: none is near its end. */
export function lastLine(file: string, size: number): { line: ChainedLine; bytes: number } | undefined {
  const from = Math.max(0, size - longestEnd)
  const bytes = readPart(file, from, size)
  let end = bytes.lastIndexOf(newline)
  while (end >= 0) {
    const start = end === 0 ? 0 : bytes.lastIndexOf(newline, end - 1) + 1
    const line = readChained(bytes.subarray(start, end))
    if (line) return { line, bytes: from + end + 1 }
    end = start - 1
  }
  return undefined
}

/** Bytes of a file. */
export function readPart(file: string, from: number, to: number): Buffer {
  const descriptor = openSync(file, 'r')
  try {
    const bytes = Buffer.alloc(Math.max(0, to - from))
    let filled = 0
    while (filled < bytes.length) {
      const read = readSync(descriptor, bytes, filled, bytes.length - filled, from + filled)
      if (read === 0) break
      filled += read
    }
    return bytes.subarray(0, filled)
  } finally {
    closeSync(descriptor)
  }
}
