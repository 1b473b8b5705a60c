/** A picture in memory: 8-bit RGB or RGBA, row by row. */
export interface Picture {
  width: number
  height: number
  channels: 3 | 4
  data: Uint8Array
  /** What its text chunks say, by keyword: the prompt that it was made from, for instance. */
  texts: Record<string, string>
}

export type Color = readonly [red: number, green: number, blue: number]

export function newPicture(width: number, height: number, channels: 3 | 4 = 3): Picture {
  return { width, height, channels, data: new Uint8Array(width * height * channels), texts: {} }
}

export function hex(code: string): Color {
  const value = Number.parseInt(code.replace('#', ''), 16)
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255]
}

/** From `a` (0) to `b` (1). */
export function mix(a: Color, b: Color, share: number): Color {
  const t = share < 0 ? 0 : share > 1 ? 1 : share
  return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t]
}

const white: Color = [255, 255, 255]
const black: Color = [12, 12, 20]
export const lighter = (color: Color, share: number): Color => mix(color, white, share)
export const darker = (color: Color, share: number): Color => mix(color, black, share)

/** Perceived lightness in [0, 1]. */
export function lightness(color: Color): number {
  return (0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2]) / 255
}
