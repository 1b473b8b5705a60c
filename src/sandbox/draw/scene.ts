/** From a prompt to a picture: which subject, in which place, in which colours, lit how. */
import { type Random, seededRandom } from '../../std/random.ts'
import { blend, draw, ellipse, fill, glow, polygon, roundRect } from './canvas.ts'
import { choosePalette, type Palette } from './palette.ts'
import { type Color, darker, lighter, mix, newPicture, type Picture } from './picture.ts'
import { findSubject } from './subjects.ts'

export interface SceneOptions {
  width: number
  height: number
  seed: number
}

/** The same prompt, seed and size give the same picture. */
export function drawScene(prompt: string, { width, height, seed }: SceneOptions): Picture {
  const random = seededRandom(seed)
  const words = prompt.toLowerCase().match(/[a-z]+/g) ?? []
  const subject = findSubject(words)
  const palette = choosePalette(words, subject, random)
  const picture = newPicture(width, height)
  const small = Math.min(width, height)
  const place = placeOf(words)
  const horizon = Math.round(height * (place === 'studio' ? 0.66 + random() * 0.06 : 0.6 + random() * 0.08))
  drawBackground(picture, palette, horizon, random)
  drawPlace(place, picture, palette, horizon, random)
  const size = small * (0.52 + random() * 0.08)
  const cx = width / 2 + (random() - 0.5) * small * 0.14
  const ground = Math.min(height * 0.93, horizon + small * (0.15 + random() * 0.05))
  const onTable = place === 'studio' && /\b(table|desk|counter|shelf|bench|wooden floor)\b/.test(words.join(' '))
  if (onTable) drawTable(picture, horizon, words)
  else if (place === 'studio' && random() < 0.45) drawPodium(picture, cx, ground, size, palette)
  subject.draw({ picture, cx, ground, size, color: palette.subject, accent: palette.accent, random })
  vignette(picture, palette)
  picture.texts = { prompt, subject: subject.name, Software: 'replicate-agent sandbox' }
  return picture
}

type Place = 'studio' | 'hills' | 'water' | 'city' | 'space' | 'trees'

const places: [RegExp, Place][] = [
  [/\b(space|galaxy|cosmic|nebula|planet|stars?|starry|moon)\b/, 'space'],
  [/\b(city|street|urban|skyline|neon|cyberpunk|futuristic|downtown)\b/, 'city'],
  [/\b(ocean|sea|beach|lake|river|island|harbou?r|coast)\b/, 'water'],
  [/\b(forest|jungle|woods?|park|garden)\b/, 'trees'],
  [/\b(mountains?|hills?|valley|desert|dunes?|landscape|countryside|meadow|snowy?|outdoors?|field|canyon)\b/, 'hills'],
]

function placeOf(words: readonly string[]): Place {
  const text = words.join(' ')
  return places.find(([pattern]) => pattern.test(text))?.[1] ?? 'studio'
}

function drawBackground(picture: Picture, palette: Palette, horizon: number, random: Random): void {
  const { width, height } = picture
  const lightX = width * (0.25 + random() * 0.5)
  const soft = height * 0.035
  const groundFar = mix(palette.ground, palette.skyBottom, 0.35)
  fill(picture, (x, y) => {
    const sky = mix(palette.skyTop, palette.skyBottom, y / horizon)
    if (y < horizon - soft) return sky
    const ground = mix(groundFar, darker(palette.ground, 0.16), (y - horizon) / (height - horizon))
    return mix(sky, ground, (y - horizon + soft) / (2 * soft))
  })
  glow(
    picture,
    lightX,
    horizon * 0.45,
    width * 0.38,
    height * 0.34,
    lighter(palette.skyBottom, 0.6),
    palette.isDark ? 0.22 : 0.5,
  )
}

function drawPlace(place: Place, picture: Picture, palette: Palette, horizon: number, random: Random): void {
  if (place === 'studio') drawStudio(picture, palette, horizon, random)
  else if (place === 'space') drawStars(picture, palette, horizon, random)
  else if (place === 'city') drawCity(picture, palette, horizon, random)
  else {
    drawSun(picture, palette, horizon, random)
    if (place === 'water') drawWater(picture, palette, horizon, random)
    else drawHills(picture, palette, horizon, random, place === 'trees')
  }
}

