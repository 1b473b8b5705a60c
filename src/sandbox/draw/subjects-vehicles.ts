/** Subjects that move: boat, rocket, car, bicycle. */
import { boxAround, draw, ellipse, line, polygon, ring, roundRect } from './canvas.ts'
import { type Color, darker, lighter } from './picture.ts'
import { type DrawSubject, dropShadow, ink, lathe, lit, paper, place, smooth } from './stage.ts'

const glass: Color = [176, 208, 222]

export const drawBoat: DrawSubject = (stage) => {
  const { picture, size, color, accent } = stage
  const { x, y, all, points } = place(stage)
  draw(picture, all, line(x(0), y(1), x(0), y(0.2), size * 0.025), [110, 84, 62])
  draw(
    picture,
    all,
    polygon(
      points([
        [0.03, 0.98],
        [0.44, 0.3],
        [0.03, 0.3],
      ]),
    ),
    lit(all, paper),
  )
  draw(
    picture,
    all,
    polygon(
      points([
        [-0.03, 0.86],
        [-0.3, 0.3],
        [-0.03, 0.3],
      ]),
    ),
    lit(all, accent),
  )
  const hull = smooth(
    points([
      [-0.5, 0.24],
      [0.54, 0.24],
      [0.4, 0.02],
      [-0.34, 0.02],
    ]),
  )
  draw(picture, all, polygon(hull), lit({ left: x(-0.5), right: x(0.5), top: y(0.24), bottom: y(0) }, color))
  for (let wave = 0; wave < 3; wave += 1) {
    const at = y(0.02 - wave * 0.05)
    draw(
      picture,
      { ...all, bottom: at + 10 },
      roundRect(x(-0.5 + wave * 0.1), at, x(0.52 - wave * 0.06), at + size * 0.014, 3),
      paper,
      0.55 - wave * 0.13,
    )
  }
}

export const drawRocket: DrawSubject = (stage) => {
  const { picture, size, color, accent } = stage
  const { x, y, all, points } = place(stage)
  draw(picture, all, ellipse(x(0), y(0.08), size * 0.09, size * 0.17), [255, 168, 66])
  draw(picture, all, ellipse(x(0), y(0.12), size * 0.045, size * 0.1), [255, 240, 190])
  for (const side of [-1, 1]) {
    draw(
      picture,
      all,
      polygon(
        smooth(
          points([
            [side * 0.14, 0.46],
            [side * 0.34, 0.22],
            [side * 0.32, 0.1],
            [side * 0.1, 0.22],
          ]),
        ),
      ),
      lit(all, accent),
    )
  }
  lathe(
    stage,
    [
      [0, 0.01],
      [0.2, 0.1],
      [0.5, 0.17],
      [0.85, 0.16],
      [1, 0.1],
    ],
    color,
    0,
    0.82,
  )
  draw(picture, all, ellipse(x(0), y(0.66), size * 0.085, size * 0.085), paper)
  draw(
    picture,
    all,
    ellipse(x(0), y(0.66), size * 0.062, size * 0.062),
    lit(boxAround(x(0), y(0.66), size * 0.06), glass),
  )
}

export const drawCar: DrawSubject = (stage) => {
  const { picture, size, color, accent } = stage
  const { x, y, all, points } = place(stage)
  dropShadow(stage, 0.72)
  const roof = smooth(
    points([
      [-0.42, 0.34],
      [-0.27, 0.6],
      [0.22, 0.6],
      [0.44, 0.34],
    ]),
  )
  draw(picture, all, polygon(roof), lit(all, darker(color, 0.08)))
  draw(
    picture,
    all,
    polygon(
      smooth(
        points([
          [-0.34, 0.36],
          [-0.24, 0.55],
          [-0.03, 0.55],
          [-0.03, 0.36],
        ]),
      ),
    ),
    lit(all, glass),
  )
  draw(
    picture,
    all,
    polygon(
      smooth(
        points([
          [0.01, 0.36],
          [0.01, 0.55],
          [0.2, 0.55],
          [0.36, 0.36],
        ]),
      ),
    ),
    lit(all, glass),
  )
  const body = { left: x(-0.68), right: x(0.68), top: y(0.38), bottom: y(0.1) }
  draw(picture, all, roundRect(body.left, body.top, body.right, body.bottom, size * 0.1), lit(body, color))
  draw(picture, all, roundRect(x(-0.67), y(0.2), x(0.67), y(0.17), 2), lighter(color, 0.3))
  draw(picture, all, ellipse(x(0.61), y(0.28), size * 0.04, size * 0.045), [255, 236, 180])
  draw(picture, all, ellipse(x(-0.63), y(0.28), size * 0.025, size * 0.045), accent)
  for (const at of [-0.38, 0.4]) {
    for (const [radius, shade] of [
      [0.15, ink],
      [0.085, [205, 208, 214]],
      [0.03, ink],
    ] as const) {
      draw(
        picture,
        all,
        ellipse(x(at), y(0.13), size * radius, size * radius),
        lit(boxAround(x(at), y(0.13), size * 0.15), shade as Color),
      )
    }
  }
}

export const drawBicycle: DrawSubject = (stage) => {
  const { picture, size, color, accent } = stage
  const { x, y, all } = place(stage)
  dropShadow(stage, 0.66)
  for (const at of [-0.4, 0.4]) {
    for (let spoke = 0; spoke < 8; spoke += 1) {
      const angle = (spoke * Math.PI) / 8
      const [dx, dy] = [Math.cos(angle) * 0.24, Math.sin(angle) * 0.24]
      draw(picture, all, line(x(at - dx), y(0.26 - dy), x(at + dx), y(0.26 + dy), 1.1), [170, 172, 178])
    }
    draw(picture, all, ring(ellipse(x(at), y(0.26), size * 0.245, size * 0.245), size * 0.032), ink)
  }
  const frame = [
    [-0.4, 0.26, -0.04, 0.26],
    [-0.04, 0.26, 0.27, 0.6],
    [-0.4, 0.26, -0.14, 0.58],
    [-0.14, 0.58, 0.26, 0.58],
    [-0.04, 0.26, -0.17, 0.68],
    [0.4, 0.26, 0.25, 0.72],
  ] as const
  for (const [ax, ay, bx, by] of frame)
    draw(picture, all, line(x(ax), y(ay), x(bx), y(by), size * 0.036), lit(all, color))
  draw(picture, all, roundRect(x(-0.27), y(0.72), x(-0.08), y(0.67), 5), darker(accent, 0.2))
  draw(picture, all, line(x(0.25), y(0.72), x(0.4), y(0.74), size * 0.035), darker(accent, 0.2))
  draw(picture, all, ellipse(x(-0.04), y(0.26), size * 0.055, size * 0.055), ink)
}
