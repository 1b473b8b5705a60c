/** Texts that are written rather than cut out: replies, picture prompts, rewritings, arguments, questions. */
import { feeling, sentimentOf, topicOf } from './classify.ts'
import { listed } from './dialogue.ts'
import { alsoCalled, badWords, goodWords } from './lexicon.ts'
import type { SubjectMatter } from './subject-matter.ts'
import { keywords, summarise } from './summary.ts'
import { capitalised, sentences, words } from './words.ts'

const remedies: Record<string, string> = {
  shipping: 'We are tracing the parcel now and will send you its status within one working day.',
  quality: 'We will send a replacement at no cost; there is no need to return the damaged one first.',
  billing:
    'We have asked accounting to check the charge, and any amount taken in error goes back to you within three days.',
  service: 'That is not how we want to treat anyone, and I have passed it on to the team lead in person.',
  usability: 'I have attached a short guide, and we are glad to walk you through it on the phone.',
  fit: 'We will gladly exchange it for another size, with the postage on us.',
  food: 'We have told the kitchen, and your next order is on us.',
  safety: 'Please stop using it at once. We will collect it and refund you in full.',
  account: 'We have reset your access; you will find a fresh link in your inbox.',
}

/** A reply to a customer: signed as the instruction says, with the promises that it asks for. */
export function replyTo(message: string, instruction = ''): string {
  const name =
    /(?:^|\n)\s*(?:regards|best|thanks|sincerely|cheers|yours|from|name)[,:]?\s*\n?\s*([A-Z][\p{L}-]+)/iu.exec(
      message,
    )?.[1]
  const shop =
    /\b(?:of|for|from|as)\s+(?:the\s+)?(?:shop|store|company|brand|team|firm|hotel|restaurant)?\s*["“]([^"”]{2,60})["”]/i.exec(
      instruction,
    )?.[1]
  const key = tellingSentence(message)
  const body = [...(feeling(message) > 0.2 ? thanks(key) : help(message, key, instruction)), ...promises(instruction)]
  return `Dear ${name ?? 'customer'},\n\n${body.join(' ')}\n\nKind regards,\n${shop ?? 'The customer care team'}`
}

function thanks(key: string): string[] {
  return [
    'Thank you for your kind words!',
    ...quoted(key),
    'That made our day, and I have shared it with the people who worked on it.',
    'We hope to see you again soon.',
  ]
}

function help(message: string, key: string, instruction: string): string[] {
  const told = /\babout\s+(?:the\s+)?(\w+)/i.exec(instruction)?.[1]?.toLowerCase() ?? ''
  const remedy = remedies[alsoCalled[told] ?? told] ?? remedies[topicOf(message)]
  return [
    sentimentOf(message) === 'neutral'
      ? 'Thank you for writing to us.'
      : 'Thank you for telling us, and I am sorry for the trouble.',
    ...quoted(key),
    remedy ?? 'We will look into it today and come back to you with an answer.',
  ]
}

const quoted = (key: string): string[] => (key === '' ? [] : [`You wrote: “${key}”`])

/** `Say that a person will call today.` and `Promise an answer within two days.`, said. */
function promises(instruction: string): string[] {
  return [...instruction.matchAll(/\b(?:(say|mention|tell them|add)\s+that|promise)\s+([^.\n]{4,160})/gi)].map(
    (match) => (match[1] === undefined ? `We promise ${match[2]}.` : `${capitalised(match[2] ?? '')}.`),
  )
}

/** The sentence with the most feeling in it. */
export function tellingSentence(text: string): string {
  const weigh = (sentence: string): number =>
    words(sentence).filter((word) => goodWords.has(word) || badWords.has(word)).length
  return sentences(text).reduce((best, each) => (weigh(each) > weigh(best) ? each : best), sentences(text)[0] ?? '')
}

const styles = [
  'soft window light from the left, shallow depth of field',
  'bright even studio light, clean shadows',
  'warm golden-hour light, long soft shadows',
  'cool morning light, gentle reflections',
]
const settings = ['on a seamless backdrop', 'on a round podium', 'on a wooden table', 'on a stone surface']

