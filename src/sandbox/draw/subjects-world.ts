/** Subjects of the world outside: house, tree, cat, robot, flower, and a still life. */
import { boxAround, draw, ellipse, line, polygon, roundRect } from './canvas.ts'
import { type Color, darker, lighter, mix } from './picture.ts'
import { blossom, type DrawSubject, dropShadow, ink, lit, paper, place, smooth } from './stage.ts'

export const drawHouse: DrawSubject = (stage) => {
  const { picture, color, accent } = stage
  const { x, y, all, points } = place(stage)
  dropShadow(stage, 0.55)
  const walls = { left: x(-0.4), right: x(0.4), top: y(0.55), bottom: y(0) }
  draw(picture, all, roundRect(x(0.18), y(0.92), x(0.28), y(0.6), 2), darker(accent, 0.35))
  draw(picture, all, roundRect(walls.left, walls.top, walls.right, walls.bottom, 2), lit(walls, color))
  draw(
    picture,
    all,
    polygon(
      points([
        [-0.5, 0.52],
        [0, 0.96],
        [0.5, 0.52],
      ]),
    ),
    lit(all, accent),
  )
  draw(picture, all, roundRect(x(-0.08), y(0.3), x(0.08), y(0), 3), darker(accent, 0.3))
  for (const at of [-0.25, 0.25]) {
    draw(picture, all, roundRect(x(at - 0.09), y(0.42), x(at + 0.09), y(0.22), 3), paper)
    draw(picture, all, roundRect(x(at - 0.075), y(0.405), x(at + 0.075), y(0.235), 2), lit(all, [255, 226, 150]))
    draw(picture, all, line(x(at), y(0.42), x(at), y(0.22), 2), paper)
  }
}

export const drawTree: DrawSubject = (stage) => {
  const { picture, size, color, random } = stage
  const { x, y, all } = place(stage)
  dropShadow(stage, 0.5)
  draw(
    picture,
    all,
    polygon(
      place(stage).points([
        [-0.06, 0.5],
        [0.06, 0.5],
        [0.1, 0],
        [-0.1, 0],
      ]),
    ),
    lit(all, [112, 80, 58]),
  )
  for (const [at, high, radius] of [
    [-0.22, 0.52, 0.21],
    [0.23, 0.54, 0.2],
    [-0.12, 0.74, 0.22],
    [0.15, 0.76, 0.2],
    [0, 0.6, 0.24],
    [0.02, 0.9, 0.16],
  ] as const) {
    const wobble = (random() - 0.5) * 0.04
    const box = boxAround(x(at + wobble), y(high), size * radius)
    draw(picture, all, ellipse(x(at + wobble), y(high), size * radius, size * radius), lit(box, color))
  }
}

export const drawCat: DrawSubject = (stage) => {
  const { picture, size, color, accent } = stage
  const { x, y, all, points } = place(stage)
  dropShadow(stage, 0.36)
  const tail = smooth(
    points([
      [0.2, 0.04],
      [0.48, 0.08],
      [0.56, 0.34],
      [0.47, 0.4],
      [0.44, 0.18],
      [0.2, 0.14],
    ]),
  )
  draw(picture, all, polygon(tail), lit(all, darker(color, 0.1)))
  draw(
    picture,
    all,
    ellipse(x(0), y(0.26), size * 0.28, size * 0.28),
    lit(boxAround(x(0), y(0.26), size * 0.28), color),
  )
  draw(picture, all, ellipse(x(0), y(0.22), size * 0.14, size * 0.19), lighter(color, 0.35))
  for (const side of [-1, 1]) {
    draw(
      picture,
      all,
      polygon(
        points([
          [side * 0.24, 0.68],
          [side * 0.22, 0.96],
          [side * 0.05, 0.82],
        ]),
      ),
      lit(all, darker(color, 0.12)),
    )
    draw(
      picture,
      all,
      polygon(
        points([
          [side * 0.21, 0.74],
          [side * 0.2, 0.89],
          [side * 0.1, 0.81],
        ]),
      ),
      mix(color, [240, 160, 160], 0.6),
    )
  }
  draw(
    picture,
    all,
    ellipse(x(0), y(0.65), size * 0.27, size * 0.23),
    lit(boxAround(x(0), y(0.65), size * 0.27), color),
  )
  for (const side of [-1, 1]) {
    draw(picture, all, ellipse(x(side * 0.11), y(0.67), size * 0.055, size * 0.062), accent)
    draw(picture, all, ellipse(x(side * 0.11), y(0.67), size * 0.02, size * 0.052), ink)
    draw(picture, all, ellipse(x(side * 0.11 - 0.015), y(0.7), size * 0.012, size * 0.012), paper)
    for (const rise of [-0.03, 0.01, 0.05]) {
      draw(picture, all, line(x(side * 0.07), y(0.57), x(side * 0.32), y(0.56 + rise), 1.4), lighter(color, 0.65))
    }
    draw(picture, all, ellipse(x(side * 0.1), y(0.04), size * 0.075, size * 0.045), lighter(color, 0.2))
  }
  draw(
    picture,
    all,
    polygon(
      points([
        [-0.03, 0.6],
        [0.03, 0.6],
        [0, 0.565],
      ]),
    ),
    [222, 126, 126],
  )
}

