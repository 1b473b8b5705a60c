/** Passages that bear on a question, statements that rest on numbered passages, and whether they do. */
import { containment, likeness } from './judge.ts'
import { capitalised, countEach, sentences, stems, words } from './words.ts'

/** Sentences of the text that share the most telling words with the question, in their order; none where none does. */
export function relevantSentences(question: string, text: string, count: number): string[] {
  const all = sentences(text).filter((sentence) => words(sentence).length >= 6 && words(sentence).length <= 70)
  const weigh = weigher(question, all)
  const scored = all.map((sentence, at) => ({ sentence, at, weight: weigh(sentence) }))
  const best = Math.max(0, ...scored.map(({ weight }) => weight))
  return scored
    .filter(({ weight }) => weight > 0 && weight >= best / 3)
    .toSorted((a, b) => b.weight - a.weight || a.at - b.at)
    .slice(0, count)
    .toSorted((a, b) => a.at - b.at)
    .map(({ sentence }) => sentence)
}

/** How much a piece says of what is asked: rare words of the question count more than frequent ones. */
function weigher(question: string, pieces: readonly string[]): (piece: string) => number {
  const asked = new Set(stems(question))
  const spread = countEach(pieces.flatMap((piece) => [...new Set(stems(piece))]))
  return (piece) => {
    const own = new Set(stems(piece))
    const shared = [...own].filter((word) => asked.has(word))
    const sum = shared.reduce((total, word) => total + Math.log(1 + pieces.length / (spread.get(word) ?? 1)), 0)
    return sum / Math.sqrt(own.size + 8)
  }
}

interface Numbered {
  number: number
  text: string
}

/** Lines such as `[3] (paper.txt) "…"`. */
export function numberedEvidence(prompt: string): Numbered[] {
  const lines = prompt.split('\n').map((line) => /^\[(\d{1,3})\] ?(?:\([^)]*\))?(.*)$/.exec(line.trim()))
  return lines.flatMap((match) => {
    const text = (match?.[2] ?? '').trim().replace(/^["“]/, '').replace(/["”]$/, '')
    return match && text !== '' ? [{ number: Number(match[1]), text }] : []
  })
}

export interface Statement {
  text: string
  evidence: number[]
}

/** The most telling clause of each piece of evidence, the best first; pieces that say the same share one statement. */
export function statementsFrom(question: string, evidence: readonly Numbered[], count: number): Statement[] {
  const weigh = weigher(
    question,
    evidence.map(({ text }) => text),
  )
  const statements: Statement[] = []
  for (const { number, text } of evidence.toSorted((a, b) => weigh(b.text) - weigh(a.text))) {
    const clause = tellingClause(text, weigh)
    const same = statements.find((statement) => likeness(statement.text, clause) > 0.4)
    if (same) same.evidence = [...same.evidence, number].toSorted((a, b) => a - b)
    else if (statements.length < count) statements.push({ text: clause, evidence: [number] })
  }
  return statements
}

function tellingClause(text: string, weigh: (piece: string) => number): string {
  // what is telling in a passage stands near its beginning, and no passage is a book
  const clauses = text
    .slice(0, 1_000)
    .split(/[;:]\s+|,\s+(?=(?:and|who|which|whether|while)\b)|,(?<!\bnot only\b.*)\s+(?=but\b)/)
  const long = clauses.filter((clause) => words(clause).length >= 5)
  const best = long.reduce((chosen, each) => (weigh(each) > weigh(chosen) ? each : chosen), long[0] ?? text)
  return `${capitalised(
    best
      .trim()
      .replace(/^(and|but|while)\s+/i, '')
      .replace(/^["“'(]+|["”').,;:]+$/g, ''),
  )}.`
}

/** The numbers that a statement ends with (`… [1, 3]`), and how much of it stands in that evidence, in [0, 1]. */
export function supportOf(statement: string, evidence: readonly Numbered[]): { numbers: number[]; share: number } {
  const cited = [...statement.matchAll(/\[([\d,\s]+)\]/g)].flatMap((match) => (match[1] ?? '').split(',').map(Number))
  const used = cited.length > 0 ? evidence.filter(({ number }) => cited.includes(number)) : evidence
  const share = containment(statement.replace(/\[[\d,\s]+\]/g, ''), used.map(({ text }) => text).join(' '))
  return { numbers: used.map(({ number }) => number), share }
}
