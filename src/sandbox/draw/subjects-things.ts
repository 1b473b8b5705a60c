/** Subjects that people make and carry: shoe, watch, headphones, camera, book, phone, bag, chair. */
import { both, boxAround, draw, ellipse, line, polygon, ring, roundRect, without } from './canvas.ts'
import { type Color, darker, lighter, mix } from './picture.ts'
import { type DrawSubject, dropShadow, ink, lit, paper, place, smooth } from './stage.ts'

export const drawShoe: DrawSubject = (stage) => {
  const { picture, size, color, accent } = stage
  const { x, y, all, points } = place(stage)
  dropShadow(stage, 0.6)
  const upper = points([
    [-0.5, 0.1],
    [-0.54, 0.34],
    [-0.5, 0.56],
    [-0.4, 0.6],
    [-0.27, 0.5],
    [-0.1, 0.46],
    [0.1, 0.36],
    [0.36, 0.27],
    [0.54, 0.22],
    [0.62, 0.13],
    [0.62, 0.08],
  ])
  draw(picture, all, polygon(smooth(upper)), lit({ left: x(-0.5), right: x(0.6), top: y(0.6), bottom: y(0.08) }, color))
  const tongue = points([
    [-0.38, 0.57],
    [-0.28, 0.66],
    [-0.17, 0.62],
    [-0.08, 0.46],
    [-0.27, 0.5],
  ])
  draw(picture, all, polygon(tongue), lit(all, darker(color, 0.22)))
  const stripe = smooth(
    points([
      [-0.34, 0.14],
      [-0.1, 0.2],
      [0.1, 0.36],
      [-0.02, 0.4],
      [-0.16, 0.27],
      [-0.4, 0.2],
    ]),
  )
  draw(picture, all, polygon(stripe), accent)
  for (let lace = 0; lace < 4; lace += 1) {
    const at = -0.2 + lace * 0.085
    draw(picture, all, line(x(at), y(0.52 - lace * 0.045), x(at + 0.085), y(0.41 - lace * 0.04), size * 0.022), paper)
  }
  const sole = roundRect(x(-0.56), y(0.12), x(0.66), y(0), size * 0.055)
  draw(picture, all, sole, lit({ left: x(-0.56), right: x(0.66), top: y(0.12), bottom: y(0) }, paper))
  draw(picture, all, roundRect(x(-0.56), y(0.035), x(0.66), y(0), size * 0.018), darker(accent, 0.2))
}

export const drawWatch: DrawSubject = (stage) => {
  const { picture, size, color, accent } = stage
  const { x, y, all } = place(stage)
  dropShadow(stage, 0.3)
  for (const [from, to] of [
    [1.02, 0.66],
    [0.34, 0],
  ] as const) {
    const box = { left: x(-0.14), right: x(0.14), top: y(from), bottom: y(to) }
    draw(picture, all, roundRect(box.left, box.top, box.right, box.bottom, size * 0.05), lit(box, color))
    draw(picture, all, line(x(-0.11), y(from - 0.03), x(-0.11), y(to + 0.03), size * 0.008), lighter(color, 0.35))
  }
  const metal = mix([190, 194, 202], accent, 0.18)
  const box = boxAround(x(0), y(0.5), size * 0.3)
  draw(picture, all, roundRect(x(0.28), y(0.54), x(0.335), y(0.46), 3), darker(metal, 0.2))
  draw(picture, all, ellipse(x(0), y(0.5), size * 0.3, size * 0.3), lit(box, metal))
  draw(picture, all, ellipse(x(0), y(0.5), size * 0.25, size * 0.25), lit(box, lighter(paper, 0.2)))
  for (let hour = 0; hour < 12; hour += 1) {
    const angle = (hour * Math.PI) / 6
    const [dx, dy] = [Math.sin(angle), -Math.cos(angle)]
    const inner = hour % 3 === 0 ? 0.185 : 0.205
    draw(
      picture,
      all,
      line(x(dx * inner), y(0.5) + dy * inner * size, x(dx * 0.225), y(0.5) + dy * 0.225 * size, size * 0.012),
      ink,
    )
  }
  draw(picture, all, line(x(0), y(0.5), x(-0.09), y(0.58), size * 0.022), ink)
  draw(picture, all, line(x(0), y(0.5), x(0.1), y(0.64), size * 0.015), ink)
  draw(picture, all, line(x(0), y(0.5), x(0.02), y(0.33), size * 0.007), accent)
  draw(picture, all, ellipse(x(0), y(0.5), size * 0.016, size * 0.016), accent)
}

