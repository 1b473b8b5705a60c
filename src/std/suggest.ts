/** "Did you mean": the known name closest to what was written. */

/** The nearest of `known` within a third of its length (at least one edit), or undefined. */
export function suggest(written: string, known: Iterable<string>): string | undefined {
  let best: string | undefined
  let bestDistance = Number.POSITIVE_INFINITY
  for (const name of known) {
    const allowed = Math.max(1, Math.floor(Math.max(name.length, written.length) / 3))
    if (Math.abs(name.length - written.length) > allowed) continue
    const distance = editDistance(written.toLowerCase(), name.toLowerCase())
    if (distance <= allowed && distance < bestDistance) {
      best = name
      bestDistance = distance
    }
  }
  return best
}

/** Edits (insert, delete, replace, swap of neighbours) between two words: optimal string alignment. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const replace = (last[column - 1] as number) + (a[row - 1] === b[column - 1] ? 0 : 1)
      let distance = Math.min(replace, (last[column] as number) + 1, (current[column - 1] as number) + 1)
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        distance = Math.min(distance, (beforeLast[column - 2] as number) + 1)
      }
      current.push(distance)
    }
    beforeLast = last
    last = current
  }
  return last[b.length] as number
}
