/** What a text model says to a prompt: finds the task in it, and does it by plain algorithms. */
import type { Random } from '../../std/random.ts'
import { verdictOn } from './candidates.ts'
import { pickLabel, sentimentOf } from './classify.ts'
import {
  answerQuestion,
  argue,
  essayOn,
  picturePrompt,
  productText,
  questionsAbout,
  replyTo,
  rewrite,
} from './compose.ts'
import { dialogue, firstWords, titleOf, written } from './dialogue.ts'
import { amounts, dates, emails, entities, links, numbers, phones } from './extract.ts'
import { countAsked, fillObject, rangeIn, scoreIn, sentencesAsked } from './fill-field.ts'
import { craft, scoreReason } from './judge.ts'
import { readPrompt } from './read-prompt.ts'
import type { SeenPicture, SubjectMatter } from './subject-matter.ts'
import { keywords, summarise } from './summary.ts'
import { languageNamed, sourceNamed, translate, untranslated } from './translate.ts'
import { optionsIn, wantedJson } from './wanted-json.ts'
import { words } from './words.ts'

export interface Question {
  prompt: string
  system?: string
  pictures?: readonly SeenPicture[]
  random: Random
}

export function answerPrompt({ prompt, system = '', pictures = [], random }: Question): string {
  const matter: SubjectMatter = { ...readPrompt(prompt, system), prompt, pictures, random }
  const json = answerJson(matter)
  if (json !== undefined) return json
  const task = tasks.find(({ asked }) => asked.test(matter.instruction))
  return task?.answer(matter) || answerFreely(matter)
}

function answerJson(matter: SubjectMatter): string | undefined {
  const { instruction, prompt } = matter
  // where the two could not be told apart, the whole prompt says whether JSON is wanted, and which
  const unclear = /\b(as|in|with|only|return|valid) json\b/i.test(prompt)
  const inInstruction = wantedJson(instruction)
  const keys = unclear && !inInstruction?.length ? (wantedJson(prompt) ?? inInstruction) : inInstruction
  if (!keys) return undefined
  const isList = /\bjson (list|array)\b|\b(list|array)\b[^.]{0,30}\bjson\b/i.test(instruction)
  return JSON.stringify(keys.length === 0 && isList ? listFor(matter) : fillObject(matter, keys))
}

/** For requests that no task is made for. */
function answerFreely(matter: SubjectMatter): string {
  const { prompt, pictures } = matter
  if (pictures.length > 0) return describe(pictures)
  const isQuestion = /\?\s*$/.test(prompt) || /^(what|who|when|where|why|how|which)\b/i.test(prompt)
  if (isQuestion && words(matter.material).length > 25) return answerQuestion(matter.instruction, matter.material)
  return words(matter.material).length > 60 ? summarise(matter.material, 3).join(' ') : essayOn(matter.material)
}

interface Task {
  asked: RegExp
  /** Undefined: not this one after all. */
  answer(matter: SubjectMatter): string | undefined
}

