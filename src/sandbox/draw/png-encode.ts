/** Writes a picture as PNG, its texts as tEXt (or iTXt, where Latin-1 can't say it) chunks. */
import { promisify } from 'node:util'
import { crc32, deflate } from 'node:zlib'
import type { Picture } from './picture.ts'

const compress = promisify(deflate)
export const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

export async function encodePng(picture: Picture): Promise<Buffer> {
  const { width, height, channels } = picture
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = 8
  header[9] = channels === 4 ? 6 : 2
  const texts = Object.entries(picture.texts).map(([keyword, text]) => textChunk(keyword, text))
  const body = await compress(filtered(picture), { level: 4 })
  return Buffer.concat([
    pngSignature,
    chunk('IHDR', header),
    ...texts,
    chunk('IDAT', body),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** Each row as its difference to the row above ("up"): what is drawn here is smooth downwards. */
function filtered({ width, height, channels, data }: Picture): Buffer {
  const stride = width * channels
  const out = Buffer.alloc((stride + 1) * height)
  for (let row = 0; row < height; row += 1) {
    const to = row * (stride + 1)
    const from = row * stride
    out[to] = row === 0 ? 0 : 2
    for (let at = 0; at < stride; at += 1) {
      const above = row === 0 ? 0 : (data[from + at - stride] as number)
      out[to + 1 + at] = ((data[from + at] as number) - above) & 255
    }
  }
  return out
}

function textChunk(keyword: string, text: string): Buffer {
  if (/^[\n\x20-\x7e\xa0-\xff]*$/.test(text)) return chunk('tEXt', Buffer.from(`${keyword}\0${text}`, 'latin1'))
  return chunk('iTXt', Buffer.concat([Buffer.from(`${keyword}\0\0\0\0\0`, 'latin1'), Buffer.from(text, 'utf8')]))
}

function chunk(type: string, body: Buffer): Buffer {
  const made = Buffer.alloc(body.length + 12)
  made.writeUInt32BE(body.length, 0)
  made.write(type, 4, 'latin1')
  body.copy(made, 8)
  made.writeUInt32BE(crc32(made.subarray(4, 8 + body.length)), 8 + body.length)
  return made
}
