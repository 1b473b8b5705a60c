/** What the cache held that was most like a call: says why the call was not the same. */
import type { CacheEntry } from '../../domain/cache.ts'

/** Fields of the input. */
export interface Differences {
  changed: string[]
  /** The call has them, what was kept has not. */
  added: string[]
  removed: string[]
}

type Asked = Pick<CacheEntry, 'key' | 'parts'>

/** The one with the fewest differences, the newest of several; undefined: there is none that has any field in common. */
export function nearestEntry(
  asked: Asked,
  entries: readonly CacheEntry[],
): { entry: CacheEntry; differences: Differences } | undefined {
  let nearest: { entry: CacheEntry; differences: Differences; size: number } | undefined
  for (const entry of entries) {
    if (entry.key === asked.key) continue
    const differences = differencesOf(asked.parts, entry.parts)
    const size = Object.values(differences).flat().length
    const isNearer =
      !nearest || size < nearest.size || (size === nearest.size && entry.created_at > nearest.entry.created_at)
    if (isNearer) nearest = { entry, differences, size }
  }
  return nearest && { entry: nearest.entry, differences: nearest.differences }
}

function differencesOf(now: Asked['parts'], then: Asked['parts']): Differences {
  const [asked, kept] = [Object.keys(now), Object.keys(then)]
  return {
    changed: asked.filter((key) => Object.hasOwn(then, key) && then[key] !== now[key]),
    added: asked.filter((key) => !Object.hasOwn(then, key)),
    removed: kept.filter((key) => !Object.hasOwn(now, key)),
  }
}