/** In this order: the first that is asked for and can be done. */
const tasks: readonly Task[] = [
  {
    asked: /\b(best|better|which (one|of)|choose|pick|rank|winner|candidates|number only)\b/i,
    answer: (matter) => chosen(matter),
  },
  {
    asked: /\b(podcast|dialogue|dialog|conversation|interview|script)\b/i,
    answer: ({ material, instruction, random }) => written(dialogue(material, instruction, random)),
  },
  {
    asked:
      /\b(prompt)\b[\s\S]{0,60}\b(image|picture|photo|drawing|illustration|model)\b|\b(image|picture|photo)\b[^.]{0,30}\bprompts?\b/i,
    answer: prompts,
  },
  { asked: /\btranslate|\btranslation (of|in)to\b/i, answer: translated },
  {
    asked:
      /\b(reply|respond|response|answer) (to|the|for)\b[^.]{0,40}\b(review|customer|message|email|mail|complaint|ticket|letter)|\bwrite (a|an)\b[^.]{0,30}\b(reply|response|answer)\b|\bdraft (a|an)\b[^.]{0,20}\b(reply|response)/i,
    answer: ({ material, instruction }) => replyTo(material, instruction),
  },
  { asked: /\b(classify|categori[sz]e|label|which category|one of)\b/i, answer: classified },
  {
    asked: /\bsentiment\b|\b(positive|negative)\b[^.]*\b(positive|neutral|negative)\b/i,
    answer: ({ material, instruction }) => labelOrElse(instruction, material, sentimentOf(material)),
  },
  { asked: /\b(score|rate|grade|how (good|well|faithful)|evaluate)\b/i, answer: scored },
  { asked: /\b(extract|find|list|identify|pull out)\b/i, answer: extracted },
  {
    asked: /\b(product description|tagline|slogan|marketing|advert\w*|ad copy|sales copy)\b/i,
    answer: ({ prompt }) => productText(prompt),
  },
  { asked: /\b(title|headline)\b/i, answer: ({ material }) => titleOf(material) },
  { asked: /\b(keywords?|tags?|hashtags?|topics)\b/i, answer: ({ material }) => keywords(material, 6).join(', ') },
  {
    asked:
      /\b(summari[sz]e|summary|summaries|tl;?dr|shorten to|key points|takeaways|gist|condense|synthesi[sz]e|report)\b/i,
    answer: summarised,
  },
  {
    asked: /\b(questions|queries|sub-?questions|search terms)\b/i,
    answer: ({ material, instruction }) => questionsAbout(material, countAsked(instruction, 3)).join('\n'),
  },
  {
    asked: /\b(critic|critique|criticise|criticize|objections?|against|weakness(es)?|devil's advocate|flaws?)\b/i,
    answer: ({ material }) => argue(material, 'against'),
  },
  {
    asked: /\b(advocate|argue|defend|in favou?r|case for|strengths)\b/i,
    answer: ({ material }) => argue(material, 'for'),
  },
  {
    asked: /\b(rewrite|rephrase|reword|paraphrase|improve|edit|polish|formal|simplify|shorten|bullet)\b/i,
    answer: ({ material, instruction }) => rewrite(material, instruction),
  },
  {
    asked: /\b(describe|caption|what (is|do you see)|alt text)\b/i,
    answer: ({ pictures }) => (pictures.length > 0 ? describe(pictures) : undefined),
  },
]

function chosen(matter: SubjectMatter): string | undefined {
  const verdict = verdictOn(matter)
  if (!verdict) return undefined
  return /\b(only|just)\b[^.]{0,30}\bnumber\b|\bnumber only\b/i.test(matter.prompt)
    ? String(verdict.best)
    : verdict.reason
}

function prompts(matter: SubjectMatter): string {
  const count = /\bprompts\b/i.test(matter.instruction) ? countAsked(matter.instruction, 3) : 1
  const made = Array.from({ length: count }, () => picturePrompt(matter))
  return count === 1 ? (made[0] ?? '') : made.map((each, at) => `${at + 1}. ${each}`).join('\n')
}

function translated({ material, instruction, parts }: SubjectMatter): string {
  const { text = material, draft } = parts
  const criticised = [...instruction.matchAll(/["“]([\p{L}'’]+)["”]/gu)].map((match) => (match[1] ?? '').toLowerCase())
  // what the last draft had found a way for stays found
  const left = draft === undefined ? undefined : new Set(untranslated(text, draft))
  const settled = left === undefined ? [] : words(text).filter((word) => !left.has(word))
  const named = new Set([...criticised, ...settled])
  return translate(text, { to: languageNamed(instruction) ?? 'german', source: sourceNamed(instruction), named })
}

function classified({ instruction, material }: SubjectMatter): string {
  return labelOrElse(instruction, material, pickLabel(material, ['positive', 'neutral', 'negative']))
}

function labelOrElse(instruction: string, material: string, otherwise: string): string {
  const quoted =
    /\b(?:as|into|one of|among|labels?|categories)\b\s*:?\s*([^\n.:]+)/i.exec(instruction)?.[1] ?? instruction
  const options = optionsIn(quoted.replace(/^(these|the following)\s+\w*\s*:?/i, ''))
  return options.length > 1 ? pickLabel(material, options) : otherwise
}

function scored(matter: SubjectMatter): string {
  const range = rangeIn(matter.instruction)
  const value = scoreIn(matter, range)
  if (/\b(only|just)\b/i.test(matter.instruction)) return String(value)
  return `Score: ${value}. ${scoreReason(matter.material, craft(matter.material))}`
}

const finds: readonly [RegExp, (text: string) => readonly (string | number)[]][] = [
  [/\be-?mails?\b/i, emails],
  [/\b(urls?|links?)\b/i, links],
  [/\bphones?\b/i, phones],
  [/\b(amounts?|prices?|money)\b/i, amounts],
  [/\b(dates?|years?)\b/i, dates],
  [/\bnumbers?\b/i, numbers],
  [/\b(people|persons?|names?|characters?)\b/i, (text) => entities(text).people],
  [/\b(places?|locations?|cities|countries)\b/i, (text) => entities(text).places],
  [/\b(organi[sz]ations?|companies)\b/i, (text) => entities(text).organizations],
  [/\bentities\b/i, (text) => Object.values(entities(text)).flat()],
  [/\b(facts|claims|points|findings)\b/i, (text) => summarise(text, 5)],
]

function extracted({ instruction, material }: SubjectMatter): string | undefined {
  const wanted = finds.filter(([pattern]) => pattern.test(instruction))
  if (wanted.length === 0) return undefined
  const found = [...new Set(wanted.flatMap(([, find]) => find(material)))]
  return found.length > 0 ? found.join('\n') : 'None found.'
}

function summarised({ instruction, material }: SubjectMatter): string {
  const limit = /(?:in|under|at most|up to|about|around|max(?:imum)?)\s+(\d+)\s+words/i.exec(instruction)?.[1]
  const count = sentencesAsked(instruction, limit === undefined ? 3 : 12)
  const chosenSentences = summarise(material, count, limit === undefined ? undefined : Number(limit))
  if (/\bbullet|points\b|takeaways/i.test(instruction)) return chosenSentences.map((each) => `- ${each}`).join('\n')
  return limit === undefined ? chosenSentences.join(' ') : firstWords(chosenSentences.join(' '), Number(limit))
}

function listFor(matter: SubjectMatter): (string | number)[] {
  const wanted = finds.filter(([pattern]) => pattern.test(matter.instruction))
  if (wanted.length > 0) return [...new Set(wanted.flatMap(([, find]) => find(matter.material)))]
  if (/\b(questions|queries|search)\b/i.test(matter.instruction))
    return questionsAbout(matter.material, countAsked(matter.instruction, 3))
  if (/\bprompts?\b/i.test(matter.instruction))
    return Array.from({ length: countAsked(matter.instruction, 3) }, () => picturePrompt(matter))
  return keywords(matter.material, countAsked(matter.instruction, 5))
}

function describe(pictures: readonly SeenPicture[]): string {
  if (pictures.length === 1) {
    const [picture] = pictures
    return picture ? `The picture shows ${picture.description}.` : ''
  }
  return pictures.map((picture, at) => `Picture ${at + 1} shows ${picture.description}.`).join(' ')
}
