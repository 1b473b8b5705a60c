/** Placeholders for what is masked in one call: numbered as it is met, so that the same input always gets the same ones. */
import type { Json } from '../../std/json.ts'
import type { Found } from './pii-kinds.ts'

export interface Placeholders {
  readonly count: number
  /** The text with placeholders for what was found in it; equal values have equal ones. */
  put(text: string, found: readonly Found[]): string
  /** Where placeholders stand in a text, and what for. */
  find(text: string): { start: number; end: number; value: string }[]
}

/** Models write what they were given in other ways, too: in another case, or escaped for HTML, Markdown or JSON. */
const written = /(?:<|&lt;|\\<|\\u003c)([A-Z][A-Z0-9_]{0,31}_\d{1,9})(?:>|&gt;|\\>|\\u003e)/gi

/** What `input` itself has in it is no placeholder of ours, and no number of it is used. */
export function createPlaceholders(input: Json): Placeholders {
  let taken: Set<string> | undefined
  const byValue = new Map<string, string>()
  const values = new Map<string, string>()
  const counts = new Map<string, number>()

  function placeholderOf(value: string, label: string): string {
    // The same text may be of two kinds in two places.
    const known = byValue.get(value)
    if (known !== undefined) return known
    taken ??= new Set([...JSON.stringify(input).matchAll(written)].map(([, name = '']) => name.toUpperCase()))
    let number = counts.get(label) ?? 0
    do number += 1
    while (taken.has(`${label}_${number}`))
    counts.set(label, number)
    const name = `${label}_${number}`
    values.set(name, value)
    byValue.set(value, `<${name}>`)
    return `<${name}>`
  }

  return {
    get count() {
      return values.size
    },
    put(text, found) {
      let put = ''
      let from = 0
      for (const { start, end, label } of found) {
        put += text.slice(from, start) + placeholderOf(text.slice(start, end), label)
        from = end
      }
      return from === 0 ? text : put + text.slice(from)
    },
    find(text) {
      const places: { start: number; end: number; value: string }[] = []
      for (const match of text.matchAll(written)) {
        const value = values.get((match[1] as string).toUpperCase())
        if (value !== undefined) places.push({ start: match.index, end: match.index + match[0].length, value })
      }
      return places
    },
  }
}
