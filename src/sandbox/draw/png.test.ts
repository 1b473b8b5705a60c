import { deflateSync, crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cutOut } from './cut-out.ts'
import { lookAtPicture } from './look-at-picture.ts'
import { newPicture, type Picture } from './picture.ts'
import { decodePng } from './png-decode.ts'
import { encodePng, pngSignature } from './png-encode.ts'
import { scalePicture } from './scale.ts'
import { drawScene } from './scene.ts'

/** Chunk types and sizes, each checksum verified by hand. */
function chunksOf(png: Buffer): string[] {
  expect(png.subarray(0, 8)).toEqual(pngSignature)
  const types: string[] = []
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at)
    expect(crc32(png.subarray(at + 4, at + 8 + length))).toBe(png.readUInt32BE(at + 8 + length))
    types.push(png.toString('latin1', at + 4, at + 8))
    at += 12 + length
  }
  return types
}

function png(colorType: number, width: number, height: number, raw: number[], more: [string, number[]][] = []): Buffer {
  const chunk = (type: string, body: Buffer) => {
    const head = Buffer.concat([Buffer.from(type, 'latin1'), body])
    const [size, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
    size.writeUInt32BE(body.length)
    sum.writeUInt32BE(crc32(head))
    return Buffer.concat([size, head, sum])
  }
  const header = Buffer.from([0, 0, 0, width, 0, 0, 0, height, 8, colorType, 0, 0, 0])
  const extra = more.map(([type, body]) => chunk(type, Buffer.from(body)))
  const body = chunk('IDAT', deflateSync(Buffer.from(raw)))
  return Buffer.concat([pngSignature, chunk('IHDR', header), ...extra, body, chunk('IEND', Buffer.alloc(0))])
}

describe('PNG', () => {
  it('reads back what it wrote, whatever the size, channels and texts', async () => {
    const pictures = fc
      .record({
        width: fc.integer({ min: 1, max: 20 }),
        height: fc.integer({ min: 1, max: 20 }),
        channels: fc.constantFrom(3 as const, 4 as const),
        text: fc.string({ unit: 'grapheme' }),
      })
      .chain((shape) => {
        const size = shape.width * shape.height * shape.channels
        return fc
          .uint8Array({ minLength: size, maxLength: size })
          .map((data): Picture => ({ ...shape, data, texts: { prompt: shape.text.replaceAll('\0', '') } }))
      })
    await fc.assert(
      fc.asyncProperty(pictures, async (picture) => {
        const read = await decodePng(await encodePng(picture))
        expect({ ...read, data: [...read.data] }).toEqual({
          width: picture.width,
          height: picture.height,
          channels: picture.channels,
          data: [...picture.data],
          texts: picture.texts,
        })
      }),
      { numRuns: 60 },
    )
  })

  it('writes chunks in order with right checksums', async () => {
    const picture = drawScene('a Löwe 🦁 in the forest', { width: 40, height: 30, seed: 4 })
    expect(chunksOf(await encodePng(picture))).toEqual(['IHDR', 'iTXt', 'tEXt', 'tEXt', 'IDAT', 'IEND'])
  })

  it('reads grey, grey with alpha, palettes, and all five filters', async () => {
    expect([...(await decodePng(png(0, 2, 1, [0, 7, 9]))).data]).toEqual([7, 7, 7, 9, 9, 9])
    expect([...(await decodePng(png(4, 1, 1, [0, 7, 128]))).data]).toEqual([7, 7, 7, 128])
    const palette: [string, number[]][] = [
      ['PLTE', [1, 2, 3, 4, 5, 6]],
      ['tRNS', [0]],
    ]
    expect([...(await decodePng(png(3, 2, 1, [0, 1, 0], palette))).data]).toEqual([4, 5, 6, 255, 1, 2, 3, 0])
    const rows = [
      [0, 10, 20],
      [1, 5, 5],
      [2, 1, 1],
      [3, 2, 3],
      [4, 3, 4],
    ]
    const read = await decodePng(png(0, 2, 5, rows.flat()))
    const greys = Array.from({ length: 10 }, (_, at) => read.data[at * 3])
    expect(greys).toEqual([10, 20, 5, 10, 6, 11, 5, 11, 8, 15])
  })

  it('refuses what is no PNG, cut off, damaged or too large, each in words', async () => {
    const good = await encodePng(newPicture(4, 4))
    const damaged = Buffer.from(good)
    damaged[45] = (damaged[45] as number) ^ 1
    const cases: [Buffer, string][] = [
      [Buffer.from('GIF89a....'), 'a GIF'],
      [Buffer.from([0xff, 0xd8, 0xff, 0xe0]), 'a JPEG'],
      [Buffer.from('RIFF....WEBP'), 'a WebP'],
      [good.subarray(0, 50), 'cut off'],
      [damaged, 'checksum'],
      [png(2, 4, 4, [1, 2, 3]), 'pixels are missing'],
      [png(5, 1, 1, [0]), 'unknown form'],
    ]
    for (const [bytes, words] of cases) {
      await expect(decodePng(bytes)).rejects.toMatchObject({
        code: 'validation',
        message: expect.stringContaining(words),
      })
    }
  })
})

describe('pictures', () => {
  it('are the same for the same prompt and seed, and others for others', () => {
    const size = { width: 96, height: 64 }
    const first = drawScene('a red car', { ...size, seed: 1 })
    expect(drawScene('a red car', { ...size, seed: 1 })).toEqual(first)
    expect(drawScene('a red car', { ...size, seed: 2 }).data).not.toEqual(first.data)
    expect(drawScene('a blue car', { ...size, seed: 1 }).data).not.toEqual(first.data)
  })

  it('have the colour that was asked for where the subject stands', () => {
    const picture = drawScene('a red mug on a white table', { width: 200, height: 200, seed: 3 })
    let reddish = 0
    for (let at = 0; at < picture.data.length; at += 3) {
      const [red, green, blue] = [picture.data[at] ?? 0, picture.data[at + 1] ?? 0, picture.data[at + 2] ?? 0]
      if (red > 120 && red > green * 1.8 && red > blue * 1.8) reddish += 1
    }
    expect(reddish).toBeGreaterThan(2_000)
  })

  it('scale smoothly, keeping flat colours and texts', () => {
    const small = newPicture(2, 1)
    small.data.set([0, 0, 0, 200, 100, 50])
    small.texts = { prompt: 'x' }
    const big = scalePicture(small, 8, 2)
    const reds = Array.from({ length: 8 }, (_, x) => big.data[x * 3])
    expect(reds).toEqual(reds.toSorted((a, b) => (a ?? 0) - (b ?? 0)))
    expect([reds[0], reds[7], big.texts['prompt']]).toEqual([0, 200, 'x'])
  })

  it('lose what can be reached from the corners, and keep the rest', () => {
    const picture = newPicture(20, 20)
    picture.data.fill(240)
    for (let y = 6; y < 14; y += 1) for (let x = 6; x < 14; x += 1) picture.data.set([200, 20, 20], (y * 20 + x) * 3)
    const cut = cutOut(picture)
    const alpha = (x: number, y: number) => cut.data[(y * 20 + x) * 4 + 3]
    expect([alpha(0, 0), alpha(19, 10), alpha(6, 6), alpha(10, 10)]).toEqual([0, 0, 255, 255])
  })

  it('are seen by what they say, else by their colours', async () => {
    const drawn = await encodePng(drawScene('a yellow bag', { width: 64, height: 64, seed: 1 }))
    expect(await lookAtPicture(drawn, 'image/png')).toMatchObject({ description: 'a yellow bag' })
    const plain = newPicture(30, 20)
    for (let at = 0; at < plain.data.length; at += 3) plain.data.set([60, 115, 195], at)
    const seen = await lookAtPicture(await encodePng(plain), 'image/png')
    expect(seen.description).toBe('a wide picture of 30 by 20 pixels, mostly blue; evenly lit, low contrast, smooth')
  })

  it('have light, detail and a middle of their own', async () => {
    const spot = newPicture(40, 40)
    for (let y = 0; y < 40; y += 1) {
      for (let x = 0; x < 40; x += 1) {
        const isMiddle = Math.abs(x - 20) < 10 && Math.abs(y - 20) < 10
        spot.data.set(isMiddle ? [240, 200, 70] : [20, 20, 24], (y * 40 + x) * 3)
      }
    }
    const seen = await lookAtPicture(await encodePng(spot), 'image/png')
    expect(seen.description).toBe(
      'a square picture of 40 by 40 pixels, mostly black and yellow; dark, high contrast, smooth, yellow in the middle on black',
    )
    expect(seen.tags).toEqual(['square', 'dark', 'high contrast', 'smooth', 'black', 'yellow'])
  })

  it('of other formats have a kind and a size; what is no picture is refused', async () => {
    const jpeg = Buffer.from('ffd8ffe000044a46ffc0001108012c019003012200021101', 'hex')
    expect((await lookAtPicture(jpeg, 'image/jpeg')).description).toContain('a JPEG picture of 400 by 300 pixels')
    const gif = Buffer.concat([Buffer.from('GIF89a'), Buffer.from([10, 0, 20, 0, 0, 0])])
    expect((await lookAtPicture(gif, 'image/gif')).description).toContain('a GIF picture of 10 by 20 pixels')
    expect((await lookAtPicture(Buffer.from('RIFF\0\0\0\0WEBPVP8 '), 'image/webp')).description).toContain('WebP')
    expect((await lookAtPicture(Buffer.from([0xff, 0xd8]), 'image/jpeg')).description).toContain('JPEG picture of 1 kB')
    await expect(lookAtPicture(Buffer.from('not a picture'), 'image/png')).rejects.toThrow('cannot identify image file')
  })
})
