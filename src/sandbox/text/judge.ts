/** Which of several candidates fits a brief best, and how well something was done. */
import { keywords } from './summary.ts'
import { capitalised, stems, words } from './words.ts'

export interface Candidate {
  /** What it says or shows. */
  text: string
  /** Breaks ties: contrast and colour of a picture, in [0, 1]. */
  looks: number
}

export interface Verdict {
  /** From 1. */
  best: number
  /** From 0 to 10, in order. */
  scores: number[]
  reason: string
}

/** Undefined without candidates. */
export function judgeCandidates(brief: string, candidates: readonly Candidate[]): Verdict | undefined {
  if (candidates.length === 0) return undefined
  const wanted = new Set(stems(brief))
  const scores = candidates.map(({ text, looks }) => {
    const own = new Set(stems(text))
    const hits = [...own].filter((word) => wanted.has(word)).length
    const fit = own.size === 0 ? 0 : hits / Math.sqrt(own.size * Math.max(1, Math.min(wanted.size, 20)))
    return Math.round((2.5 + 5 * Math.min(1, fit) + 2.5 * looks) * 10) / 10
  })
  const at = scores.indexOf(Math.max(...scores))
  const chosen = candidates[at] as Candidate
  const shared = [...new Set(words(chosen.text))]
    .filter((word) => stems(word).some((each) => wanted.has(each)))
    .slice(0, 4)
  const shows =
    shared.length > 0 ? `it has what the brief asks for (${shared.join(', ')})` : 'it comes closest to the brief'
  const others = candidates.length > 1 ? `, and scores ${scores[at]} against ${nextBest(scores, at)} for the next` : ''
  return { best: at + 1, scores, reason: `Number ${at + 1} fits best: ${shows}${others}.` }
}

/** Listed candidates: `1. …`, `Picture 2: …`, `B) …`. */
export function listedCandidates(prompt: string): string[] {
  const line =
    /^\s*(?:[-*]\s*)?(?:(?:picture|image|photo|option|candidate|caption|drawing|answer|summary|text)\s*)?(?:#|no\.?\s*)?(\d{1,2}|[A-H])\s*[.:)–-]\s+(.+)$/gim
  const found = [...prompt.matchAll(line)].map((match) => (match[2] ?? '').trim())
  if (found.length > 1) return found
  const array = /\[\s*"(?:[^"\\]|\\.)*"(?:\s*,\s*"(?:[^"\\]|\\.)*")+\s*\]/.exec(prompt)?.[0]
  if (array === undefined) return []
  try {
    return JSON.parse(array) as string[]
  } catch {
    return []
  }
}

/** How much of the first text's meaning the second keeps, in [0, 1]. */
export function likeness(a: string, b: string): number {
  const left = new Set(stems(a))
  const right = new Set(stems(b))
  if (left.size === 0 || right.size === 0) return 0
  const shared = [...left].filter((word) => right.has(word)).length
  return (2 * shared) / (left.size + right.size)
}

/** How much of what a short text says is in the long one, in [0, 1]. */
export function containment(short: string, long: string): number {
  const own = new Set(stems(short))
  const there = new Set(stems(long))
  return own.size === 0 ? 0 : [...own].filter((word) => there.has(word)).length / own.size
}

/** How well a text is written, in [0, 1]: long enough, varied, in sentences, with substance. */
export function craft(text: string): number {
  const all = words(text)
  if (all.length === 0) return 0
  const variety = new Set(all).size / Math.sqrt(all.length * 12)
  const ended = /[.!?"”)]\s*$/.test(text) ? 0.2 : 0
  return Math.min(1, 0.25 + ended + Math.min(0.3, all.length / 200) + Math.min(0.25, variety * 0.25))
}

/** A sentence that says why a score is what it is. */
export function scoreReason(text: string, share: number): string {
  const about = keywords(text, 3).join(', ')
  const verdict = share > 0.75 ? 'strong' : share > 0.5 ? 'sound' : share > 0.3 ? 'uneven' : 'weak'
  return capitalised(
    `${verdict} work${about ? ` on ${about}` : ''}: ${share > 0.5 ? 'clear and to the point' : 'it leaves much out'}.`,
  )
}

function nextBest(scores: readonly number[], best: number): number {
  return Math.max(...scores.filter((_, at) => at !== best))
}
