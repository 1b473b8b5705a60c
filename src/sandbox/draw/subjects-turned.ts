/** Subjects that are turned bodies: bottle, mug, jar, candle, vase with a plant, lamp, glass, cake. */
import { boxAround, draw, ellipse, glow, line, ring, roundRect } from './canvas.ts'
import { type Color, darker, lighter, mix } from './picture.ts'
import { blossom, cylinderShade, type DrawSubject, dropShadow, lathe, lit, type Stage } from './stage.ts'

const cream: Color = [246, 239, 224]

export const drawBottle: DrawSubject = (stage) => {
  dropShadow(stage, 0.22)
  lathe(
    stage,
    [
      [0, 0.19],
      [0.04, 0.2],
      [0.95, 0.2],
      [1, 0.185],
    ],
    stage.color,
    0.36,
    1,
  )
  lathe(
    stage,
    [
      [0, 0.075],
      [0.35, 0.085],
      [1, 0.2],
    ],
    stage.color,
    0.16,
    0.38,
  )
  lathe(
    stage,
    [
      [0, 0.08],
      [0.1, 0.088],
      [1, 0.088],
    ],
    darker(stage.accent, 0.15),
    0.06,
    0.18,
  )
  label(stage, 0.56, 0.83, 0.2)
}

export const drawJar: DrawSubject = (stage) => {
  dropShadow(stage, 0.32)
  lathe(
    stage,
    [
      [0, 0.24],
      [0.14, 0.31],
      [0.92, 0.31],
      [1, 0.28],
    ],
    stage.color,
    0.3,
    1,
  )
  lathe(
    stage,
    [
      [0, 0.25],
      [0.2, 0.27],
      [1, 0.27],
    ],
    darker(stage.accent, 0.1),
    0.2,
    0.33,
  )
  label(stage, 0.52, 0.84, 0.31)
}

export const drawMug: DrawSubject = (stage) => {
  const { picture, cx, ground, size, color } = stage
  dropShadow(stage, 0.4)
  const handle = boxAround(cx + size * 0.33, ground - size * 0.4, size * 0.24)
  const arc = ring(ellipse(cx + size * 0.33, ground - size * 0.4, size * 0.16, size * 0.19), size * 0.065)
  draw(picture, handle, arc, lit(handle, darker(color, 0.12)))
  lathe(
    stage,
    [
      [0, 0.33],
      [0.06, 0.335],
      [0.85, 0.32],
      [1, 0.25],
    ],
    color,
    0.22,
    1,
  )
  rim(stage, 0.22, 0.33, mix([92, 58, 38], stage.accent, 0.15))
  for (const [at, away] of [
    [-0.1, 0],
    [0.04, 0.07],
    [0.17, -0.02],
  ] as const) {
    for (let step = 0; step < 6; step += 1) {
      const y = ground - size * (0.9 + away + step * 0.045)
      glow(
        picture,
        cx + size * (at + 0.025 * Math.sin(step * 1.3)),
        y,
        size * 0.024,
        size * 0.04,
        [255, 255, 255],
        0.16,
      )
    }
  }
}

export const drawCandle: DrawSubject = (stage) => {
  const { picture, cx, ground, size } = stage
  dropShadow(stage, 0.3)
  glow(picture, cx, ground - size * 0.86, size * 0.36, size * 0.36, [255, 214, 130], 0.55)
  lathe(
    stage,
    [
      [0, 0.27],
      [0.95, 0.27],
      [1, 0.24],
    ],
    stage.color,
    0.34,
    1,
  )
  rim(stage, 0.34, 0.27, cream)
  draw(
    picture,
    boxAround(cx, ground - size * 0.68, size * 0.1),
    line(cx, ground - size * 0.66, cx, ground - size * 0.74, size * 0.014),
    [50, 40, 40],
  )
  flame(stage, cx, ground - size * 0.82)
  label(stage, 0.55, 0.85, 0.27)
}

export const drawVase: DrawSubject = (stage) => {
  const { picture, cx, ground, size, accent, random } = stage
  dropShadow(stage, 0.3)
  const green: Color = [74, 132, 88]
  for (let stem = 0; stem < 7; stem += 1) {
    const lean = (stem - 3) * 0.11 + (random() - 0.5) * 0.05
    const tipX = cx + size * lean * 1.5
    const tipY = ground - size * (1.02 - Math.abs(lean) * 0.55)
    const box = {
      left: Math.min(cx, tipX) - size * 0.2,
      right: Math.max(cx, tipX) + size * 0.2,
      top: tipY - size * 0.2,
      bottom: ground,
    }
    draw(
      picture,
      box,
      line(cx + size * lean * 0.3, ground - size * 0.42, tipX, tipY, size * 0.014),
      darker(green, 0.25),
    )
    if (stem % 2 === 0) blossom(stage, tipX, tipY, size * 0.085, stem % 4 === 0 ? accent : lighter(accent, 0.35))
    else
      draw(
        picture,
        boxAround(tipX, tipY, size * 0.2),
        ellipse(tipX, tipY, size * 0.05, size * 0.13),
        lit(boxAround(tipX, tipY, size * 0.13), green),
      )
  }
  lathe(
    stage,
    [
      [0, 0.12],
      [0.12, 0.1],
      [0.5, 0.25],
      [0.85, 0.2],
      [1, 0.15],
    ],
    stage.color,
    0.46,
    1,
  )
}

