/** What a captioner sees: what the picture was made from, if it says so, else its size and colours. */
import type { SeenPicture } from '../text/subject-matter.ts'
import { decodePng, isPng } from './png-decode.ts'
import type { Picture } from './picture.ts'

export interface SeenDetails extends SeenPicture {
  /** What its text chunks say, by keyword. */
  texts: Record<string, string>
  /** The most frequent first. */
  colors: string[]
}

const names: readonly [string, number, number, number][] = [
  ['black', 20, 20, 24],
  ['dark grey', 70, 72, 78],
  ['grey', 140, 142, 146],
  ['light grey', 200, 202, 206],
  ['white', 245, 245, 242],
  ['red', 205, 55, 50],
  ['dark red', 120, 30, 40],
  ['orange', 235, 130, 50],
  ['brown', 125, 85, 58],
  ['beige', 222, 203, 178],
  ['yellow', 242, 200, 72],
  ['green', 75, 152, 92],
  ['dark green', 45, 85, 60],
  ['light green', 170, 210, 165],
  ['teal', 45, 140, 140],
  ['blue', 60, 115, 195],
  ['dark blue', 34, 50, 92],
  ['light blue', 165, 200, 228],
  ['purple', 122, 80, 168],
  ['pink', 236, 150, 180],
]

/** PNGs are looked at; of other formats only their name and size are known. */
export async function lookAtPicture(bytes: Buffer, mediaType: string): Promise<SeenDetails> {
  if (!isPng(bytes)) {
    const kind = mediaType.replace(/^image\//, '').toUpperCase()
    const description = `an image in a format that the sandbox does not decode (${kind}, ${Math.ceil(bytes.length / 1024)} kB)`
    return { description, width: 0, height: 0, looks: 0.5, texts: {}, colors: [] }
  }
  const picture = await decodePng(bytes)
  const { colors, looks } = measure(picture)
  const made = picture.texts['prompt'] ?? picture.texts['Description'] ?? picture.texts['Title']
  const shape = picture.width > picture.height ? 'wide' : picture.width < picture.height ? 'tall' : 'square'
  const seen = `a ${shape} picture of ${picture.width} by ${picture.height} pixels, mostly ${colors.slice(0, 3).join(', ')}`
  return {
    description: made ?? seen,
    width: picture.width,
    height: picture.height,
    looks,
    texts: picture.texts,
    colors,
  }
}

/** Looks at about 4,000 pixels. */
function measure({ width, height, channels, data }: Picture): { colors: string[]; looks: number } {
  const step = Math.max(1, Math.floor(Math.sqrt((width * height) / 4_000)))
  const counts = new Map<string, number>()
  let sum = 0
  let squares = 0
  let color = 0
  let seen = 0
  for (let y = 0; y < height; y += step) {
    for (let x = 0; x < width; x += step) {
      const at = (y * width + x) * channels
      const [red, green, blue] = [data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0]
      const name = nearest(red, green, blue)
      counts.set(name, (counts.get(name) ?? 0) + 1)
      const light = (0.299 * red + 0.587 * green + 0.114 * blue) / 255
      sum += light
      squares += light * light
      color += (Math.max(red, green, blue) - Math.min(red, green, blue)) / 255
      seen += 1
    }
  }
  const contrast = Math.sqrt(Math.max(0, squares / seen - (sum / seen) ** 2))
  const colors = [...counts].toSorted((a, b) => b[1] - a[1]).map(([name]) => name)
  return { colors, looks: Math.min(1, contrast * 2.2 + (color / seen) * 0.9) }
}

function nearest(red: number, green: number, blue: number): string {
  let best = ''
  let least = Number.POSITIVE_INFINITY
  for (const [name, r, g, b] of names) {
    const away = (red - r) ** 2 * 0.6 + (green - g) ** 2 + (blue - b) ** 2 * 0.5
    if (away < least) {
      least = away
      best = name
    }
  }
  return best
}
