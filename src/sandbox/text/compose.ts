/** Texts that are written rather than cut out: replies, picture prompts, rewritings, arguments, questions. */
import { feeling, sentimentOf, topicOf } from './classify.ts'
import { listed, titleOf } from './dialogue.ts'
import { badWords, goodWords } from './lexicon.ts'
import type { SubjectMatter } from './subject-matter.ts'
import { keywords, summarise } from './summary.ts'
import { capitalised, sentences, words } from './words.ts'

const remedies: Record<string, string> = {
  shipping: 'We are tracing the parcel now and will send you its status within one working day.',
  quality: 'We will send a replacement at no cost; there is no need to return the damaged one first.',
  billing: 'We have asked accounting to check the charge, and any amount taken in error goes back to you within three days.',
  service: 'That is not how we want to treat anyone, and I have passed it on to the team lead in person.',
  usability: 'I have attached a short guide, and we are glad to walk you through it on the phone.',
  fit: 'We will gladly exchange it for another size, with the postage on us.',
  food: 'We have told the kitchen, and your next order is on us.',
  safety: 'Please stop using it at once. We will collect it and refund you in full.',
  account: 'We have reset your access; you will find a fresh link in your inbox.',
}

/** A reply to a customer. */
export function replyTo(message: string): string {
  const name = /(?:^|\n)\s*(?:regards|best|thanks|sincerely|cheers|yours|from|name)[,:]?\s*\n?\s*([A-Z][\p{L}-]+)/iu.exec(message)?.[1]
  const greeting = name ? `Dear ${name},` : 'Dear customer,'
  const key = tellingSentence(message)
  const quoted = key ? ` You wrote: “${key}”` : ''
  const close = 'Kind regards,\nThe customer care team'
  if (feeling(message) > 0.2) {
    return `${greeting}\n\nThank you for your kind words!${quoted} That made our day, and I have shared it with the people who worked on it. We hope to see you again soon.\n\n${close}`
  }
  const remedy = remedies[topicOf(message)] ?? 'We will look into it today and come back to you with an answer.'
  const opening = sentimentOf(message) === 'neutral' ? 'Thank you for writing to us.' : 'Thank you for telling us, and I am sorry for the trouble.'
  return `${greeting}\n\n${opening}${quoted} ${remedy}\n\n${close}`
}

/** The sentence with the most feeling in it. */
export function tellingSentence(text: string): string {
  const weigh = (sentence: string): number => words(sentence).filter((word) => goodWords.has(word) || badWords.has(word)).length
  return sentences(text).reduce((best, each) => (weigh(each) > weigh(best) ? each : best), sentences(text)[0] ?? '')
}

const styles = [
  'soft window light from the left, shallow depth of field',
  'bright even studio light, clean shadows',
  'warm golden-hour light, long soft shadows',
  'cool morning light, gentle reflections',
]
const settings = ['on a seamless backdrop', 'on a round podium', 'on a wooden table', 'on a stone surface']

/** A prompt for a model that draws. */
export function picturePrompt({ material, instruction, random }: SubjectMatter): string {
  const about = /\b(?:of|for|about|showing)\s+(?:an?\s+|the\s+)?(?:product\s*:?\s*)?["“']?([^\n."”]{3,160})/i.exec(material === instruction ? instruction : '')?.[1] ?? firstLine(material)
  const pick = (list: readonly string[]): string => list[Math.floor(random() * list.length)] ?? ''
  return `Product photograph of ${about.replace(/^(an?|the)\s+/i, (article) => article.toLowerCase()).replace(/[.\s]+$/, '')}, ${pick(settings)}, ${pick(styles)}, centred composition, sharp focus, uncluttered background`
}

function firstLine(text: string): string {
  return text.split('\n').find((line) => line.trim() !== '')?.trim() ?? text
}

