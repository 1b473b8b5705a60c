/** What a captioner sees: what the picture was made from, if it says so, else its shape, colours and light. */
import { NonRetryableError } from '../../domain/errors.ts'
import type { SeenPicture } from '../text/subject-matter.ts'
import { listed } from '../text/dialogue.ts'
import { keywords } from '../text/summary.ts'
import { nameOfColor } from './color-names.ts'
import { headerOf } from './image-header.ts'
import { decodePng, isPng } from './png-decode.ts'
import type { Color, Picture } from './picture.ts'

export interface SeenDetails extends SeenPicture {
  /** What its text chunks say, by keyword. */
  texts: Record<string, string>
  /** The most frequent first. */
  colors: string[]
}

/** PNGs are looked at; of other formats only their kind and size are known. Throws `validation` for what is no picture. */
export async function lookAtPicture(bytes: Buffer, mediaType: string): Promise<SeenDetails> {
  if (!isPng(bytes)) return readHeader(bytes, mediaType)
  const picture = await decodePng(bytes)
  const { width, height, texts } = picture
  const { colors, accent, looks, light, middle } = measure(picture)
  const made = texts['prompt'] ?? texts['Description'] ?? texts['Title']
  const shape = shapeOf(width, height)
  const seen = `a ${shape} picture of ${width} by ${height} pixels, mostly ${[listed(colors.slice(0, 3)), ...accent.map((color) => `some ${color}`)].join(', with ')}; ${[...light, ...middle].join(', ')}`
  const tags = made === undefined ? [shape, ...light, ...colors.slice(0, 3), ...accent] : keywords(made, 5)
  return { description: made ?? seen, width, height, looks, texts, colors, tags }
}

function shapeOf(width: number, height: number): string {
  return width > height ? 'wide' : width < height ? 'tall' : 'square'
}

function readHeader(bytes: Buffer, mediaType: string): SeenDetails {
  const header = headerOf(bytes)
  if (!header) throw new NonRetryableError('validation', `cannot identify image file (${mediaType})`)
  const { kind, width, height } = header
  const size = width && height ? `of ${width} by ${height} pixels` : `of ${Math.ceil(bytes.length / 1024)} kB`
  const description = `a ${kind} picture ${size}, whose colours the sandbox can't see: it decodes PNG only`
  return { description, width, height, looks: 0.5, texts: {}, colors: [], tags: [kind, shapeOf(width, height)] }
}

interface Measured {
  colors: string[]
  /** A vivid colour that stands out, though it is none of the three most frequent. */
  accent: string[]
  looks: number
  /** Words for brightness, contrast and detail; those that can be said. */
  light: string[]
  /** What sets the middle apart, if anything does. */
  middle: string[]
}

/** Looks at about 4,000 pixels. */
function measure({ width, height, channels, data }: Picture): Measured {
  const step = Math.max(1, Math.floor(Math.sqrt((width * height) / 4_000)))
  const all = new Tally()
  const inside = new Tally()
  const outside = new Tally()
  let change = 0
  for (let y = 0; y < height; y += step) {
    let before: number | undefined
    for (let x = 0; x < width; x += step) {
      const at = (y * width + x) * channels
      const pixel = [data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0] as const
      const light = all.add(pixel)
      const away = Math.max(Math.abs(x / width - 0.5), Math.abs(y / height - 0.5))
      if (away < 0.2) inside.add(pixel)
      else if (away > 0.35) outside.add(pixel)
      change += Math.abs(light - (before ?? light))
      before = light
    }
  }
  const looks = Math.min(1, all.contrast() * 2.2 + all.saturation() * 0.9)
  return {
    colors: all.colors(),
    accent: accentOf(all),
    looks,
    light: lightWords(all, change / all.size),
    middle: middleWords(inside, outside),
  }
}

const vivid = /^(red|orange|yellow|green|teal|blue|purple|pink)$/

function accentOf(all: Tally): string[] {
  const found = all.colors().findIndex((name) => vivid.test(name))
  const name = all.colors()[found]
  return name !== undefined && found >= 3 && all.share(name) >= 0.05 ? [name] : []
}

function lightWords(all: Tally, change: number): string[] {
  const light = all.light()
  const contrast = all.contrast()
  const words = [light < 0.3 ? 'dark' : light > 0.7 ? 'bright' : 'evenly lit']
  if (contrast > 0.28) words.push('high contrast')
  else if (contrast < 0.1) words.push('low contrast')
  if (all.colorful() < 0.01) words.push('black and white')
  if (change > 0.07) words.push('finely detailed')
  else if (change < 0.02) words.push('smooth')
  return words
}

function middleWords(inside: Tally, outside: Tally): string[] {
  const [middle] = inside.colors()
  const [edge] = outside.colors()
  if (middle !== undefined && edge !== undefined && middle !== edge) return [`${middle} in the middle on ${edge}`]
  const difference = inside.light() - outside.light()
  if (Math.abs(difference) < 0.08) return []
  return [difference > 0 ? 'lighter in the middle' : 'darker in the middle']
}

/** Counts of some pixels' colours, and how light they are. */
class Tally {
  readonly #counts = new Map<string, number>()
  #sum = 0
  #squares = 0
  #color = 0
  #colorful = 0
  #seen = 0

  /** Gives the pixel's lightness in [0, 1]. */
  add([red, green, blue]: Color): number {
    const name = nameOfColor(red, green, blue)
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1)
    const light = (0.299 * red + 0.587 * green + 0.114 * blue) / 255
    this.#sum += light
    this.#squares += light * light
    const color = (Math.max(red, green, blue) - Math.min(red, green, blue)) / 255
    this.#color += color
    this.#colorful += color > 0.15 ? 1 : 0
    this.#seen += 1
    return light
  }

  get size(): number {
    return this.#seen
  }

  light(): number {
    return this.#sum / this.#seen
  }

  contrast(): number {
    return Math.sqrt(Math.max(0, this.#squares / this.#seen - this.light() ** 2))
  }

  saturation(): number {
    return this.#color / this.#seen
  }

  /** The share of pixels that are not grey. */
  colorful(): number {
    return this.#colorful / this.#seen
  }

  share(color: string): number {
    return (this.#counts.get(color) ?? 0) / this.#seen
  }

  /** The most frequent first. */
  colors(): string[] {
    return [...this.#counts].toSorted((a, b) => b[1] - a[1]).map(([name]) => name)
  }
}