export const drawHeadphones: DrawSubject = (stage) => {
  const { picture, size, color, accent } = stage
  const { x, y, all } = place(stage)
  dropShadow(stage, 0.48)
  const band = both(ring(ellipse(x(0), y(0.45), size * 0.4, size * 0.48), size * 0.075), (_x, at) => at - y(0.42))
  draw(picture, all, band, lit(all, color))
  draw(
    picture,
    all,
    both(ring(ellipse(x(0), y(0.45), size * 0.36, size * 0.44), size * 0.02), (_x, at) => at - y(0.42)),
    darker(color, 0.35),
  )
  for (const side of [-1, 1]) {
    const cup = { left: x(side * 0.4) - size * 0.11, right: x(side * 0.4) + size * 0.11, top: y(0.5), bottom: y(0.02) }
    draw(
      picture,
      all,
      roundRect(x(side * 0.3) - size * 0.05, y(0.46), x(side * 0.3) + size * 0.05, y(0.06), size * 0.05),
      ink,
    )
    draw(picture, all, roundRect(cup.left, cup.top, cup.right, cup.bottom, size * 0.1), lit(cup, color))
    draw(picture, all, ellipse(x(side * 0.41), y(0.26), size * 0.05, size * 0.11), lit(cup, accent))
  }
}

export const drawCamera: DrawSubject = (stage) => {
  const { picture, size, color, accent } = stage
  const { x, y, all } = place(stage)
  dropShadow(stage, 0.55)
  const body = { left: x(-0.52), right: x(0.52), top: y(0.62), bottom: y(0) }
  draw(
    picture,
    all,
    polygon(
      place(stage).points([
        [-0.2, 0.6],
        [-0.14, 0.74],
        [0.14, 0.74],
        [0.2, 0.6],
      ]),
    ),
    lit(all, darker(color, 0.1)),
  )
  draw(picture, all, roundRect(x(0.27), y(0.68), x(0.42), y(0.6), 4), darker(accent, 0.1))
  draw(picture, all, roundRect(body.left, body.top, body.right, body.bottom, size * 0.07), lit(body, color))
  draw(
    picture,
    all,
    both(roundRect(body.left, body.top, body.right, body.bottom, size * 0.07), (_x, at) => y(0.45) - at),
    lit(body, ink),
  )
  const lens = boxAround(x(0), y(0.3), size * 0.26)
  for (const [radius, shade] of [
    [0.26, mix([200, 203, 210], color, 0.1)],
    [0.22, ink],
    [0.15, [28, 44, 78]],
    [0.08, [54, 92, 150]],
  ] as const) {
    draw(picture, all, ellipse(x(0), y(0.3), size * radius, size * radius), lit(lens, shade as Color))
  }
  draw(picture, all, ellipse(x(-0.06), y(0.36), size * 0.035, size * 0.025), [220, 235, 255])
  draw(picture, all, ellipse(x(0.38), y(0.53), size * 0.03, size * 0.03), accent)
}

export const drawBook: DrawSubject = (stage) => {
  const { picture, size, color, accent } = stage
  const { x, y, all } = place(stage)
  dropShadow(stage, 0.42)
  draw(picture, all, roundRect(x(-0.33), y(0.94), x(0.38), y(0), size * 0.02), darker(color, 0.3))
  draw(picture, all, roundRect(x(-0.3), y(0.92), x(0.36), y(0.02), 2), (at) =>
    mix(paper, [205, 198, 184], ((at | 0) % 4) / 5),
  )
  const cover = { left: x(-0.36), right: x(0.32), top: y(0.97), bottom: y(0.02) }
  draw(picture, all, roundRect(cover.left, cover.top, cover.right, cover.bottom, size * 0.02), lit(cover, color))
  draw(picture, all, roundRect(x(-0.36), y(0.97), x(-0.29), y(0.02), size * 0.02), darker(color, 0.25))
  draw(picture, all, ring(roundRect(x(-0.24), y(0.9), x(0.27), y(0.08), size * 0.02), 2), lighter(accent, 0.15))
  draw(picture, all, roundRect(x(-0.16), y(0.8), x(0.19), y(0.74), 3), accent)
  draw(picture, all, roundRect(x(-0.1), y(0.7), x(0.13), y(0.67), 2), lighter(color, 0.4))
  draw(picture, all, ellipse(x(0.015), y(0.38), size * 0.13, size * 0.13), lit(all, accent))
  draw(
    picture,
    all,
    without(ellipse(x(0.015), y(0.38), size * 0.13, size * 0.13), ellipse(x(0.06), y(0.42), size * 0.12, size * 0.12)),
    lighter(accent, 0.4),
  )
}