const formal: readonly [RegExp, string][] = [
  [/\bcan't\b/gi, 'cannot'], [/\bwon't\b/gi, 'will not'], [/n't\b/gi, ' not'], [/\bI'm\b/g, 'I am'], [/\b(you|we|they)'re\b/gi, '$1 are'],
  [/\b(\w+)'ll\b/gi, '$1 will'], [/\b(\w+)'ve\b/gi, '$1 have'], [/\bgonna\b/gi, 'going to'], [/\bwanna\b/gi, 'want to'], [/\bhey\b/gi, 'Good day'],
  [/\bhi\b/gi, 'Dear reader'], [/\bthanks\b/gi, 'thank you'], [/\bkids\b/gi, 'children'], [/\bguys\b/gi, 'colleagues'], [/\bget\b/gi, 'obtain'],
  [/\ba lot of\b/gi, 'many'], [/\breally\b/gi, 'most'], [/\bok(ay)?\b/gi, 'acceptable'], [/\bstuff\b/gi, 'material'], [/!+/g, '.'],
]
const simple: readonly [RegExp, string][] = [
  [/\butili[sz]e\b/gi, 'use'], [/\bapproximately\b/gi, 'about'], [/\bpurchase\b/gi, 'buy'], [/\bcommence\b/gi, 'start'], [/\bterminate\b/gi, 'end'],
  [/\bassist\b/gi, 'help'], [/\bnumerous\b/gi, 'many'], [/\bsufficient\b/gi, 'enough'], [/\bprior to\b/gi, 'before'], [/\bsubsequently\b/gi, 'then'],
  [/\bin order to\b/gi, 'to'], [/\bregarding\b/gi, 'about'], [/\bobtain\b/gi, 'get'], [/\brequire\b/gi, 'need'], [/\bdemonstrate\b/gi, 'show'], [/;/g, '.'],
]

export function rewrite(text: string, instruction: string): string {
  if (/\b(short|shorter|concise|brief|shorten|tighten)\b/i.test(instruction)) {
    return summarise(text, Math.max(1, Math.ceil(sentences(text).length / 2))).join(' ').replace(/\s*\([^)]*\)/g, '')
  }
  if (/\b(upper ?case|capital letters)\b/i.test(instruction)) return text.toUpperCase()
  if (/\bbullets?\b/i.test(instruction)) return sentences(text).map((each) => `- ${each}`).join('\n')
  const rules = /\b(simple|simpler|plain|easy|child|simplify)\b/i.test(instruction) ? simple : formal
  const changed = rules.reduce((current, [pattern, by]) => current.replace(pattern, by), text)
  if (/\b(polite|friendly|kind|warm)\b/i.test(instruction)) return `Thank you for your time. ${changed} We would be glad to hear from you.`
  return sentences(changed).map(capitalised).join(' ')
}

/** What speaks for a text, or against it. */
export function argue(text: string, side: 'for' | 'against'): string {
  const points = summarise(text, 3)
  const about = listed(keywords(text, 2))
  const lead =
    side === 'for'
      ? [`The case for ${about} rests on what the text itself shows.`, 'First', 'Moreover', 'Finally']
      : [`Before one agrees on ${about}, some doubts have to be named.`, 'It is claimed, without support, that', 'Nor does it follow when one reads', 'Even this stays open']
  const quoted = points.map((point, at) => `${lead[at + 1]}: “${point}”`)
  const end = side === 'for' ? 'Taken together, it convinces.' : 'Taken together, it calls for more evidence.'
  return [lead[0], ...quoted, end].join(' ')
}

/** Questions that one would look up about a subject. */
export function questionsAbout(text: string, count: number): string[] {
  const about = words(text).length <= 14 ? text.replace(/[?.!\s]+$/, '') : listed(keywords(text, 3))
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

/** The sentences of the text that have most to do with the question. */
export function answerQuestion(question: string, text: string): string {
  const asked = new Set(words(question).filter((word) => word.length > 3))
  const weigh = (sentence: string): number => words(sentence).filter((word) => asked.has(word)).length
  const best = sentences(text).toSorted((a, b) => weigh(b) - weigh(a)).slice(0, 2)
  if (best.length === 0 || weigh(best[0] ?? '') === 0) return `The text does not say. It is about ${listed(keywords(text, 3))}.`
  return best.join(' ')
}

/** A short essay for prompts that ask for a text on something, in general words. */
export function essayOn(subject: string): string {
  const about = titleOf(subject)
  const keys = keywords(subject, 4)
  return [
    `${capitalised(about.replace(/[.?!]+$/, ''))}: a closer look.`,
    `Whoever begins with ${keys[0] ?? 'this'} soon comes to ${keys[1] ?? 'its surroundings'}, since one explains the other.`,
    `Three things are worth keeping in mind: where it comes from, what it is good for, and what it costs.`,
    `In short, ${listed(keys.slice(0, 3)) || 'it'} deserves a careful reading rather than a quick opinion.`,
  ].join(' ')
}
