/** Word-for-word translation between English and three languages: enough to see that it was translated, and back. */
import { dictionary } from './dictionary.ts'
import { baseForms, synonymOf } from './word-forms.ts'
import { isStopWord, words } from './words.ts'

export type Language = 'english' | 'german' | 'french' | 'spanish'
const column: Record<Language, number> = { english: 0, german: 1, french: 2, spanish: 3 }

const names: Record<string, Language> = {
  english: 'english',
  en: 'english',
  german: 'german',
  deutsch: 'german',
  de: 'german',
  french: 'french',
  français: 'french',
  fr: 'french',
  spanish: 'spanish',
  español: 'spanish',
  es: 'spanish',
}

export function languageNamed(text: string): Language | undefined {
  const match = /\b(?:in)?to\s+(\p{L}+)/iu.exec(text) ?? /\bin\s+(English|German|French|Spanish)\b/i.exec(text)
  return names[(match?.[1] ?? '').toLowerCase()]
}

/** `from German`, where that is said. */
export function sourceNamed(text: string): Language | undefined {
  return names[(/\bfrom\s+(\p{L}+)/iu.exec(text)?.[1] ?? '').toLowerCase()]
}

/** The one whose words it has most of. */
export function languageOf(text: string): Language {
  const found = words(text)
  const scores = (Object.keys(column) as Language[]).map((language) => {
    const known = from(language)
    return { language, score: found.filter((word) => known.has(word)).length }
  })
  return scores.reduce((best, each) => (each.score > best.score ? each : best)).language
}

export interface Translating {
  to: Language
  source?: Language | undefined
  /** English words that a critic named: they are looked up by their base form and their synonyms, too. */
  named?: ReadonlySet<string>
}

/** Words that the dictionary lacks stay as they are. */
export function translate(text: string, { to, source = languageOf(text), named }: Translating): string {
  if (source === to) return text
  const known = from(source)
  return text.replace(/[\p{L}'’]+/gu, (word) => {
    const lower = word.toLowerCase()
    const row = known.get(lower) ?? (named?.has(lower) ? looselyKnown(lower, known) : undefined)
    const other = row?.[column[to]]
    if (other === undefined) return word
    return /^\p{Lu}/u.test(word) ? other.charAt(0).toUpperCase() + other.slice(1) : other
  })
}

function looselyKnown(word: string, known: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const forms = baseForms(word)
  for (const form of [...forms, ...[word, ...forms].flatMap((each) => synonymOf(each) ?? [])]) {
    const row = known.get(form)
    if (row) return row
  }
  return undefined
}

/** Words of the original that stand in the translation as they were; names and short words aside. */
export function untranslated(original: string, translation: string): string[] {
  const there = new Set(words(translation))
  const plain = original.match(/(?<![\p{L}\p{N}])\p{L}+/gu) ?? []
  const left = plain.filter((word) => word.length > 3 && there.has(word.toLowerCase()) && !isName(word, original))
  return [...new Set(left.map((word) => word.toLowerCase()))].filter((word) => !isTheSameElsewhere(word))
}

/** `wind` is German, too. */
function isTheSameElsewhere(word: string): boolean {
  return (from('english').get(word) ?? []).slice(1).includes(word)
}

/** Words of the original that a translation back has lost. */
function lost(original: string, back: string): string[] {
  const there = new Set(words(back).flatMap((word) => [word, ...baseForms(word)]))
  const missing = words(original).filter(
    (word) =>
      word.length > 3 && !isStopWord(word) && !there.has(word) && !baseForms(word).some((form) => there.has(form)),
  )
  return [...new Set(missing)]
}

/** In [0, 1]: the share of the original's words that came back, less those that were never translated. */
export function fidelity(original: string, translation: string, back: string): number {
  const all = new Set(words(original).filter((word) => word.length > 3 && !isStopWord(word))).size
  if (all === 0) return 1
  const share = (missing: readonly string[]): number => Math.max(0, 1 - missing.length / all)
  return share(untranslated(original, translation)) * share(lost(original, back))
}

/** What a reader would point at, the worst first; as many as one would write down. */
export function problemsOf(original: string, translation: string, back: string): string[] {
  return [
    ...untranslated(original, translation).map((word) => `"${word}" is not translated`),
    ...lost(original, back).map((word) => `"${word}" is lost on the way back`),
  ].slice(0, 6)
}

/** Capitalised within a sentence. */
function isName(word: string, text: string): boolean {
  return (
    /^\p{Lu}\p{Ll}/u.test(word) &&
    new RegExp(`[\\p{Ll},] ${word}\\b`, 'u').test(text) &&
    !from('english').has(word.toLowerCase())
  )
}

const maps = new Map<Language, Map<string, readonly string[]>>()

function from(language: Language): Map<string, readonly string[]> {
  const known = maps.get(language) ?? new Map<string, readonly string[]>()
  if (known.size === 0) {
    for (const row of dictionary) {
      const word = row[column[language]]
      if (word !== undefined && !known.has(word)) known.set(word, row)
    }
    maps.set(language, known)
  }
  return known
}
