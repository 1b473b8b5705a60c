/**
 * The chain of the audit log: every line names the line before it by its hash, and has a hash of itself at its end. The
 * hash is SHA-256 over the bytes of the line as it stands there, without `,"hash":"…"`; so anybody can check one with
 * `jq -cj 'del(.hash)' | sha256sum`.
 */
import { createHash, hash as hashOnce } from 'node:crypto'

/** The last line of a chain. */
export interface ChainEnd {
  /** Lines are counted from 1. */
  seq: number
  hash: string
}

export interface ChainedLine extends ChainEnd {
  prev: string
}

/** What the first line of all follows. */
export const genesis: ChainEnd = { seq: 0, hash: '0'.repeat(64) }

/** `body`: the JSON of an object that is not empty, with neither `seq` nor `prev` nor `hash`. The line ends with its newline. */
export function chainedText(body: string, { seq: before, hash: prev }: ChainEnd): { line: string; end: ChainEnd } {
  const seq = before + 1
  const text = `{"seq":${seq},"prev":"${prev}",${body.slice(1)}`
  const hash = hashOnce('sha256', text, 'hex')
  return { line: `${text.slice(0, -1)},"hash":"${hash}"}\n`, end: { seq, hash } }
}

const headPattern = /^\{"seq":([1-9]\d{0,15}),"prev":"([0-9a-f]{64})",/
const tailPattern = /^,"hash":"([0-9a-f]{64})"\}$/
const tailLength = 75
export const longestHead = 110

/** A line without its newline; undefined: it is none, or was changed. */
export function readChained(line: Buffer): ChainedLine | undefined {
  const cut = line.length - tailLength
  if (cut <= 0) return undefined
  const head = headPattern.exec(line.toString('latin1', 0, longestHead))
  const tail = tailPattern.exec(line.toString('latin1', cut))
  if (!head || !tail) return undefined
  const hash = createHash('sha256').update(line.subarray(0, cut)).update('}').digest('hex')
  return hash === tail[1] ? { seq: Number(head[1]), prev: head[2] as string, hash } : undefined
}

/** What the beginning of a line says, whether it was changed or not. */
export function readBeginning(line: Buffer): Omit<ChainedLine, 'hash'> | undefined {
  const head = headPattern.exec(line.toString('latin1', 0, longestHead))
  return head ? { seq: Number(head[1]), prev: head[2] as string } : undefined
}

export function follows(line: ChainedLine, end: ChainEnd): boolean {
  return line.seq === end.seq + 1 && line.prev === end.hash
}
