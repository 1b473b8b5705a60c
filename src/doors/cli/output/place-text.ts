/** Where something is written: `replicate-agent.yaml:12`. */
import { isAbsolute } from 'node:path'
import { shortPath } from './problem.ts'

/** What a program gave has words in place of a path. */
export function placeText(place: { file: string; line?: number | undefined } | undefined, cwd: string): string {
  if (!place) return ''
  const file = isAbsolute(place.file) ? shortPath(place.file, cwd) : place.file
  return place.line === undefined ? file : `${file}:${place.line}`
}
