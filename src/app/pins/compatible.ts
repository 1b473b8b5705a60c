/** Which versions can stand for each other: those of one major line by their tags, or, without tags, of one schema. */
import type { ModelVersion } from '../../domain/version-pin.ts'

type Facts = Pick<ModelVersion, 'tag' | 'fingerprint'>

interface Tag {
  major: number
  minor: number
  patch: number
  isPrerelease: boolean
}

/** Whether whoever was content with the one will be with the other. */
export function isCompatible(one: Facts, other: Facts): boolean {
  const [first, second] = [tagOf(one), tagOf(other)]
  if (first && second) return lineOf(first) === lineOf(second)
  return one.fingerprint !== undefined && one.fingerprint === other.fingerprint
}

/** Whether a model has another schema than it was locked with; where none was known then, nobody can tell. */
export function hasOtherSchema(locked: Facts, now: Facts): boolean {
  return locked.fingerprint !== undefined && locked.fingerprint !== now.fingerprint
}

/** The best of `newer` (newest first) that may take the place of `locked` by itself; never a lower tag, no prerelease. */
export function newestCompatible(locked: Facts, newer: readonly ModelVersion[]): ModelVersion | undefined {
  const fits = newer.filter((version) => {
    const [from, to] = [tagOf(locked), tagOf(version)]
    if (!isCompatible(locked, version)) return false
    return !from || !to || (compare(to, from) >= 0 && (!to.isPrerelease || from.isPrerelease))
  })
  return fits.reduce<ModelVersion | undefined>((best, version) => {
    const [from, to] = [best && tagOf(best), tagOf(version)]
    return !best || (from && to && compare(to, from) > 0) ? version : best
  }, undefined)
}

function tagOf({ tag }: Facts): Tag | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)(-)?/.exec(tag ?? '')
  if (!match) return undefined
  const [major, minor, patch] = match.slice(1, 4).map(Number) as [number, number, number]
  return { major, minor, patch, isPrerelease: match[4] !== undefined }
}

/** Before 1.0.0, the second number is what says that something broke. */
function lineOf({ major, minor }: Tag): string {
  return major > 0 ? `${major}` : `0.${minor}`
}

function compare(a: Tag, b: Tag): number {
  return a.major - b.major || a.minor - b.minor || a.patch - b.patch
}
