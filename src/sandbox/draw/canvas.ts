/** Drawing with soft edges: shapes are signed distances in pixels (negative inside), colours functions of the place. */
import { type Color, mix, type Picture } from './picture.ts'

export type Shape = (x: number, y: number) => number
export type Paint = (x: number, y: number) => Color
export interface Box {
  left: number
  top: number
  right: number
  bottom: number
}

// ordered dithering keeps gradients free of bands without the size that noise costs
const bayer = [0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5]

/** Colours every pixel. */
export function fill(picture: Picture, paint: Paint): void {
  const { width, height, data } = picture
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const color = paint(x, y)
      const dither = (bayer[(x & 3) + ((y & 3) << 2)] as number) / 16
      const at = (y * width + x) * 3
      data[at] = color[0] + dither
      data[at + 1] = color[1] + dither
      data[at + 2] = color[2] + dither
    }
  }
}

/** Draws a shape within a box that holds it. */
export function draw(picture: Picture, box: Box, shape: Shape, paint: Paint | Color, alpha = 1): void {
  const color = typeof paint === 'function' ? paint : () => paint
  blend(picture, box, (x, y) => Math.min(1, Math.max(0, 0.5 - shape(x, y))) * alpha, color)
}

/** Mixes colours in by a share in [0, 1] for each place. */
export function blend(picture: Picture, box: Box, share: (x: number, y: number) => number, paint: Paint): void {
  const { width, height, data } = picture
  const right = Math.min(width - 1, Math.ceil(box.right + 1))
  const bottom = Math.min(height - 1, Math.ceil(box.bottom + 1))
  for (let y = Math.max(0, Math.floor(box.top - 1)); y <= bottom; y += 1) {
    for (let x = Math.max(0, Math.floor(box.left - 1)); x <= right; x += 1) {
      const part = share(x, y)
      if (part <= 0) continue
      const color = paint(x, y)
      const at = (y * width + x) * 3
      for (let channel = 0; channel < 3; channel += 1) {
        const under = data[at + channel] as number
        data[at + channel] = Math.min(255, Math.max(0, under + ((color[channel] as number) - under) * part + 0.5))
      }
    }
  }
}

/** A gaussian spot: shadows, glows, haze. */
export function glow(picture: Picture, cx: number, cy: number, rx: number, ry: number, color: Color, alpha: number): void {
  const box = { left: cx - rx * 2.2, top: cy - ry * 2.2, right: cx + rx * 2.2, bottom: cy + ry * 2.2 }
  const share = (x: number, y: number): number => {
    const away = ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2
    return away > 4.8 ? 0 : alpha * Math.exp(-away)
  }
  blend(picture, box, share, () => color)
}

export const ellipse =
  (cx: number, cy: number, rx: number, ry: number): Shape =>
  (x, y) => {
    const dx = (x - cx) / rx
    const dy = (y - cy) / ry
    const away = Math.sqrt(dx * dx + dy * dy)
    if (away < 1e-6) return -Math.min(rx, ry)
    // distance along the gradient: exact for circles, close for ellipses
    const slope = Math.sqrt((dx / rx) ** 2 + (dy / ry) ** 2) / away
    return (away - 1) / slope
  }

export const roundRect =
  (left: number, top: number, right: number, bottom: number, radius: number): Shape =>
  (x, y) => {
    const dx = Math.abs(x - (left + right) / 2) - (right - left) / 2 + radius
    const dy = Math.abs(y - (top + bottom) / 2) - (bottom - top) / 2 + radius
    return Math.hypot(Math.max(dx, 0), Math.max(dy, 0)) + Math.min(Math.max(dx, dy), 0) - radius
  }

export const polygon =
  (points: readonly (readonly [number, number])[]): Shape =>
  (x, y) => {
    let nearest = Number.POSITIVE_INFINITY
    let inside = false
    for (let at = 0, before = points.length - 1; at < points.length; before = at, at += 1) {
      const [ax, ay] = points[at] as readonly [number, number]
      const [bx, by] = points[before] as readonly [number, number]
      nearest = Math.min(nearest, toSegment(x, y, ax, ay, bx, by))
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside
    }
    return inside ? -nearest : nearest
  }

export const line =
  (ax: number, ay: number, bx: number, by: number, thickness: number): Shape =>
  (x, y) =>
    toSegment(x, y, ax, ay, bx, by) - thickness / 2

export const ring = (shape: Shape, thickness: number): Shape => (x, y) => Math.abs(shape(x, y)) - thickness / 2
export const both = (a: Shape, b: Shape): Shape => (x, y) => Math.max(a(x, y), b(x, y))
export const without = (a: Shape, b: Shape): Shape => (x, y) => Math.max(a(x, y), -b(x, y))
export const either =
  (...shapes: Shape[]): Shape =>
  (x, y) =>
    Math.min(...shapes.map((shape) => shape(x, y)))

export function boxAround(cx: number, cy: number, rx: number, ry = rx): Box {
  return { left: cx - rx, top: cy - ry, right: cx + rx, bottom: cy + ry }
}

/** From one colour to another, from top to bottom. */
export const vertical =
  (top: number, bottom: number, from: Color, to: Color): Paint =>
  (_x, y) =>
    mix(from, to, (y - top) / (bottom - top))

function toSegment(x: number, y: number, ax: number, ay: number, bx: number, by: number): number {
  const dx = bx - ax
  const dy = by - ay
  const length = dx * dx + dy * dy
  const along = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length))
  return Math.hypot(x - ax - along * dx, y - ay - along * dy)
}