/** Plain shapes on the wall: an arch or a disc behind the subject, light from a window. */
function drawStudio(picture: Picture, palette: Palette, horizon: number, random: Random): void {
  const { width, height } = picture
  const small = Math.min(width, height)
  const tone = mix(palette.skyTop, palette.accent, 0.22)
  const cx = width * (0.5 + (random() - 0.5) * 0.3)
  const kind = random()
  if (kind < 0.4) {
    const radius = small * (0.27 + random() * 0.08)
    const cy = horizon - radius * 0.75
    draw(
      picture,
      { left: cx - radius, right: cx + radius, top: cy - radius, bottom: horizon },
      (x, y) => Math.max(ellipse(cx, cy, radius, radius)(x, y), y - horizon),
      tone,
      0.85,
    )
  } else if (kind < 0.75) {
    const half = small * (0.22 + random() * 0.07)
    const top = horizon - small * 0.56
    draw(
      picture,
      { left: cx - half, right: cx + half, top, bottom: horizon },
      (x, y) => Math.max(roundRect(cx - half, top, cx + half, horizon + half * 2, half)(x, y), y - horizon),
      tone,
      0.85,
    )
  } else {
    for (const at of [0.1, 0.3, 0.5]) {
      const left = width * at
      const slant = small * 0.22
      const bar = polygon([
        [left, 0],
        [left + small * 0.11, 0],
        [left + small * 0.11 + slant, horizon],
        [left + slant, horizon],
      ])
      draw(picture, { left: 0, right: width, top: 0, bottom: horizon }, bar, lighter(palette.skyBottom, 0.5), 0.4)
    }
  }
}

/** Boards that run towards the wall. */
function drawTable(picture: Picture, horizon: number, words: readonly string[]): void {
  const { width, height } = picture
  const tone: Color = words.includes('white') || words.includes('marble') ? [226, 222, 214] : [158, 108, 68]
  const middle = width / 2
  blend(
    picture,
    { left: 0, right: width, top: horizon, bottom: height },
    (_x, y) => Math.min(1, (y - horizon) / 3),
    (x, y) => {
      const depth = (y - horizon) / (height - horizon)
      // boards spread from a point behind the wall
      const across = ((x - middle) / (0.45 + depth * 0.75) / width) * 7 + 40
      const board = Math.floor(across)
      const seam = Math.abs(across - board - 0.5) > 0.49 ? 0.35 : 0
      const grain = 0.05 * Math.sin(across * 23 + board * 5) + 0.04 * Math.sin(depth * 9 + board * 2.4)
      const shade = ((board * 37) % 7) / 60 + seam + grain + (1 - depth) * 0.06
      return shade > 0 ? darker(tone, shade) : lighter(tone, -shade)
    },
  )
}

function drawPodium(picture: Picture, cx: number, ground: number, size: number, palette: Palette): void {
  const tone = mix(palette.ground, palette.skyBottom, 0.45)
  const half = size * 0.62
  const deep = size * 0.12
  const box = { left: cx - half, right: cx + half, top: ground - deep, bottom: ground + deep * 3 }
  glow(picture, cx, ground + deep * 2, half * 1.1, deep, [20, 18, 30], 0.35)
  draw(
    picture,
    box,
    (x, y) =>
      Math.max(
        Math.abs(x - cx) - half,
        Math.min(ground - y, ellipse(cx, ground, half, deep)(x, y)),
        y - ground - deep * 1.2 - Math.sqrt(Math.max(0, 1 - ((x - cx) / half) ** 2)) * deep,
      ),
    (x) => mix(lighter(tone, 0.12), darker(tone, 0.3), (x - box.left) / (half * 2)),
  )
  draw(picture, box, ellipse(cx, ground, half, deep), lighter(tone, 0.28))
}

function drawSun(picture: Picture, palette: Palette, horizon: number, random: Random): void {
  const { width, height } = picture
  const radius = Math.min(width, height) * (0.07 + random() * 0.04)
  const cx = width * (0.18 + random() * 0.64)
  const cy = horizon * (0.24 + random() * 0.3)
  const color: Color = palette.isDark ? [246, 240, 220] : [255, 243, 205]
  glow(picture, cx, cy, radius * 2.4, radius * 2.4, color, 0.6)
  draw(
    picture,
    { left: cx - radius, right: cx + radius, top: cy - radius, bottom: cy + radius },
    ellipse(cx, cy, radius, radius),
    color,
  )
}

