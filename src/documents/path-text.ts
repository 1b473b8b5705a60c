/** A path into data as messages name it. */
import type { Path } from './yaml-places.ts'

/** `input.images[0]`, as errors name it. */
export function pathText(label: string, path: Path): string {
  let text = label
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`
    else text += text === '' ? key : `.${key}`
  }
  return text
}
