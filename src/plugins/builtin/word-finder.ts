/** Finds words and phrases in text, in whatever case and whichever of Unicode's ways they are written (NFKC). */

export interface WordFinder {
  has(text: string): boolean
  /** The same text when there is nothing to mask; else its normal form, with `mask` for each word found. */
  masked(text: string, mask: string): string
}

interface Place {
  start: number
  end: number
}

/** `whole`: `ass` is not found in "class". Scripts without spaces between words need `false`. */
export function createWordFinder(words: readonly string[], whole: boolean): WordFinder {
  const find = whole ? wholeWords(words) : parts(words)
  return {
    has: (text) => !find(normal(text)).next().done,
    masked(text, mask) {
      const plain = normal(text)
      let put = ''
      let from = 0
      for (const { start, end } of find(plain)) {
        put += plain.slice(from, start) + mask
        from = end
      }
      return from === 0 ? text : put + plain.slice(from)
    },
  }
}

/** Characters that nobody sees, with which words are hidden. */
const unseen = /\p{Default_Ignorable_Code_Point}/gu

function normal(text: string): string {
  return text.normalize('NFKC').replaceAll(unseen, '')
}

function folded(text: string): string {
  return text.toLowerCase()
}

const word = /[\p{L}\p{N}\p{M}_]+/gu

function wholeWords(words: readonly string[]): (text: string) => Generator<Place> {
  // Phrases by their first word, the longest first.
  const byFirst = new Map<string, string[][]>()
  // Of signs alone there are no words: those are looked for anywhere.
  const signs: string[] = []
  for (const phrase of words) {
    const tokens = [...normal(phrase).matchAll(word)].map(([token]) => folded(token))
    const [first] = tokens
    if (first === undefined) {
      signs.push(phrase)
      continue
    }
    const known = byFirst.get(first) ?? []
    known.push(tokens)
    byFirst.set(
      first,
      known.toSorted((a, b) => b.length - a.length),
    )
  }
  const findSigns = parts(signs)
  return function* find(text) {
    const tokens = [...text.matchAll(word)].map((match) => ({
      text: folded(match[0]),
      start: match.index,
      end: match.index + match[0].length,
    }))
    const places: Place[] = [...findSigns(text)]
    for (let at = 0; at < tokens.length; at += 1) {
      const phrases = byFirst.get((tokens[at] as { text: string }).text)
      const phrase = phrases?.find((each) => each.every((token, after) => tokens[at + after]?.text === token))
      if (!phrase) continue
      const last = at + phrase.length - 1
      places.push({ start: tokens[at]?.start ?? 0, end: tokens[last]?.end ?? 0 })
      at = last
    }
    yield* apart(places)
  }
}

function parts(words: readonly string[]): (text: string) => Generator<Place> {
  const wanted = words.map((each) => normal(each).trim()).filter((each) => each !== '')
  if (wanted.length === 0) return function* none() {}
  const sorted = wanted.toSorted((a, b) => b.length - a.length)
  const any = new RegExp(sorted.map((each) => each.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|'), 'giu')
  return function* find(text) {
    for (const match of text.matchAll(any)) yield { start: match.index, end: match.index + match[0].length }
  }
}

/** In order, without those that overlap an earlier one. */
function* apart(places: readonly Place[]): Generator<Place> {
  let end = 0
  for (const place of places.toSorted((a, b) => a.start - b.start)) {
    if (place.start < end) continue
    end = place.end
    yield place
  }
}
