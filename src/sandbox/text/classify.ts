/** Feeling, urgency, and the label out of several that suits a text. */
import { alsoCalled, badWords, goodWords, hurry, negations, strong, subjects } from './lexicon.ts'
import { stems, words } from './words.ts'

/** From -1 (bad) to 1 (good); 0 when nothing is felt. */
export function feeling(text: string): number {
  const list = words(text)
  let sum = 0
  let seen = 0
  for (const [at, word] of list.entries()) {
    const sign = goodWords.has(word) ? 1 : badWords.has(word) ? -1 : 0
    if (sign === 0) continue
    const before = list.slice(Math.max(0, at - 3), at)
    const turned = !negations.has(word) && before.some((each) => negations.has(each))
    const weight = before.some((each) => strong.has(each)) ? 1.5 : 1
    sum += (turned ? -sign * 0.8 : sign) * weight
    seen += weight
  }
  const stars = /\b([1-5])(?:\s*(?:\/\s*5|stars?|out of 5))\b/i.exec(text)
  if (stars) return Math.max(-1, Math.min(1, ((Number(stars[1]) - 3) / 2) * 0.8 + (seen ? (sum / seen) * 0.2 : 0)))
  return seen === 0 ? 0 : Math.max(-1, Math.min(1, sum / (seen + 0.5)))
}

export function sentimentOf(text: string): 'positive' | 'neutral' | 'negative' | 'mixed' {
  const felt = feeling(text)
  const all = words(text)
  const good = all.filter((word) => goodWords.has(word)).length
  const bad = all.filter((word) => badWords.has(word)).length
  if (Math.abs(felt) < 0.2) return good > 0 && bad > 0 ? 'mixed' : 'neutral'
  return felt > 0 ? 'positive' : 'negative'
}

/** From 0 (whenever) up; 2 is medium, 4 is high. */
export function urgencyPoints(text: string): number {
  const points = hurry.reduce((sum, [pattern, weight]) => sum + (pattern.test(text) ? weight : 0), 0)
  return feeling(text) > 0.4 ? Math.floor(points / 2) : points
}

const scales: readonly { about: RegExp; place: (text: string) => number }[] = [
  {
    about: /^(very )?(positive|neutral|negative|mixed|good|bad|happy|unhappy|angry|satisfied|dissatisfied)$/,
    place: (text) => (feeling(text) + 1) / 2,
  },
  {
    about: /^(low|medium|high|critical|urgent|normal|none|minor|major|moderate|severe|not urgent)$/,
    place: (text) => Math.min(1, urgencyPoints(text) / 6),
  },
]
const rungs: Record<string, number> = {
  'very negative': 0,
  angry: 0,
  negative: 0.15,
  bad: 0.15,
  unhappy: 0.15,
  dissatisfied: 0.15,
  neutral: 0.5,
  mixed: 0.5,
  positive: 0.85,
  good: 0.85,
  happy: 0.85,
  satisfied: 0.85,
  'very positive': 1,
  none: 0,
  'not urgent': 0,
  low: 0.08,
  minor: 0.08,
  normal: 0.35,
  medium: 0.45,
  moderate: 0.45,
  high: 0.75,
  major: 0.75,
  urgent: 0.85,
  severe: 0.9,
  critical: 1,
}

/** The label that suits the text best; labels of a scale (positive…, low…) by feeling or urgency, others by their words. */
export function pickLabel(text: string, labels: readonly string[]): string {
  const names = labels.map((label) => label.toLowerCase().replaceAll('_', ' ').trim())
  const scale = scales.find(({ about }) => names.filter((name) => about.test(name)).length >= Math.min(2, names.length))
  if (scale) {
    const mood = sentimentOf(text)
    const mixedAt = names.indexOf('mixed')
    if (mood === 'mixed' && mixedAt >= 0) return labels[mixedAt] ?? ''
    const place = scale.place(text)
    const away = names.map((name) => Math.abs((rungs[name] ?? 2) - place) + (name === 'mixed' ? 0.2 : 0))
    return labels[away.indexOf(Math.min(...away))] ?? ''
  }
  const found = new Set(stems(text))
  const plain = words(text)
  const scores = names.map((name) => labelScore(name, found, plain))
  const best = Math.max(...scores)
  const rest = names.findIndex((name) => /^(other|none|general|misc|unknown|unrelated)/.test(name))
  if (best === 0) return labels[rest >= 0 ? rest : usualLabel(names, text)] ?? ''
  return labels[scores.indexOf(best)] ?? ''
}

/** Where no word tells: a question is about use or service, praise and blame about the thing itself. */
function usualLabel(names: readonly string[], text: string): number {
  const likely = /\?/.test(text) ? /usab|service|support|question|help/ : /quality|product|general/
  return Math.max(
    0,
    names.findIndex((name) => likely.test(name)),
  )
}

/** What a text is about among what customers write about; `general` if nothing fits. */
export function topicOf(text: string): string {
  return pickLabel(text, [...Object.keys(subjects), 'general'])
}

function labelScore(name: string, found: Set<string>, plain: readonly string[]): number {
  let score = stems(name).filter((word) => found.has(word)).length * 2
  for (const word of words(name)) {
    const vocabulary = subjects[alsoCalled[word] ?? word]
    if (vocabulary) score += plain.filter((each) => vocabulary.has(each)).length
  }
  return score
}
