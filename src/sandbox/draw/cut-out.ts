/** Makes the background transparent: what can be reached from the corners without crossing an edge. */
import { newPicture, type Picture } from './picture.ts'

/** Two neighbours whose colours differ by more than this (sum over channels) are parted by an edge. */
const edge = 14
/** Nothing this far from its corner's colour is background. */
const farthest = 190

export function cutOut(picture: Picture): Picture {
  const { width, height, channels, data } = picture
  const isBackground = flood(picture)
  const cut = newPicture(width, height, 4)
  cut.texts = picture.texts
  for (let at = 0; at < width * height; at += 1) {
    for (let channel = 0; channel < 3; channel += 1) cut.data[at * 4 + channel] = data[at * channels + channel] ?? 0
    const alpha = channels === 4 ? (data[at * 4 + 3] ?? 255) : 255
    cut.data[at * 4 + 3] = isBackground[at] === 1 ? 0 : alpha
  }
  return cut
}

function flood({ width, height, channels, data }: Picture): Uint8Array {
  const marked = new Uint8Array(width * height)
  const differs = (a: number, b: number): number =>
    Math.abs((data[a * channels] ?? 0) - (data[b * channels] ?? 0)) +
    Math.abs((data[a * channels + 1] ?? 0) - (data[b * channels + 1] ?? 0)) +
    Math.abs((data[a * channels + 2] ?? 0) - (data[b * channels + 2] ?? 0))
  for (const corner of [0, width - 1, (height - 1) * width, height * width - 1]) {
    const open = [corner]
    while (open.length > 0) {
      const at = open.pop() as number
      if (marked[at] === 1) continue
      marked[at] = 1
      const x = at % width
      const around = [x > 0 ? at - 1 : -1, x < width - 1 ? at + 1 : -1, at - width, at + width]
      for (const next of around) {
        if (next < 0 || next >= marked.length || marked[next] === 1) continue
        if (differs(at, next) <= edge && differs(corner, next) <= farthest) open.push(next)
      }
    }
  }
  return marked
}
