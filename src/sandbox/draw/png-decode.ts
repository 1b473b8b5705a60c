/** Reads a PNG: 8 bits, grey, RGB or palette, with or without alpha, not interlaced. */
import { promisify } from 'node:util'
import { crc32, inflate } from 'node:zlib'
import { NonRetryableError } from '../../domain/errors.ts'
import { pngSignature } from './png-encode.ts'
import { newPicture, type Picture } from './picture.ts'

const decompress = promisify(inflate)
const maxPixels = 40_000_000
/** Channels in the file by colour type. */
const channelsOf: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }

interface Chunks {
  width: number
  height: number
  colorType: number
  palette: Buffer
  alphas: Buffer
  body: Buffer
  texts: Record<string, string>
}

export function isPng(bytes: Buffer): boolean {
  return bytes.subarray(0, 8).equals(pngSignature)
}

/** Throws NonRetryableError (`validation`) that says what it found instead. */
export async function decodePng(bytes: Buffer): Promise<Picture> {
  if (!isPng(bytes)) {
    throw bad(`The image is ${formatOf(bytes)}; the sandbox reads PNG only. Convert it to PNG first.`)
  }
  const chunks = readChunks(bytes)
  const channels = channelsOf[chunks.colorType] as number
  const stride = chunks.width * channels
  const expected = (stride + 1) * chunks.height
  let raw: Buffer
  try {
    raw = await decompress(chunks.body, { maxOutputLength: expected })
  } catch {
    throw bad('The PNG is damaged: its pixels can not be unpacked.')
  }
  if (raw.length !== expected) throw bad('The PNG is damaged: pixels are missing.')
  return toPicture(unfilter(raw, stride, channels, chunks.height), chunks)
}

function readChunks(bytes: Buffer): Chunks {
  const chunks: Chunks = {
    width: 0,
    height: 0,
    colorType: -1,
    palette: Buffer.alloc(0),
    alphas: Buffer.alloc(0),
    body: Buffer.alloc(0),
    texts: {},
  }
  const bodies: Buffer[] = []
  let at = 8
  for (;;) {
    if (at + 12 > bytes.length) throw bad('The PNG is cut off.')
    const length = bytes.readUInt32BE(at)
    if (at + 12 + length > bytes.length) throw bad('The PNG is cut off.')
    const type = bytes.toString('latin1', at + 4, at + 8)
    const body = bytes.subarray(at + 8, at + 8 + length)
    if (crc32(bytes.subarray(at + 4, at + 8 + length)) !== bytes.readUInt32BE(at + 8 + length)) {
      throw bad(`The PNG is damaged: the checksum of its ${type} chunk is wrong.`)
    }
    at += 12 + length
    if (type === 'IEND') break
    if (type === 'IDAT') bodies.push(body)
    else readChunk(chunks, type, body)
  }
  if (chunks.colorType < 0) throw bad('The PNG has no header.')
  chunks.body = Buffer.concat(bodies)
  return chunks
}

function readChunk(chunks: Chunks, type: string, body: Buffer): void {
  if (type === 'IHDR') readHeader(chunks, body)
  else if (type === 'PLTE') chunks.palette = body
  else if (type === 'tRNS') chunks.alphas = body
  else if (type === 'tEXt') {
    const end = body.indexOf(0)
    chunks.texts[body.toString('latin1', 0, end)] = body.toString('latin1', end + 1)
  } else if (type === 'iTXt') {
    const keywordEnd = body.indexOf(0)
    const languageEnd = body.indexOf(0, keywordEnd + 3)
    const translatedEnd = body.indexOf(0, languageEnd + 1)
    const isPlain = body[keywordEnd + 1] === 0
    if (isPlain) chunks.texts[body.toString('latin1', 0, keywordEnd)] = body.toString('utf8', translatedEnd + 1)
  }
}

function readHeader(chunks: Chunks, body: Buffer): void {
  if (body.length !== 13) throw bad('The PNG has no header.')
  chunks.width = body.readUInt32BE(0)
  chunks.height = body.readUInt32BE(4)
  chunks.colorType = body[9] as number
  const known = Object.hasOwn(channelsOf, chunks.colorType)
  if (!known || chunks.width < 1 || chunks.height < 1) throw bad('The PNG has an unknown form.')
  if (chunks.width * chunks.height > maxPixels) throw bad('The image is too large: at most 40 million pixels.')
  if (body[8] !== 8 || body[12] !== 0) throw bad('The sandbox reads PNG with 8 bits a channel, not interlaced.')
}

/** Undoes the filters of each row, in place, and drops their bytes. */
function unfilter(raw: Buffer, stride: number, channels: number, height: number): Buffer {
  const out = Buffer.alloc(stride * height)
  for (let row = 0; row < height; row += 1) {
    const filter = raw[row * (stride + 1)] as number
    if (filter > 4) throw bad('The PNG is damaged: a row has an unknown filter.')
    const from = row * (stride + 1) + 1
    const to = row * stride
    for (let at = 0; at < stride; at += 1) {
      const left = at >= channels ? (out[to + at - channels] as number) : 0
      const above = row > 0 ? (out[to + at - stride] as number) : 0
      const corner = row > 0 && at >= channels ? (out[to + at - stride - channels] as number) : 0
      out[to + at] = ((raw[from + at] as number) + predicted(filter, left, above, corner)) & 255
    }
  }
  return out
}

function predicted(filter: number, left: number, above: number, corner: number): number {
  if (filter === 0) return 0
  if (filter === 1) return left
  if (filter === 2) return above
  if (filter === 3) return (left + above) >> 1
  const guess = left + above - corner
  const toLeft = Math.abs(guess - left)
  const toAbove = Math.abs(guess - above)
  const toCorner = Math.abs(guess - corner)
  if (toLeft <= toAbove && toLeft <= toCorner) return left
  return toAbove <= toCorner ? above : corner
}

function toPicture(pixels: Buffer, chunks: Chunks): Picture {
  const { width, height, colorType, palette, alphas } = chunks
  const hasAlpha = colorType === 4 || colorType === 6 || (colorType === 3 && alphas.length > 0)
  const picture = newPicture(width, height, hasAlpha ? 4 : 3)
  picture.texts = chunks.texts
  if (colorType === 2 || colorType === 6) {
    picture.data = pixels
    return picture
  }
  const step = colorType === 4 ? 2 : 1
  for (let at = 0; at < width * height; at += 1) {
    const value = pixels[at * step] as number
    const to = at * picture.channels
    for (let channel = 0; channel < 3; channel += 1) {
      picture.data[to + channel] = colorType === 3 ? (palette[value * 3 + channel] ?? 0) : value
    }
    if (hasAlpha) picture.data[to + 3] = colorType === 4 ? (pixels[at * 2 + 1] as number) : (alphas[value] ?? 255)
  }
  return picture
}

function formatOf(bytes: Buffer): string {
  const start = bytes.toString('latin1', 0, 12)
  if (start.startsWith('\xff\xd8\xff')) return 'a JPEG'
  if (start.startsWith('RIFF') && start.endsWith('WEBP')) return 'a WebP'
  if (start.startsWith('GIF8')) return 'a GIF'
  return start.startsWith('BM') ? 'a BMP' : 'of an unknown format'
}

function bad(message: string): NonRetryableError {
  return new NonRetryableError('validation', message)
}
