/** Bilinear scaling. */
import { newPicture, type Picture } from './picture.ts'

export function scalePicture(picture: Picture, width: number, height: number): Picture {
  const scaled = newPicture(width, height, picture.channels)
  scaled.texts = picture.texts
  const columns = steps(picture.width, width)
  const rows = steps(picture.height, height)
  const { channels, data } = picture
  const stride = picture.width * channels
  let to = 0
  for (const row of rows) {
    const above = row.from * stride
    const below = row.next * stride
    for (const column of columns) {
      const left = column.from * channels
      const right = column.next * channels
      for (let channel = 0; channel < channels; channel += 1) {
        const top = mixed(data[above + left + channel] ?? 0, data[above + right + channel] ?? 0, column.share)
        const bottom = mixed(data[below + left + channel] ?? 0, data[below + right + channel] ?? 0, column.share)
        scaled.data[to] = mixed(top, bottom, row.share) + 0.5
        to += 1
      }
    }
  }
  return scaled
}

/** For each new place the two old ones that it lies between, and how far along. */
function steps(old: number, now: number): { from: number; next: number; share: number }[] {
  return Array.from({ length: now }, (_, at) => {
    const place = Math.min(old - 1, Math.max(0, ((at + 0.5) * old) / now - 0.5))
    const from = Math.floor(place)
    return { from, next: Math.min(old - 1, from + 1), share: place - from }
  })
}

function mixed(a: number, b: number, share: number): number {
  return a + (b - a) * share
}
