/** "Did you mean" over names from outside: only so many and only so long that looking is cheap. */
import { suggest } from '../std/suggest.ts'

const longest = 60
const most = 1_000

export function nearest(name: string, known: readonly string[]): string | undefined {
  if (name.length > longest) return undefined
  return suggest(
    name,
    known.slice(0, most).filter((candidate) => candidate.length <= longest),
  )
}
