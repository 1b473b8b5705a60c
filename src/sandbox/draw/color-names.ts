/** The plain name of a colour. */

const names: readonly [string, number, number, number][] = [
  ['black', 20, 20, 24],
  ['dark grey', 70, 72, 78],
  ['grey', 140, 142, 146],
  ['light grey', 200, 202, 206],
  ['white', 245, 245, 242],
  ['red', 205, 55, 50],
  ['dark red', 120, 30, 40],
  ['orange', 235, 130, 50],
  ['brown', 125, 85, 58],
  ['beige', 222, 203, 178],
  ['yellow', 242, 200, 72],
  ['green', 75, 152, 92],
  ['dark green', 45, 85, 60],
  ['light green', 170, 210, 165],
  ['teal', 45, 140, 140],
  ['blue', 60, 115, 195],
  ['dark blue', 34, 50, 92],
  ['light blue', 165, 200, 228],
  ['purple', 122, 80, 168],
  ['pink', 236, 150, 180],
]

export function nameOfColor(red: number, green: number, blue: number): string {
  let best = ''
  let least = Number.POSITIVE_INFINITY
  for (const [name, r, g, b] of names) {
    const away = (red - r) ** 2 * 0.6 + (green - g) ** 2 + (blue - b) ** 2 * 0.5
    if (away < least) {
      least = away
      best = name
    }
  }
  return best
}
