/** Where a subject stands and in which colours, and the one way to draw turned things: bottles, mugs, lamps. */
import type { Random } from '../../std/random.ts'
import { type Box, boxAround, draw, ellipse, glow, type Paint, type Shape } from './canvas.ts'
import { type Color, darker, lighter, mix, type Picture } from './picture.ts'

export interface Stage {
  picture: Picture
  /** Middle of the subject, in pixels. */
  cx: number
  /** Where it stands. */
  ground: number
  /** Its height. */
  size: number
  color: Color
  accent: Color
  random: Random
}

export const ink: Color = [38, 40, 50]
export const paper: Color = [248, 245, 238]

export type DrawSubject = (stage: Stage) => void

/** A point of a profile: share of the height from the top, half the width as a share of the height. */
export type ProfilePoint = readonly [t: number, halfWidth: number]

export function dropShadow({ picture, cx, ground, size }: Stage, halfWidth: number): void {
  glow(picture, cx + size * 0.05, ground, size * halfWidth * 1.15, size * 0.055, [20, 18, 30], 0.42)
}

/** A body turned around its axis, lit from the left, with rounded rims. */
export function lathe(stage: Stage, profile: readonly ProfilePoint[], color: Color, top = 0, bottom = 1): void {
  const { picture, cx, ground, size } = stage
  const topY = ground - size * (1 - top)
  const bottomY = ground - size * (1 - bottom)
  const widest = Math.max(...profile.map(([, half]) => half)) * size
  const halfAt = (y: number): number => widthAt(profile, (y - topY) / (bottomY - topY)) * size
  const shape: Shape = (x, y) => {
    // rims bulge a little, as an ellipse seen from slightly above
    const across = Math.min(1, Math.abs(x - cx) / Math.max(1, halfAt(Math.min(bottomY, Math.max(topY, y)))))
    const bulge = Math.sqrt(1 - across * across) * size * 0.022
    const vertical = Math.max(topY - y, y - bottomY - bulge)
    return Math.max(Math.abs(x - cx) - halfAt(Math.min(bottomY, y)), vertical)
  }
  const paint: Paint = (x, y) => cylinderShade(color, (x - cx) / Math.max(1, halfAt(Math.min(bottomY, y))))
  draw(picture, { left: cx - widest, right: cx + widest, top: topY, bottom: bottomY + size * 0.03 }, shape, paint)
}

/** The colour of a round body at `across` in [-1, 1]: a highlight on the left, dark on the right. */
export function cylinderShade(color: Color, across: number): Color {
  const u = Math.min(1, Math.max(-1, across))
  const light = Math.exp(-(((u + 0.42) / 0.17) ** 2)) * 0.5
  const base = mix(lighter(color, 0.14), darker(color, 0.42), (u + 1) / 2)
  return lighter(base, light)
}

/** Lit from the upper left within a box. */
export function lit(box: Box, color: Color): Paint {
  const from = lighter(color, 0.2)
  const to = darker(color, 0.28)
  return (x, y) =>
    mix(from, to, ((x - box.left) / (box.right - box.left)) * 0.45 + ((y - box.top) / (box.bottom - box.top)) * 0.55)
}

function widthAt(profile: readonly ProfilePoint[], t: number): number {
  const next = profile.findIndex(([at]) => at >= t)
  if (next <= 0) return (next === 0 ? profile[0] : profile.at(-1))?.[1] ?? 0
  const [fromT, from] = profile[next - 1] as ProfilePoint
  const [toT, to] = profile[next] as ProfilePoint
  const share = (t - fromT) / Math.max(1e-6, toT - fromT)
  return from + (to - from) * (share * share * (3 - 2 * share))
}

/** Coordinates as shares of the size: x from the middle, y upwards from the ground. */
export function place({ cx, ground, size }: Stage) {
  const all: Box = { left: cx - size, right: cx + size, top: ground - size * 1.15, bottom: ground + size * 0.06 }
  return {
    all,
    x: (share: number) => cx + share * size,
    y: (share: number) => ground - share * size,
    points: (list: readonly (readonly [number, number])[]) =>
      list.map(([x, y]) => [cx + x * size, ground - y * size] as const),
  }
}

/** Corners cut twice (Chaikin): a polygon with soft bends. */
export function smooth(points: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  let current = [...points]
  for (let round = 0; round < 2; round += 1) {
    current = current.flatMap(([ax, ay], at) => {
      const [bx, by] = current[(at + 1) % current.length] as readonly [number, number]
      return [
        [ax * 0.75 + bx * 0.25, ay * 0.75 + by * 0.25] as const,
        [ax * 0.25 + bx * 0.75, ay * 0.25 + by * 0.75] as const,
      ]
    })
  }
  return current
}

/** A flower's head. */
export function blossom({ picture }: Stage, cx: number, cy: number, radius: number, color: Color): void {
  for (let petal = 0; petal < 6; petal += 1) {
    const angle = (petal * Math.PI) / 3
    const x = cx + Math.cos(angle) * radius * 0.75
    const y = cy + Math.sin(angle) * radius * 0.75
    const box = boxAround(x, y, radius)
    draw(picture, box, ellipse(x, y, radius * 0.62, radius * 0.62), lit(box, color))
  }
  draw(picture, boxAround(cx, cy, radius), ellipse(cx, cy, radius * 0.45, radius * 0.45), [250, 205, 90])
}