function drawHills(picture: Picture, palette: Palette, horizon: number, random: Random, trees: boolean): void {
  const { width, height } = picture
  for (let layer = 0; layer < 3; layer += 1) {
    const base = horizon + height * 0.02 + layer * height * 0.03
    const high = height * (0.24 - layer * 0.075)
    const phase = random() * 10
    const ridge = (x: number): number => {
      const t = (x / width) * (3 + layer * 2) + phase
      return base - high * (0.5 + 0.3 * Math.sin(t) + 0.2 * Math.sin(t * 2.3 + phase) + 0.04 * Math.sin(t * 7))
    }
    const tone = mix(palette.skyBottom, darker(palette.ground, 0.2), 0.3 + layer * 0.25)
    blend(
      picture,
      { left: 0, right: width, top: base - high * 1.1, bottom: base + height * 0.06 },
      (x, y) =>
        Math.min(1, Math.max(0, y - ridge(x))) * Math.min(1, Math.max(0, (base + height * 0.06 - y) / (height * 0.05))),
      () => tone,
    )
    if (!trees) continue
    for (let tree = 0; tree < 14; tree += 1) {
      const x = random() * width
      const top = ridge(x) - height * (0.1 - layer * 0.015)
      const half = height * 0.026
      const bottom = ridge(x) + 4
      draw(
        picture,
        { left: x - half, right: x + half, top, bottom },
        polygon([
          [x, top],
          [x + half, bottom],
          [x - half, bottom],
        ]),
        darker(tone, 0.22),
      )
    }
  }
}

function drawWater(picture: Picture, palette: Palette, horizon: number, random: Random): void {
  const { width, height } = picture
  for (let wave = 0; wave < 40; wave += 1) {
    const depth = random()
    const y = horizon + depth * (height - horizon)
    const half = width * (0.02 + depth * 0.09) * (0.5 + random())
    const x = random() * width
    const thick = 1 + depth * 3
    draw(
      picture,
      { left: x - half, right: x + half, top: y - thick, bottom: y + thick },
      ellipse(x, y, half, thick),
      lighter(palette.ground, 0.55),
      0.5,
    )
  }
}

function drawCity(picture: Picture, palette: Palette, horizon: number, random: Random): void {
  const { width, height } = picture
  for (let layer = 0; layer < 2; layer += 1) {
    const tone = mix(palette.skyTop, darker(palette.ground, 0.35), 0.45 + layer * 0.4)
    for (let x = -width * 0.02; x < width;) {
      const wide = width * (0.05 + random() * 0.06)
      const top = horizon - height * (0.12 + random() * (0.36 - layer * 0.14))
      draw(
        picture,
        { left: x, right: x + wide, top, bottom: horizon + 4 },
        roundRect(x, top, x + wide - 2, horizon + 4, 2),
        tone,
      )
      for (let wy = top + 8; wy < horizon - 8; wy += 12) {
        for (let wx = x + 5; wx < x + wide - 8; wx += 9) {
          if (random() < 0.4)
            draw(
              picture,
              { left: wx, right: wx + 4, top: wy, bottom: wy + 6 },
              roundRect(wx, wy, wx + 4, wy + 6, 1),
              palette.isDark ? [255, 214, 140] : lighter(tone, 0.3),
              0.8,
            )
        }
      }
      x += wide
    }
  }
}

function drawStars(picture: Picture, palette: Palette, horizon: number, random: Random): void {
  const { width, height } = picture
  for (let star = 0; star < 150; star += 1) {
    const radius = 0.5 + random() ** 3 * 2
    const x = random() * width
    const y = random() * horizon
    draw(
      picture,
      { left: x - 3, right: x + 3, top: y - 3, bottom: y + 3 },
      ellipse(x, y, radius, radius),
      [255, 252, 235],
      0.4 + random() * 0.6,
    )
  }
  const radius = Math.min(width, height) * (0.1 + random() * 0.06)
  const cx = width * (0.15 + random() * 0.2)
  const cy = horizon * (0.25 + random() * 0.2)
  draw(
    picture,
    { left: cx - radius, right: cx + radius, top: cy - radius, bottom: cy + radius },
    ellipse(cx, cy, radius, radius),
    (x, y) =>
      mix(
        lighter(palette.accent, 0.35),
        darker(palette.accent, 0.6),
        Math.hypot(x - cx + radius * 0.5, y - cy + radius * 0.5) / (radius * 1.9),
      ),
  )
  glow(picture, width * 0.7, height * 0.25, width * 0.3, height * 0.12, palette.skyBottom, 0.5)
}

/** A little darker towards the corners. */
function vignette(picture: Picture, palette: Palette): void {
  const { width, height } = picture
  const tone = darker(palette.ground, 0.7)
  blend(
    picture,
    { left: 0, top: 0, right: width, bottom: height },
    (x, y) => {
      const away = ((x / width - 0.5) ** 2 + (y / height - 0.5) ** 2) * 2
      return away < 0.35 ? 0 : (away - 0.35) * 0.28
    },
    () => tone,
  )
}
