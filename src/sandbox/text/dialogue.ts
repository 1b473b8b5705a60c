/** A conversation between two speakers about an article, in its own sentences. */
import { keywords, summarise } from './summary.ts'
import { capitalised, sentences, words } from './words.ts'

export interface Line {
  speaker: string
  text: string
}

const openers = [
  'So let me begin with the obvious question: what is this about?',
  'Where does the story start?',
  'Set the scene for us.',
]
const bridges = [
  'And what happened next?',
  'That is worth a second look. What else does the author tell us?',
  'I had not expected that. How does it go on?',
  'Help me picture it.',
  'Why does that matter?',
  'What struck you most about this part?',
  'And people took that seriously?',
]

/** About `turns` answers of the guest; the host opens, asks and closes. */
export function dialogue(article: string, instruction: string, random: () => number): Line[] {
  const [host, guest] = speakersIn(instruction)
  const turns = turnsIn(instruction)
  const title = titleOf(article)
  const said = summarise(article, turns * 2)
  const lines: Line[] = [
    {
      speaker: host,
      text: `Welcome back. Today we are talking about ${title}, and I have just the right person here.`,
    },
    {
      speaker: guest,
      text: `Thank you, glad to be here. It is a text about ${listed(keywords(article, 3))}, and it holds up well.`,
    },
  ]
  for (let at = 0; at < said.length; at += 2) {
    const question = at === 0 ? openers : bridges
    const pick = at === 0 ? Math.floor(random() * openers.length) : (Math.floor(at / 2) - 1) % bridges.length
    lines.push({ speaker: host, text: question[pick] ?? '' })
    lines.push({ speaker: guest, text: said.slice(at, at + 2).join(' ') })
  }
  lines.push({
    speaker: host,
    text: `If you keep one thing from today, keep ${listed(keywords(article, 2))}. Thank you for listening.`,
  })
  lines.push({ speaker: guest, text: 'Thank you for having me. Read the original: it is worth it.' })
  return lines
}

export function written(lines: readonly Line[]): string {
  return lines.map(({ speaker, text }) => `${speaker}: ${text}`).join('\n')
}

/** The first line when it is one, else what the text is about. */
export function titleOf(text: string): string {
  const first =
    text
      .split('\n')
      .find((line) => line.trim() !== '')
      ?.trim()
      .replace(/^#+\s*/, '') ?? ''
  if (words(first).length <= 12 && words(first).length > 0 && !/[.!?]$/.test(first) && text.trim().includes('\n'))
    return first
  return capitalised(listed(keywords(text, 2))) || 'this text'
}

export function listed(list: readonly string[]): string {
  return list.length < 2 ? (list[0] ?? '') : `${list.slice(0, -1).join(', ')} and ${list.at(-1)}`
}

/** `between Anna and Ben`, `(ANNA, BEN)`, a host and a guest. */
function speakersIn(instruction: string): [string, string] {
  const named =
    /\b(?:between|speakers?|hosts?|called|named)\b[^.\n]{0,24}?\b([A-Z][\p{L}]+)\s*(?:,|and|&)\s*([A-Z][\p{L}]+)/u.exec(
      instruction,
    )
  if (named?.[1] && named[2] && !/^(Host|Guest)$/i.test(named[1])) return [named[1], named[2]]
  if (/\bHost:/.test(instruction)) return ['Host', 'Guest']
  return ['HOST', 'GUEST']
}

function turnsIn(instruction: string): number {
  const turns = /(\d+)\s*(?:turns|exchanges|lines|questions)/i.exec(instruction)
  if (turns) return Math.min(12, Math.max(1, Math.round(Number(turns[1]) / (/lines/i.test(turns[0]) ? 2 : 1)) - 1))
  const long = /(\d+)\s*words/i.exec(instruction)
  if (long) return Math.min(12, Math.max(1, Math.round((Number(long[1]) - 80) / 55)))
  const minutes = /(\d+)[\s-]*minutes?/i.exec(instruction)
  return minutes ? Math.min(12, Math.max(1, Math.round(Number(minutes[1]) * 2.3))) : 4
}

/** For those who want only so many words of a text. */
export function firstWords(text: string, count: number): string {
  let used = 0
  const kept: string[] = []
  for (const sentence of sentences(text)) {
    used += words(sentence).length
    if (used > count && kept.length > 0) break
    kept.push(sentence)
  }
  return kept.join(' ')
}
