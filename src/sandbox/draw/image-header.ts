/** Kind and size of pictures that are not decoded, as their first bytes say. */

export interface ImageHeader {
  kind: 'JPEG' | 'GIF' | 'WebP' | 'AVIF' | 'TIFF'
  /** Pixels; 0 where it is not known. */
  width: number
  height: number
}

/** Undefined when the bytes begin like none of these. */
export function headerOf(bytes: Buffer): ImageHeader | undefined {
  const start = bytes.toString('latin1', 0, 12)
  if (start.startsWith('\xff\xd8')) return { kind: 'JPEG', ...sizeOfJpeg(bytes) }
  if (start.startsWith('GIF8') && bytes.length >= 10) {
    return { kind: 'GIF', width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) }
  }
  const unknown = { width: 0, height: 0 }
  if (/^RIFF....WEBP/s.test(start)) return { kind: 'WebP', ...unknown }
  if (start.slice(4) === 'ftypavif') return { kind: 'AVIF', ...unknown }
  return start.startsWith('II*\0') || start.startsWith('MM\0*') ? { kind: 'TIFF', ...unknown } : undefined
}

/** From the frame header (SOF0 to SOF15, without DHT, JPG and DAC), ITU T.81 B.2.2. */
function sizeOfJpeg(bytes: Buffer): { width: number; height: number } {
  for (let at = 2; at + 9 <= bytes.length && bytes[at] === 0xff; at += 2 + bytes.readUInt16BE(at + 2)) {
    const marker = bytes[at + 1] as number
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
    if (isFrame) return { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) }
  }
  return { width: 0, height: 0 }
}
