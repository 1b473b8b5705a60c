/** Extractive summaries: the sentences whose words matter most in the text, in their order. */
import { countEach, sentences, stems, words } from './words.ts'

/** At most `count` sentences, at most `maxWords` words. */
export function summarise(text: string, count: number, maxWords = Number.POSITIVE_INFINITY): string[] {
  const all = sentences(text).filter((sentence) => words(sentence).length > 2)
  if (all.length <= count && words(text).length <= maxWords) return all
  const weights = countEach(stems(text))
  const scored = all.map((sentence, at) => ({ sentence, at, score: scoreOf(sentence, at, weights) }))
  const chosen: typeof scored = []
  let used = 0
  for (const next of scored.toSorted((a, b) => b.score - a.score || a.at - b.at)) {
    if (chosen.length >= count) break
    const length = words(next.sentence).length
    if (used + length > maxWords && chosen.length > 0) continue
    if (chosen.some(({ sentence }) => overlap(sentence, next.sentence) > 0.6)) continue
    chosen.push(next)
    used += length
  }
  return chosen.toSorted((a, b) => a.at - b.at).map(({ sentence }) => sentence)
}

/** The words that a text is about, the weightiest first. */
export function keywords(text: string, count: number): string[] {
  const spelled = new Map<string, string>()
  for (const written of text.match(/[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu) ?? []) {
    const word = written.replace(/['’]s$/, '')
    const [key] = stems(word)
    if (key === undefined) continue
    // a name is capitalised wherever it stands; other words only where a sentence begins
    const before = spelled.get(key)
    if (before === undefined || /^\p{Lu}/u.test(before)) spelled.set(key, word)
  }
  const weigh = ([key, times]: [string, number]): number => {
    const word = spelled.get(key) ?? key
    const form = /(ed|ing|ly|ate|ful|ous|ive|able|ible|ent|ant|est)$/.test(word)
      ? 0.45
      : /^\p{Lu}/u.test(word)
        ? 1.3
        : 1
    return times * Math.min(8, key.length) * form
  }
  return [...countEach(stems(text))]
    .filter(([key]) => !/^\d+$/.test(key))
    .toSorted((a, b) => weigh(b) - weigh(a))
    .slice(0, count)
    .map(([key]) => spelled.get(key) ?? key)
}

/** Frequent words and an early place count; a bit less for very short and very long sentences. */
function scoreOf(sentence: string, at: number, weights: Map<string, number>): number {
  const own = [...new Set(stems(sentence))]
  if (own.length === 0) return 0
  const sum = own.reduce((total, word) => total + Math.log(1 + (weights.get(word) ?? 0)), 0)
  const length = words(sentence).length
  const fit = length < 6 ? 0.6 : length > 40 ? 0.75 : 1
  return (sum / Math.sqrt(own.length + 2)) * fit * (at === 0 ? 1.35 : at < 4 ? 1.1 : 1)
}

function overlap(a: string, b: string): number {
  const left = new Set(stems(a))
  const right = stems(b)
  return right.filter((word) => left.has(word)).length / Math.max(1, Math.min(left.size, right.length))
}