/** A prompt for a model that draws; leaves out what the instruction does not want, and keeps to its number of words. */
export function picturePrompt({ material, instruction, random }: SubjectMatter): string {
  const about = subjectOf(material === instruction ? instruction : firstLine(material))
  const pick = (list: readonly string[]): string => list[Math.floor(random() * list.length)] ?? ''
  const unwanted =
    /\b(?:nothing (?:of|about)|no mention of|without|do not mention|don't mention|not)\s+([^.\n]+)/i.exec(
      instruction,
    )?.[1] ?? ''
  const banned = words(unwanted).filter((word) => word.length > 3)
  const limit = Number(
    /(?:at most|under|up to|max(?:imum)?(?: of)?|within)\s+(\d+)\s+words/i.exec(instruction)?.[1] ?? 60,
  )
  const parts = [`Product photograph of ${about.replace(/^(an?|the)\s+/i, (article) => article.toLowerCase())}`]
  for (const part of [pick(settings), pick(styles), 'centred composition', 'sharp focus', 'uncluttered background']) {
    const clashes = banned.some((word) => part.includes(word) || (word === 'background' && part.includes('backdrop')))
    if (!clashes && `${parts.join(' ')} ${part}`.split(/\s+/).length <= limit) parts.push(part)
  }
  return parts.join(', ')
}

function firstLine(text: string): string {
  return (
    text
      .split('\n')
      .find((line) => line.trim() !== '')
      ?.trim() ?? text
  )
}