export const drawPhone: DrawSubject = (stage) => {
  const { picture, size, color, accent } = stage
  const { x, y, all } = place(stage)
  dropShadow(stage, 0.28)
  const frame = { left: x(-0.26), right: x(0.26), top: y(1.02), bottom: y(0) }
  draw(picture, all, roundRect(frame.left, frame.top, frame.right, frame.bottom, size * 0.075), lit(frame, ink))
  const glassBox = { left: x(-0.235), right: x(0.235), top: y(0.995), bottom: y(0.025) }
  const wallpaper = (_x: number, at: number): Color =>
    mix(lighter(color, 0.35), darker(color, 0.2), (at - glassBox.top) / (glassBox.bottom - glassBox.top))
  draw(picture, all, roundRect(glassBox.left, glassBox.top, glassBox.right, glassBox.bottom, size * 0.055), wallpaper)
  draw(picture, all, roundRect(x(-0.07), y(0.98), x(0.07), y(0.95), 5), ink)
  for (let icon = 0; icon < 12; icon += 1) {
    const [cx, cy] = [x(-0.155 + (icon % 4) * 0.103), y(0.62 - Math.floor(icon / 4) * 0.13)]
    const shade = [accent, paper, lighter(accent, 0.4), darker(color, 0.4)][icon % 4] as Color
    draw(
      picture,
      all,
      roundRect(cx - size * 0.037, cy - size * 0.037, cx + size * 0.037, cy + size * 0.037, size * 0.014),
      shade,
    )
  }
}

export const drawBag: DrawSubject = (stage) => {
  const { picture, size, color, accent } = stage
  const { x, y, all, points } = place(stage)
  dropShadow(stage, 0.48)
  draw(
    picture,
    all,
    ring(ellipse(x(0), y(0.66), size * 0.19, size * 0.28), size * 0.045),
    lit(all, darker(color, 0.25)),
  )
  const body = points([
    [-0.36, 0.66],
    [0.36, 0.66],
    [0.46, 0.05],
    [0.42, 0],
    [-0.42, 0],
    [-0.46, 0.05],
  ])
  draw(picture, all, polygon(body), lit({ left: x(-0.46), right: x(0.46), top: y(0.66), bottom: y(0) }, color))
  const flap = smooth(
    points([
      [-0.37, 0.67],
      [0.37, 0.67],
      [0.34, 0.42],
      [0, 0.3],
      [-0.34, 0.42],
    ]),
  )
  draw(picture, all, polygon(flap), lit(all, darker(color, 0.12)))
  draw(picture, all, roundRect(x(-0.06), y(0.4), x(0.06), y(0.26), size * 0.02), lit(all, accent))
}

export const drawChair: DrawSubject = (stage) => {
  const { picture, size, color, accent } = stage
  const { x, y, all, points } = place(stage)
  dropShadow(stage, 0.42)
  for (const [from, to, fromY] of [
    [-0.26, -0.34, 0.42],
    [0.26, 0.34, 0.42],
    [-0.2, -0.22, 0.46],
    [0.2, 0.22, 0.46],
  ] as const) {
    draw(picture, all, line(x(from), y(fromY), x(to), y(0), size * 0.04), darker(accent, 0.3))
  }
  const back = { left: x(-0.3), right: x(0.3), top: y(1.02), bottom: y(0.46) }
  draw(picture, all, roundRect(back.left, back.top, back.right, back.bottom, size * 0.14), lit(back, color))
  const seat = smooth(
    points([
      [-0.32, 0.5],
      [0.32, 0.5],
      [0.38, 0.4],
      [0.3, 0.36],
      [-0.3, 0.36],
      [-0.38, 0.4],
    ]),
  )
  draw(picture, all, polygon(seat), lit(back, lighter(color, 0.12)))
}
