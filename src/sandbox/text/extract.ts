/** Finds what can be found by its form: addresses, numbers, dates, names, places. */
import { countEach, isStopWord, sentences } from './words.ts'

const unique = (list: readonly string[]): string[] => [...new Set(list)]
const months = 'January|February|March|April|May|June|July|August|September|October|November|December'
const placeBefore =
  /\b(?:in|at|from|to|near|island of|city of|(?:republic|people|kingdom|states?|country) of|coast of|towards|through|across|around)\s+((?:the\s+)?[A-Z][\p{L}-]+(?:\s+[A-Z][\p{L}-]+)*)/gu
const firmEnd =
  /\b(Inc|Ltd|LLC|GmbH|Corp|Corporation|Company|University|Institute|Society|Museum|Academy|Association|Council|Agency|Committee|Bank|Observatory|Navy|Army|Ministry|Press|Times)\b/

export const emails = (text: string): string[] => unique(text.match(/[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g) ?? [])
export const links = (text: string): string[] => unique(text.match(/https?:\/\/[^\s"'<>)\]}]+/g) ?? [])
export const phones = (text: string): string[] =>
  unique(text.match(/\+?\d[\d ()-]{7,}\d/g) ?? []).map((each) => each.trim())
export const amounts = (text: string): string[] =>
  unique(
    text.match(/(?:[$€£]\s?\d[\d,.]*\d|[$€£]\s?\d|\b\d[\d,.]*\s?(?:dollars|euros|pounds|USD|EUR|GBP|%|percent))/g) ??
      [],
  )
export const numbers = (text: string): number[] =>
  (text.match(/(?<![\w.])-?\d[\d,]*(?:\.\d+)?(?![\w])/g) ?? []).map((each) => Number(each.replaceAll(',', '')))
export const dates = (text: string): string[] =>
  unique(
    text.match(
      new RegExp(
        `\\b(?:\\d{4}-\\d{2}-\\d{2}|\\d{1,2}[./]\\d{1,2}[./]\\d{2,4}|(?:\\d{1,2}\\s+)?(?:${months})(?:\\s+\\d{1,2})?(?:,?\\s+\\d{4})?|(?:1[5-9]|20)\\d{2})\\b`,
        'g',
      ),
    ) ?? [],
  )

/** Names of people, places and bodies: capitalised words that no sentence needed to capitalise. */
export function entities(text: string): { people: string[]; places: string[]; organizations: string[] } {
  const runs: string[] = []
  for (const sentence of sentences(text)) {
    const inner = sentence.replace(/^["'“‘(]*\S+/, (first) => (seenInside(text, first) ? first : first.toLowerCase()))
    for (const run of inner.match(
      /\b[A-Z][\p{L}'’-]*(?:\s+(?:of|de|van|von|the|and)\s+(?=[A-Z])|\s+)?(?:[A-Z][\p{L}.'’-]*\s*)*/gu,
    ) ?? []) {
      const name = run.trim().replace(/[.,'’]+$|['’]s$/g, '')
      if (name.length > 2 && !isStopWord(name.toLowerCase()) && !new RegExp(`^(?:${months})$`).test(name))
        runs.push(name)
    }
  }
  const ordered = [...countEach(runs)].toSorted((a, b) => b[1] - a[1]).map(([name]) => name)
  const located = new Set([...text.matchAll(placeBefore)].map((match) => (match[1] ?? '').replace(/^the\s+/, '')))
  const organizations = ordered.filter((name) => firmEnd.test(name) || /^[A-Z]{2,6}$/.test(name))
  const places = ordered.filter((name) => located.has(name) && !organizations.includes(name))
  const people = ordered.filter((name) => !organizations.includes(name) && !places.includes(name))
  return { people, places, organizations }
}

/** The same word also stands capitalised within a sentence. */
function seenInside(text: string, word: string): boolean {
  const bare = word.replace(/[^\p{L}'-]/gu, '')
  return bare.length > 1 && /^[A-Z]/.test(bare) && new RegExp(`[\\p{Ll},]\\s+${bare}\\b`, 'u').test(text)
}
