/** Drawing with soft edges: shapes are signed distances in pixels (negative inside), colours functions of the place. */
import type { Color, Picture } from './picture.ts'

export type Paint = (x: number, y: number) => Color
export interface Box {
  left: number
  top: number
  right: number
  bottom: number
}
/** `box`, where known, holds all of it, so that nothing else is looked at. */
export interface Shape {
  (x: number, y: number): number
  box?: Box
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

/** Draws a shape as far as it lies within a box. */
export function draw(picture: Picture, box: Box, shape: Shape, paint: Paint | Color, alpha = 1): void {
  const within = shape.box ? overlap(box, shape.box) : box
  blend(picture, within, (x, y) => Math.min(1, Math.max(0, 0.5 - shape(x, y))) * alpha, paint)
}

/** Mixes colours in by a share in [0, 1] for each place. */
export function blend(picture: Picture, box: Box, share: (x: number, y: number) => number, paint: Paint | Color): void {
  const { width, height, data } = picture
  const right = Math.min(width - 1, Math.ceil(box.right + 1))
  const bottom = Math.min(height - 1, Math.ceil(box.bottom + 1))
  for (let y = Math.max(0, Math.floor(box.top - 1)); y <= bottom; y += 1) {
    for (let x = Math.max(0, Math.floor(box.left - 1)); x <= right; x += 1) {
      const part = share(x, y)
      if (part <= 0) continue
      const color = typeof paint === 'function' ? paint(x, y) : paint
      const at = (y * width + x) * 3
      for (let channel = 0; channel < 3; channel += 1) {
        const under = data[at + channel] as number
        data[at + channel] = Math.min(255, Math.max(0, under + ((color[channel] as number) - under) * part + 0.5))
      }
    }
  }
}

/** A gaussian spot: shadows, glows, haze. */
export function glow(
  picture: Picture,
  cx: number,
  cy: number,
  rx: number,
  ry: number,
  color: Color,
  alpha: number,
): void {
  const box = { left: cx - rx * 2.2, top: cy - ry * 2.2, right: cx + rx * 2.2, bottom: cy + ry * 2.2 }
  const share = (x: number, y: number): number => {
    const away = ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2
    return away > 4.8 ? 0 : alpha * Math.exp(-away)
  }
  blend(picture, box, share, color)
}

export function ellipse(cx: number, cy: number, rx: number, ry: number): Shape {
  return bounded(boxAround(cx, cy, rx, ry), (x, y) => {
    const dx = (x - cx) / rx
    const dy = (y - cy) / ry
    const away = Math.sqrt(dx * dx + dy * dy)
    if (away < 1e-6) return -Math.min(rx, ry)
    // distance along the gradient: exact for circles, close for ellipses
    const slope = Math.sqrt((dx / rx) ** 2 + (dy / ry) ** 2) / away
    return (away - 1) / slope
  })
}

export function roundRect(left: number, top: number, right: number, bottom: number, radius: number): Shape {
  return bounded({ left, top, right, bottom }, (x, y) => {
    const dx = Math.abs(x - (left + right) / 2) - (right - left) / 2 + radius
    const dy = Math.abs(y - (top + bottom) / 2) - (bottom - top) / 2 + radius
    const outside = dx > 0 && dy > 0 ? Math.sqrt(dx * dx + dy * dy) : Math.max(dx, dy, 0)
    return outside + Math.min(Math.max(dx, dy), 0) - radius
  })
}

export function polygon(points: readonly (readonly [number, number])[]): Shape {
  const xs = points.map(([x]) => x)
  const ys = points.map(([, y]) => y)
  const box = { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) }
  return bounded(box, (x, y) => {
    let nearest = Number.POSITIVE_INFINITY
    let inside = false
    for (let at = 0, before = points.length - 1; at < points.length; before = at, at += 1) {
      const [ax, ay] = points[at] as readonly [number, number]
      const [bx, by] = points[before] as readonly [number, number]
      nearest = Math.min(nearest, toSegmentSquared(x, y, ax, ay, bx, by))
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside
    }
    return inside ? -Math.sqrt(nearest) : Math.sqrt(nearest)
  })
}

export function line(ax: number, ay: number, bx: number, by: number, thickness: number): Shape {
  const half = thickness / 2
  const box = { left: Math.min(ax, bx), right: Math.max(ax, bx), top: Math.min(ay, by), bottom: Math.max(ay, by) }
  return bounded(grown(box, half), (x, y) => Math.sqrt(toSegmentSquared(x, y, ax, ay, bx, by)) - half)
}

export function ring(shape: Shape, thickness: number): Shape {
  return bounded(shape.box && grown(shape.box, thickness / 2), (x, y) => Math.abs(shape(x, y)) - thickness / 2)
}

export function both(a: Shape, b: Shape): Shape {
  const box = a.box && b.box ? overlap(a.box, b.box) : (a.box ?? b.box)
  return bounded(box, (x, y) => Math.max(a(x, y), b(x, y)))
}

export function without(a: Shape, b: Shape): Shape {
  return bounded(a.box, (x, y) => Math.max(a(x, y), -b(x, y)))
}

export function boxAround(cx: number, cy: number, rx: number, ry = rx): Box {
  return { left: cx - rx, top: cy - ry, right: cx + rx, bottom: cy + ry }
}

function bounded(box: Box | undefined, distance: (x: number, y: number) => number): Shape {
  return box ? Object.assign(distance, { box }) : distance
}

function overlap(a: Box, b: Box): Box {
  return {
    left: Math.max(a.left, b.left),
    top: Math.max(a.top, b.top),
    right: Math.min(a.right, b.right),
    bottom: Math.min(a.bottom, b.bottom),
  }
}

function grown(box: Box, by: number): Box {
  return { left: box.left - by, top: box.top - by, right: box.right + by, bottom: box.bottom + by }
}

function toSegmentSquared(x: number, y: number, ax: number, ay: number, bx: number, by: number): number {
  const dx = bx - ax
  const dy = by - ay
  const length = dx * dx + dy * dy
  const along = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length))
  const awayX = x - ax - along * dx
  const awayY = y - ay - along * dy
  return awayX * awayX + awayY * awayY
}