const formal: readonly [RegExp, string][] = [
  [/\bcan't\b/gi, 'cannot'],
  [/\bwon't\b/gi, 'will not'],
  [/n't\b/gi, ' not'],
  [/\bI'm\b/g, 'I am'],
  [/\b(you|we|they)'re\b/gi, '$1 are'],
  [/\b(\w+)'ll\b/gi, '$1 will'],
  [/\b(\w+)'ve\b/gi, '$1 have'],
  [/\bgonna\b/gi, 'going to'],
  [/\bwanna\b/gi, 'want to'],
  [/\bhey\b/gi, 'Good day'],
  [/\bhi\b/gi, 'Dear reader'],
  [/\bthanks\b/gi, 'thank you'],
  [/\bkids\b/gi, 'children'],
  [/\bguys\b/gi, 'colleagues'],
  [/\bget\b/gi, 'obtain'],
  [/\ba lot of\b/gi, 'many'],
  [/\breally\b/gi, 'most'],
  [/\bok(ay)?\b/gi, 'acceptable'],
  [/\bstuff\b/gi, 'material'],
  [/!+/g, '.'],
]
const simple: readonly [RegExp, string][] = [
  [/\butili[sz]e\b/gi, 'use'],
  [/\bapproximately\b/gi, 'about'],
  [/\bpurchase\b/gi, 'buy'],
  [/\bcommence\b/gi, 'start'],
  [/\bterminate\b/gi, 'end'],
  [/\bassist\b/gi, 'help'],
  [/\bnumerous\b/gi, 'many'],
  [/\bsufficient\b/gi, 'enough'],
  [/\bprior to\b/gi, 'before'],
  [/\bsubsequently\b/gi, 'then'],
  [/\bin order to\b/gi, 'to'],
  [/\bregarding\b/gi, 'about'],
  [/\bobtain\b/gi, 'get'],
  [/\brequire\b/gi, 'need'],
  [/\bdemonstrate\b/gi, 'show'],
  [/;/g, '.'],
]

export function rewrite(text: string, instruction: string): string {
  if (/\b(short|shorter|concise|brief|shorten|tighten)\b/i.test(instruction)) {
    return summarise(text, Math.max(1, Math.ceil(sentences(text).length / 2)))
      .join(' ')
      .replace(/\s*\([^)]*\)/g, '')
  }
  if (/\b(upper ?case|capital letters)\b/i.test(instruction)) return text.toUpperCase()
  if (/\bbullets?\b/i.test(instruction))
    return sentences(text)
      .map((each) => `- ${each}`)
      .join('\n')
  const rules = /\b(simple|simpler|plain|easy|child|simplify)\b/i.test(instruction) ? simple : formal
  const changed = rules.reduce((current, [pattern, by]) => current.replace(pattern, by), text)
  if (/\b(polite|friendly|kind|warm)\b/i.test(instruction))
    return `Thank you for your time. ${changed} We would be glad to hear from you.`
  return sentences(changed).map(capitalised).join(' ')
}

/** What speaks for a text, or against it. */
export function argue(text: string, side: 'for' | 'against'): string {
  const points = summarise(text, 3)
  const about = listed(keywords(text, 2))
  const lead =
    side === 'for'
      ? [`The case for ${about} rests on what the text itself shows.`, 'First', 'Moreover', 'Finally']
      : [
          `Before one agrees on ${about}, some doubts have to be named.`,
          'It is claimed, without support, that',
          'Nor does it follow when one reads',
          'Even this stays open',
        ]
  const quoted = points.map((point, at) => `${lead[at + 1]}: “${point}”`)
  const end = side === 'for' ? 'Taken together, it convinces.' : 'Taken together, it calls for more evidence.'
  return [lead[0], ...quoted, end].join(' ')
}

/** Questions that one would look up about a subject. */
export function questionsAbout(text: string, count: number): string[] {
  if (/^(how|what|why|who|when|where|which|can|should|does|is|are)\b/i.test(text.trim()))
    return partsOfQuestion(text, count)
  const asked = subjectOf(text)
  const about = words(asked).length <= 14 ? asked : listed(keywords(text, 3))
  const forms = [
    `What is known about ${about}?`,
    `How did ${about} begin, and how has it changed?`,
    `Who has written about ${about}, and what do they disagree on?`,
    `Which figures describe ${about} best?`,
    `What are the main risks and limits of ${about}?`,
    `Which examples show ${about} in practice?`,
    `What is likely to come next for ${about}?`,
  ]
  return Array.from({ length: count }, (_, at) => forms[at % forms.length] as string)
}

/** What one has to know to answer a question, by the things that it names. */
function partsOfQuestion(question: string, count: number): string[] {
  const [first = 'this', ...others] = keywords(question, 4)
  const forms = [
    `What is meant by ${first}?`,
    ...others.map((other) => `How do ${first} and ${other} bear on each other?`),
    `What is the cause of ${first}?`,
    `What is said against it?`,
    `Which examples of ${first} are given?`,
    `What follows from ${first}?`,
  ]
  return Array.from({ length: count }, (_, at) => forms[at % forms.length] as string)
}

/** The sentences of the text that have most to do with the question. */
export function answerQuestion(question: string, text: string): string {
  const asked = new Set(words(question).filter((word) => word.length > 3))
  const weigh = (sentence: string): number => words(sentence).filter((word) => asked.has(word)).length
  const best = sentences(text)
    .toSorted((a, b) => weigh(b) - weigh(a))
    .slice(0, 2)
  if (best.length === 0 || weigh(best[0] ?? '') === 0)
    return `The text does not say. It is about ${listed(keywords(text, 3))}.`
  return best.join(' ')
}

/** A short essay for prompts that ask for a text on something, in general words. */
export function essayOn(prompt: string): string {
  if (/^\W*(hello|hi|hey|good (morning|day|evening))\b/i.test(prompt) && words(prompt).length < 6) {
    return 'Hello! How can I help you today?'
  }
  const about = subjectOf(prompt)
  const keys = keywords(about, 3)
  return [
    `${capitalised(about)} is best understood in three steps: where it comes from, what it is good for, and what it costs.`,
    `Whoever begins with ${keys[0] ?? about} soon comes to ${keys[1] ?? 'its surroundings'}, since one explains the other.`,
    `In short, ${listed(keys) || about} deserves a careful look rather than a quick opinion.`,
  ].join(' ')
}

/** A few lines that sell a thing. */
export function productText(prompt: string): string {
  const about = subjectOf(prompt)
  const what = about.replace(/^(an?|the)\s+/i, '')
  return [
    `Meet the ${what}: made with care, and made to be used every day.`,
    `Its shape is simple, its material honest, and it feels right in the hand from the first moment.`,
    `Give it a place at home, or give it away; either way the ${words(what).at(-1) ?? what} will be noticed.`,
  ].join(' ')
}

/** What a request is about: `Write a short text about the history of tea.` is about `the history of tea`. */
function subjectOf(prompt: string): string {
  const flat = firstLine(prompt).replace(/[?.!\s]+$/, '')
  const asked =
    /^(?:please\s+)?(?:can you\s+)?(?:write|give|make|create|compose|draft|tell|list|generate|explain|describe|name|find|suggest)\b[^:]*?(?:\b(?:about|on|of|for|that show|showing)\s+|:\s*)(.+)$/i.exec(
      flat,
    )?.[1] ?? flat
  return asked
    .replace(/^(?:an?\s+|the\s+)?(?:product\s+)?(?:photo|photograph|picture|image|illustration|drawing)s?\s+of\s+/i, '')
    .replace(/^["“']|["”']$/g, '')
}
