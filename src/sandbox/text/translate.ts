/** Word-for-word translation between English and three languages: enough to see that it was translated, and back. */
import { dictionary } from './dictionary.ts'
import { words } from './words.ts'

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

/** The one whose words it has most of. */
export function languageOf(text: string): Language {
  const found = words(text)
  const scores = (Object.keys(column) as Language[]).map((language) => {
    const known = from(language)
    return { language, score: found.filter((word) => known.has(word)).length }
  })
  return scores.reduce((best, each) => (each.score > best.score ? each : best)).language
}

/** Words that the dictionary lacks stay as they are. */
export function translate(text: string, to: Language, source: Language = languageOf(text)): string {
  if (source === to) return text
  const known = from(source)
  return text.replace(/[\p{L}'’]+/gu, (word) => {
    const row = known.get(word.toLowerCase())
    const other = row?.[column[to]]
    if (other === undefined) return word
    return /^\p{Lu}/u.test(word) ? other.charAt(0).toUpperCase() + other.slice(1) : other
  })
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