export const drawRobot: DrawSubject = (stage) => {
  const { picture, size, color, accent } = stage
  const { x, y, all } = place(stage)
  dropShadow(stage, 0.36)
  const part = (left: number, top: number, right: number, bottom: number, radius: number, shade: Color) => {
    const box = { left: x(left), right: x(right), top: y(top), bottom: y(bottom) }
    draw(picture, all, roundRect(box.left, box.top, box.right, box.bottom, size * radius), lit(box, shade))
  }
  draw(picture, all, line(x(0), y(0.95), x(0), y(1.05), size * 0.02), darker(color, 0.3))
  draw(picture, all, ellipse(x(0), y(1.06), size * 0.035, size * 0.035), accent)
  part(-0.16, 0.16, -0.04, 0, 0.03, darker(color, 0.3))
  part(0.04, 0.16, 0.16, 0, 0.03, darker(color, 0.3))
  part(-0.4, 0.5, -0.29, 0.18, 0.05, darker(color, 0.15))
  part(0.29, 0.5, 0.4, 0.18, 0.05, darker(color, 0.15))
  part(-0.27, 0.54, 0.27, 0.13, 0.06, color)
  part(-0.15, 0.44, 0.15, 0.28, 0.03, darker(color, 0.4))
  for (const at of [-0.08, 0, 0.08])
    draw(picture, all, ellipse(x(at), y(0.36), size * 0.025, size * 0.025), at === 0 ? paper : accent)
  part(-0.28, 0.95, 0.28, 0.58, 0.1, color)
  part(-0.22, 0.87, 0.22, 0.66, 0.08, ink)
  for (const at of [-0.1, 0.1])
    draw(picture, all, ellipse(x(at), y(0.77), size * 0.045, size * 0.055), lighter(accent, 0.25))
}

export const drawFlower: DrawSubject = (stage) => {
  const { picture, size, color } = stage
  const { x, y, all } = place(stage)
  dropShadow(stage, 0.2)
  const green: Color = [84, 142, 92]
  draw(picture, all, line(x(0), y(0.65), x(0.02), y(0), size * 0.03), lit(all, green))
  for (const [side, high] of [
    [-1, 0.2],
    [1, 0.32],
  ] as const) {
    const leaf = smooth(
      place(stage).points([
        [0, high],
        [side * 0.14, high + 0.12],
        [side * 0.3, high + 0.1],
        [side * 0.16, high],
      ]),
    )
    draw(picture, all, polygon(leaf), lit(all, green))
  }
  blossom({ ...stage }, x(0), y(0.72), size * 0.2, color)
}

export const drawStillLife: DrawSubject = (stage) => {
  const { picture, size, color, accent, random } = stage
  const { x, y, all, points } = place(stage)
  const shift = (random() - 0.5) * 0.2
  dropShadow(stage, 0.62)
  const third = mix(color, accent, 0.5)
  const arch = { left: x(-0.5 + shift), right: x(0.02 + shift), top: y(0.9), bottom: y(0) }
  draw(
    picture,
    { ...all, bottom: y(0) },
    (px, py) => Math.max(roundRect(arch.left, arch.top, arch.right, y(-0.4), size * 0.26)(px, py), py - y(0)),
    lit(arch, lighter(third, 0.2)),
  )
  draw(
    picture,
    all,
    polygon(
      points([
        [0.2 + shift, 0.72],
        [0.5 + shift, 0],
        [-0.08 + shift, 0],
      ]),
    ),
    lit({ left: x(-0.1 + shift), right: x(0.5 + shift), top: y(0.72), bottom: y(0) }, accent),
  )
  const ball = boxAround(x(-0.12 - shift), y(0.2), size * 0.2)
  draw(picture, all, ellipse(x(-0.12 - shift), y(0.2), size * 0.2, size * 0.2), (px, py) => {
    const away = Math.hypot(px - (ball.left + size * 0.12), py - (ball.top + size * 0.12)) / (size * 0.34)
    return mix(lighter(color, 0.5), darker(color, 0.35), away)
  })
}
