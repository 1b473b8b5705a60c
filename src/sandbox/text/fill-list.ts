/** Lists of objects that a prompt asks for, as in `{"quotes": [{"source": "…", "quote": "…"}]}`. */
import type { Json } from '../../std/json.ts'
import { relevantSentences, numberedEvidence, statementsFrom } from './evidence.ts'
import { entities } from './extract.ts'
import type { SubjectMatter } from './subject-matter.ts'
import { summarise } from './summary.ts'
import type { WantedKey } from './wanted-json.ts'
import { sentences } from './words.ts'

/** Gives the value of one field; what is said of one thing is its material. */
export type Fill = (matter: SubjectMatter, key: WantedKey) => Json

/** Names that hold the thing itself; other fields are filled from what is said of it. */
const itself = /^(quote|text|passage|sentence|claim|statement|point|name|entity|fact|finding|argument|objection|title)$/

export function fillList(
  matter: SubjectMatter,
  key: WantedKey,
  inside: readonly WantedKey[],
  count: number,
  fill: Fill,
): Json[] {
  if (/^(statements|claims|findings|answers?|conclusions)$/.test(key.name)) {
    const evidence = numberedEvidence(matter.prompt)
    if (evidence.length > 0) {
      return statementsFrom(questionIn(matter), evidence, count).map((statement) =>
        object(
          inside,
          (field) => (itself.test(field.name) ? statement.text : isNumbers(field) ? statement.evidence : undefined),
          matter,
          fill,
        ),
      )
    }
  }
  if (/^(entities|people|names|persons|places|organi[sz]ations)$/.test(key.name))
    return namedThings(matter, inside, count, fill)
  return pieces(matter, key, count).map((piece) =>
    object(
      inside,
      (field) => (itself.test(field.name) ? piece : matter.parts[field.name]),
      { ...matter, material: piece, parts: {} },
      fill,
    ),
  )
}

function isNumbers({ name }: WantedKey): boolean {
  return /^(evidence|citations?|cites|sources?|numbers|refs|references)$/.test(name)
}

/** What is asked of the text, or what the prompt as a whole is about. */
function questionIn({ parts, instruction }: SubjectMatter): string {
  return parts['question'] ?? parts['query'] ?? instruction
}

function pieces(matter: SubjectMatter, key: WantedKey, count: number): string[] {
  const { parts, material } = matter
  const text = parts['text'] ?? parts['source'] ?? material
  if (parts['question'] !== undefined || /^(quotes|passages|excerpts|evidence)$/.test(key.name)) {
    return relevantSentences(questionIn(matter), text, count)
  }
  return summarise(text, count)
}

function namedThings(matter: SubjectMatter, inside: readonly WantedKey[], count: number, fill: Fill): Json[] {
  const text = matter.parts['text'] ?? matter.material
  const found = entities(text)
  const kinds: [string, string[]][] = [
    ['person', found.people],
    ['place', found.places],
    ['organization', found.organizations],
  ]
  const all = kinds.flatMap(([kind, names]) => names.map((name) => ({ kind, name })))
  const ordered = all.toSorted((a, b) => text.indexOf(a.name) - text.indexOf(b.name)).slice(0, count)
  return ordered.map(({ kind, name }) => {
    const said = sentences(text).filter((sentence) => sentence.includes(name))
    const material = said[0] ?? text
    const own = (field: WantedKey): Json | undefined => {
      if (itself.test(field.name)) return name
      if (/^(kind|type|category|label|class)$/.test(field.name))
        return optionFor(isIdea(name, text) ? 'idea' : kind, field.options)
      return /^(role|context|said|description|mention)$/.test(field.name) ? material : undefined
    }
    return object(inside, own, { ...matter, material, parts: {} }, fill)
  })
}

/** A word that was capitalised for its weight: it has an abstract ending, or stands in small letters elsewhere. */
function isIdea(name: string, text: string): boolean {
  if (/^[A-Z]+$/.test(name) || name.includes(' of ')) return true
  const last = name.split(' ').at(-1) as string
  if (/(tion|ty|ments?|ism|ance|ence|dom|ship|ists?|ican|al)$/.test(last)) return true
  return new RegExp(`\\b${last.toLowerCase()}s?\\b`).test(text)
}

/** `organisation` for `organization`; without one that fits, the last, which is `other` more often than not. */
function optionFor(kind: string, options: readonly string[]): string {
  if (options.length === 0) return kind
  return options.find((option) => option.toLowerCase().slice(0, 5) === kind.slice(0, 5)) ?? options.at(-1) ?? kind
}

function object(
  inside: readonly WantedKey[],
  own: (field: WantedKey) => Json | undefined,
  matter: SubjectMatter,
  fill: Fill,
): Json {
  return Object.fromEntries(inside.map((field) => [field.name, own(field) ?? fill(matter, field)]))
}
