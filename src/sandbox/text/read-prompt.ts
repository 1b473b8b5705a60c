/** Takes a prompt apart: what is asked, and the text that it is asked of. */
import { words } from './words.ts'

export interface ReadPrompt {
  /** What is asked, with the system prompt. */
  instruction: string
  /** The text to work on; the whole prompt when nothing else stands out. */
  material: string
  /** Labelled parts of the material by lower-case label: `Original: …`, `Translation: …`. */
  parts: Record<string, string>
}

const labels =
  'article|text|review|customer review|message|email|mail|transcript|content|document|input|story|passage|notes|ticket|' +
  'source|sources|draft|sentence|comment|feedback|original|translation|back-translation|back translation|summary|context|' +
  'brief|caption|captions|question|claim|product|description|topic|data|findings|answer|facts|query|critic|advocate|' +
  'critique|advocacy|statement|evidence|entities|for|against|reference|candidate|first|second'
const labelLine = new RegExp(
  `(?:^|\\n)[ \\t]*(?:the )?(?:\\*\\*)?(${labels})(?:\\*\\*)?[ \\t]*:[ \\t]*(?:\\*\\*)?`,
  'gi',
)
const fences = [
  /```\w*\n?([\s\S]*?)```/g,
  /"""([\s\S]*?)"""/g,
  /<(\w+)>([\s\S]*?)<\/\1>/g,
  /---+\n([\s\S]*?)(?:\n---+|$)/g,
]
const askingWords =
  /\b(answer|reply|respond|return|write|give|output|use|summari[sz]e|classify|extract|translate|rewrite|list|score|rate|judge|choose|which|decide|explain|describe|do not|don't|as json|in json|no other text|only|turn|make|create|convert|generate|argue|find|prepare|draft|critique|criticise|criticize|compare|act as|you are|write)\b/i

export function readPrompt(prompt: string, system = ''): ReadPrompt {
  const asked = system === '' ? '' : `${system}\n`
  const read = fenced(prompt) ?? labelled(prompt) ?? afterColon(prompt) ?? byParagraph(prompt) ?? afterQuestion(prompt)
  const { instruction, material } = read ?? { instruction: prompt, material: prompt }
  return { instruction: `${asked}${instruction}`.trim(), material: material.trim() || prompt, parts: partsOf(prompt) }
}

interface Split {
  instruction: string
  material: string
}

function fenced(prompt: string): Split | undefined {
  for (const fence of fences) {
    const found = [...prompt.matchAll(fence)].map((match) => (match[2] ?? match[1] ?? '').trim())
    const material = found.filter((part) => words(part).length > 3 && !part.startsWith('{')).join('\n\n')
    if (material !== '') return { instruction: prompt.replace(fence, '\n'), material }
  }
  return undefined
}

function labelled(prompt: string): Split | undefined {
  const parts = partsOf(prompt)
  const all = Object.values(parts)
  if (all.length === 0) return undefined
  const long = all.filter((part) => words(part).length > 2)
  let instruction = prompt
  for (const part of long) instruction = instruction.replace(part, '')
  if (long.length === 0 || words(instruction).length < 2) return undefined
  return { instruction, material: long.join('\n\n') }
}

/** Each part runs to the next label, or to a last paragraph that asks for something. */
function partsOf(prompt: string): Record<string, string> {
  const parts: Record<string, string> = {}
  const marks = [...prompt.matchAll(labelLine)]
  for (const [at, mark] of marks.entries()) {
    const from = mark.index + mark[0].length
    const to = marks[at + 1]?.index ?? prompt.length
    parts[(mark[1] ?? '').toLowerCase()] = withoutTail(prompt.slice(from, to)).trim()
  }
  return parts
}

function withoutTail(text: string): string {
  const paragraphs = text.split(/\n\s*\n/)
  while (paragraphs.length > 1 && isOrder(paragraphs.at(-1) ?? '')) paragraphs.pop()
  const whole = paragraphs.join('\n\n')
  // "… Answer as JSON." at the end of the text itself
  const tail =
    /(?:^|[.!?\n"”\]])\s*((?:answer|reply|respond|return|give|output|use|write)\b[^.!?\n]*\b(?:json|only|keys|format|index|number|word|label)\b[^\n]*)$/i.exec(
      whole,
    )
  return tail?.[1] === undefined ? whole : whole.slice(0, -tail[1].length)
}

/** `Summarise in two sentences: The sea …` */
function afterColon(prompt: string): Split | undefined {
  const colon = prompt.search(/:\s/)
  if (colon < 0) return undefined
  const before = prompt.slice(0, colon)
  const after = prompt.slice(colon + 1)
  if (words(before).length > 30 || !isAsking(before) || words(after).length < 4) return undefined
  const material = withoutOrders(withoutTail(after))
  return { instruction: `${before}\n${after.slice(material.length)}`, material }
}

/** Last lines that go on telling what to do belong to what is asked. */
function withoutOrders(text: string): string {
  const lines = text.trimEnd().split('\n')
  const order = /^\s*(?:answer|reply|return|respond|name|say|use|write|keep|give|do not|don't|no other|only|make)\b/i
  while (lines.length > 1 && order.test(lines.at(-1) ?? '')) lines.pop()
  return lines.join('\n')
}

function byParagraph(prompt: string): Split | undefined {
  const paragraphs = prompt.split(/\n\s*\n/)
  if (paragraphs.length < 2) return undefined
  const asking = paragraphs.filter((paragraph, at) => (at === 0 || at === paragraphs.length - 1) && isAsking(paragraph))
  const rest = paragraphs.filter((paragraph) => !asking.includes(paragraph))
  if (asking.length === 0 || rest.length === 0) return undefined
  return { instruction: asking.join('\n'), material: rest.join('\n\n') }
}

/** `Is this positive or negative? I love …` */
function afterQuestion(prompt: string): Split | undefined {
  const match = /^([^?\n]{5,200}\?)\s+([\s\S]+)$/.exec(prompt.trim())
  if (!match?.[1] || !match[2] || words(match[2]).length < 4 || isAsking(match[2])) return undefined
  return { instruction: match[1], material: match[2] }
}

/** A paragraph that asks from its first word on, or for JSON: one that only holds such a word is part of the text. */
function isOrder(paragraph: string): boolean {
  const text = paragraph.trim()
  const before = text.slice(0, Math.max(0, text.search(askingWords)))
  const isFirst = /^(?:please|now|then|finally|and)?[\s,]*$/i.test(before)
  return isAsking(text) && (isFirst || /\bjson\b/i.test(text))
}

function isAsking(paragraph: string): boolean {
  return words(paragraph).length < 120 && askingWords.test(paragraph)
}
