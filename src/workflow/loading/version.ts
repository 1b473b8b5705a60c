/** Compares versions as semver does; missing parts are 0, build metadata does not count. */

/** Negative when `a` is lower, positive when it is higher. */
export function compareVersions(a: string, b: string): number {
  const [one, other] = [partsOf(a), partsOf(b)]
  for (let at = 0; at < 3; at += 1) {
    const difference = (one.numbers[at] ?? 0) - (other.numbers[at] ?? 0)
    if (difference !== 0) return difference
  }
  return comparePrereleases(one.prerelease, other.prerelease)
}

function partsOf(version: string): { numbers: number[]; prerelease: string[] } {
  const [plain = ''] = version.split('+')
  const dash = plain.indexOf('-')
  const core = dash === -1 ? plain : plain.slice(0, dash)
  return {
    numbers: core.split('.').map((part) => Number.parseInt(part, 10) || 0),
    prerelease: dash === -1 ? [] : plain.slice(dash + 1).split('.'),
  }
}

/** A prerelease is lower than the release; numbers are lower than words; fewer parts are lower than more. */
function comparePrereleases(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return Number(a.length === 0) - Number(b.length === 0)
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const difference = compareParts(a[at], b[at])
    if (difference !== 0) return difference
  }
  return 0
}

function compareParts(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return Number(b === undefined) - Number(a === undefined)
  const [one, other] = [/^\d+$/.test(a), /^\d+$/.test(b)]
  if (one && other) return Number(a) - Number(b)
  if (one !== other) return one ? -1 : 1
  return a < b ? -1 : Number(a > b)
}