export const drawLamp: DrawSubject = (stage) => {
  const { picture, cx, ground, size } = stage
  dropShadow(stage, 0.24)
  glow(picture, cx, ground - size * 0.72, size * 0.62, size * 0.5, [255, 222, 150], 0.5)
  lathe(
    stage,
    [
      [0, 0.02],
      [0.86, 0.022],
      [0.93, 0.17],
      [1, 0.19],
    ],
    darker(stage.accent, 0.2),
    0.44,
    1,
  )
  lathe(
    stage,
    [
      [0, 0.17],
      [1, 0.34],
    ],
    stage.color,
    0.08,
    0.5,
  )
  rim(stage, 0.5, 0.34, [255, 236, 190])
}

export const drawGlass: DrawSubject = (stage) => {
  const clear = mix(stage.color, [255, 255, 255], 0.35)
  dropShadow(stage, 0.2)
  lathe(
    stage,
    [
      [0, 0.03],
      [0.8, 0.026],
      [0.9, 0.14],
      [1, 0.17],
    ],
    clear,
    0.5,
    1,
  )
  lathe(
    stage,
    [
      [0, 0.19],
      [0.5, 0.25],
      [1, 0.04],
    ],
    clear,
    0.08,
    0.54,
  )
  lathe(
    stage,
    [
      [0, 0.235],
      [0.3, 0.24],
      [1, 0.035],
    ],
    stage.accent,
    0.25,
    0.53,
  )
}

export const drawCake: DrawSubject = (stage) => {
  const { picture, cx, ground, size } = stage
  dropShadow(stage, 0.46)
  lathe(
    stage,
    [
      [0, 0.46],
      [1, 0.46],
    ],
    cream,
    0.95,
    1,
  )
  lathe(
    stage,
    [
      [0, 0.38],
      [1, 0.38],
    ],
    stage.color,
    0.6,
    0.95,
  )
  lathe(
    stage,
    [
      [0, 0.385],
      [0.7, 0.385],
      [1, 0.37],
    ],
    cream,
    0.56,
    0.7,
  )
  rim(stage, 0.56, 0.385, lighter(cream, 0.4))
  for (const at of [-0.24, -0.08, 0.08, 0.24]) {
    const x = cx + size * at
    draw(
      picture,
      boxAround(x, ground - size * 0.52, size * 0.12),
      roundRect(x - size * 0.018, ground - size * 0.62, x + size * 0.018, ground - size * 0.43, 2),
      stage.accent,
    )
    flame({ ...stage, size: size * 0.5 }, x, ground - size * 0.68)
  }
}

/** The opening of a turned body, seen from slightly above. */
function rim({ picture, cx, ground, size, color }: Stage, top: number, halfWidth: number, inside: Color): void {
  const y = ground - size * (1 - top)
  const box = boxAround(cx, y, size * halfWidth, size * 0.07)
  draw(picture, box, ellipse(cx, y, size * halfWidth, size * 0.05), lighter(color, 0.25))
  draw(picture, box, ellipse(cx, y + 1, size * (halfWidth - 0.03), size * 0.038), lit(box, inside))
}

function label({ picture, cx, ground, size, accent }: Stage, from: number, to: number, halfWidth: number): void {
  const box = {
    left: cx - size * halfWidth,
    right: cx + size * halfWidth,
    top: ground - size * (1 - from),
    bottom: ground - size * (1 - to),
  }
  const paper = (x: number) => cylinderShade(cream, (x - cx) / (size * halfWidth))
  draw(picture, box, roundRect(box.left + 1, box.top, box.right - 1, box.bottom, 1), paper)
  const middle = (box.top + box.bottom) / 2
  draw(
    picture,
    box,
    roundRect(
      cx - size * halfWidth * 0.6,
      middle - size * 0.045,
      cx + size * halfWidth * 0.6,
      middle - size * 0.012,
      2,
    ),
    darker(accent, 0.1),
  )
  draw(
    picture,
    box,
    roundRect(
      cx - size * halfWidth * 0.42,
      middle + size * 0.02,
      cx + size * halfWidth * 0.42,
      middle + size * 0.036,
      2,
    ),
    [120, 112, 104],
  )
}

function flame({ picture, size }: Stage, x: number, y: number): void {
  draw(picture, boxAround(x, y, size * 0.1), ellipse(x, y, size * 0.035, size * 0.085), [255, 176, 66])
  draw(picture, boxAround(x, y, size * 0.1), ellipse(x, y + size * 0.025, size * 0.018, size * 0.045), [255, 244, 205])
}
