/** Writes bytes to a file while hashing them, so that a file of any size passes through in pieces. */
import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { sniffedBytes } from './media-type.ts'

export interface Written {
  sha256: string
  bytes: number
  /** The first bytes, to tell what it is. */
  head: Uint8Array
}

/** Throws what the source throws, and what the file system throws. The file is synced when this resolves. */
export async function writeHashed(source: Uint8Array | AsyncIterable<Uint8Array>, to: FileHandle): Promise<Written> {
  const hash = createHash('sha256')
  let bytes = 0
  let head = Buffer.alloc(0)
  for await (const piece of source instanceof Uint8Array ? [source] : source) {
    hash.update(piece)
    bytes += piece.byteLength
    if (head.length < sniffedBytes) head = Buffer.concat([head, piece.subarray(0, sniffedBytes - head.length)])
    await writeWhole(to, piece)
  }
  await to.sync()
  return { sha256: hash.digest('hex'), bytes, head }
}

/** One write may take only a part, as it does on a disk that is about to be full. */
async function writeWhole(to: FileHandle, piece: Uint8Array): Promise<void> {
  for (let done = 0; done < piece.byteLength;) done += (await to.write(piece, done)).bytesWritten
}
