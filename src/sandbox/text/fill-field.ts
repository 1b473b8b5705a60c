/** The value for each key of the JSON that a prompt asks for, by what the key is called and what is said about it. */
import type { Json } from '../../std/json.ts'
import { verdictOn } from './candidates.ts'
import { feeling, pickLabel, sentimentOf, topicOf, urgencyPoints } from './classify.ts'
import { argue, picturePrompt, questionsAbout, replyTo, rewrite, tellingSentence } from './compose.ts'
import { dialogue, listed, titleOf, written } from './dialogue.ts'
import { numberedEvidence, supportOf } from './evidence.ts'
import { amounts, dates, emails, entities, links, numbers, phones } from './extract.ts'
import { fillList } from './fill-list.ts'
import { containment, craft, likeness, scoreReason } from './judge.ts'
import { pointsOn } from './points.ts'
import type { SubjectMatter } from './subject-matter.ts'
import { keywords, summarise } from './summary.ts'
import { fidelity, languageNamed, languageOf, problemsOf, translate } from './translate.ts'
import { trialIn } from './trial.ts'
import type { WantedKey } from './wanted-json.ts'
import { capitalised, sentences, words } from './words.ts'

type Filler = (matter: SubjectMatter, key: WantedKey) => Json

const asList = (list: readonly string[], key: WantedKey): Json =>
  key.isList || key.kind === undefined ? [...list] : (list[0] ?? '')

/** The first whose pattern fits the key's name counts. */
const fillers: readonly [RegExp, Filler][] = [
  [/^(best|winner|choice|chosen|pick(ed)?|selected|selection|index|best_(index|picture|image|one|candidate))$/, best],
  [/^(scores|ratings|marks|points_each)$/, (matter) => verdictOn(matter)?.scores ?? [shareScore(matter) * 10]],
  [/^(reason(ing)?|explanation|why|rationale|justification|because|verdict_reason)$/, reason],
  [
    /(score|rating|quality|grade|relevance|accuracy|fidelity|confidence|probability|likelihood|similarity|certainty|stars)$/,
    score,
  ],
  [
    /^(sentiment|tone|mood|feeling|emotion|attitude)$/,
    ({ material }, key) => labelled(material, key, sentimentOf(material)),
  ],
  [/^(urgency|priority|severity|importance)$/, urgency],
  [
    /^(topic|category|label|class|subject|department|intent|type|area|theme|genre|kind)$/,
    ({ material }, key) => labelled(material, key, topicOf(material)),
  ],
  [
    /^(summary|abstract|tl;?dr|gist|overview|synopsis|synthesis|conclusion)$/,
    ({ material, instruction }) => summarise(material, sentencesAsked(instruction, 2)).join(' '),
  ],
  [/^(title|headline|heading)$/, ({ material }) => titleOf(material)],
  [
    /^(prompt|image_prompt|picture_prompt)s?$/,
    (matter, key) => (key.isList ? [picturePrompt(matter), picturePrompt(matter)] : picturePrompt(matter)),
  ],
  [
    /^(reply|response|draft|email_reply|suggested_reply)$/,
    ({ material, instruction }) => replyTo(material, instruction),
  ],
  [/^(key_?words|tags|topics|themes|hashtags|concepts|categories|labels)$/, tags],
  [
    /^(entities)$/,
    ({ material }) => {
      const found = entities(material)
      return [...found.people, ...found.places, ...found.organizations].slice(0, 20)
    },
  ],
  [
    /^(names?|people|persons?|characters|authors?)$/,
    ({ material }, key) =>
      asList(
        entities(material).people,
        key.name.endsWith('s') || key.name === 'people'
          ? { ...key, isList: true }
          : { ...key, kind: key.kind ?? 'text' },
      ),
  ],
  [/^(places?|locations?|cities|countries)$/, ({ material }, key) => asList(entities(material).places, key)],
  [
    /^(organi[sz]ations?|orgs|companies|company|institutions?)$/,
    ({ material }, key) => asList(entities(material).organizations, key),
  ],
  [/^(dates?|years?)$/, ({ material }, key) => asList(dates(material), key)],
  [/^(emails?|e_?mail_address(es)?)$/, ({ material }, key) => asList(emails(material), key)],
  [/^(urls?|links?)$/, ({ material }, key) => asList(links(material), key)],
  [/^(phones?|phone_numbers?)$/, ({ material }, key) => asList(phones(material), key)],
  [/^(amounts?|prices?|totals?|money)$/, ({ material }, key) => asList(amounts(material), key)],
  [/^(numbers|figures|values)$/, ({ material }) => numbers(material)],
  [/^(language|lang|detected_language)$/, ({ material }) => languageOf(material)],
  [
    /^(translation|translated(_text)?)$/,
    ({ material, instruction }) => translate(material, { to: languageNamed(instruction) ?? 'german' }),
  ],
  [
    /^(caption|description|alt(_text)?)s?$/,
    (matter, key) => {
      const [picture] = matter.pictures
      if (!picture) return summarise(matter.material, 1).join(' ')
      const said = capitalised(picture.description)
      if (!key.name.startsWith('alt')) return `${said}.`
      // screen readers stop early: the light is said where there is room for it
      return said.length > 125 ? (said.split('; ')[0] as string) : said
    },
  ],
  [/^(word_?count|words|length)$/, ({ material }) => words(material).length],
  [/^(count|total|sentences?_count)$/, ({ material }) => sentences(material).length],
  [
    /^((key_?)?points|highlights|bullets|claims|facts|findings|takeaways|steps|insights|events)$/,
    ({ material }) => summarise(material, 4),
  ],
  [
    /^(questions|queries|searches|search_queries|sub_?questions)$/,
    ({ material, instruction }) => questionsAbout(material, countAsked(instruction, 3)),
  ],
  [/^(pros|strengths|advantages|advocate|arguments?(_for)?|support)$/, (matter, key) => side(matter, key, 'for')],
  [
    /^(cons|weaknesses|risks|issues|problems|drawbacks|critic|critique|arguments_against|objections)$/,
    (matter, key) => side(matter, key, 'against'),
  ],
  [/^(script|dialogue|dialog|lines|conversation|turns)$/, script],
  [
    /^(rewritten|rewrite|revised|improved|edited|text|output)$/,
    ({ material, instruction }) => rewrite(material, instruction),
  ],
  [/^(quote|evidence|excerpt)$/, ({ material }) => tellingSentence(material)],
  [
    /^(verdict|decision|judg(e)?ment)$/,
    (matter, key) =>
      trialIn(matter)?.verdict(key.options) ??
      labelled(matter.material, key, feeling(matter.material) >= 0 ? 'accept' : 'reject'),
  ],
  [/^(supported|grounded|entailed)$/, (matter) => (support(matter)?.share ?? 0) >= 0.6],
  [/^(is|has|needs?|should|can|must|was|requires?|contains?|mentions?)_/, boolean],
  [
    /^(approved?|pass(es|ed)?|ok|valid|acceptable|escalate|refund|spam|safe|faithful|good_enough|complaint|urgent)$/,
    boolean,
  ],
]

function fillField(matter: SubjectMatter, key: WantedKey): Json {
  const name = key.name
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase()
  if (key.inside && !/^(script|dialogue|dialog|lines|conversation|turns)$/.test(name)) {
    return fillList(matter, { ...key, name }, key.inside, countAsked(matter.instruction, 6), fillField)
  }
  const found = fillers.find(([pattern]) => pattern.test(name))
  if (found) return found[1](matter, key)
  if (key.options.length > 0) return pickLabel(matter.material, key.options)
  if (key.kind === 'boolean') return boolean(matter, key)
  if (key.kind === 'number') return score(matter, key)
  if (key.isList) return keywords(matter.material, 4)
  const part = matter.parts[name.replaceAll('_', ' ')]
  if (part !== undefined) return part
  const word = name.split('_').at(-1) ?? name
  return (
    sentences(matter.material).find((sentence) => sentence.toLowerCase().includes(word)) ??
    summarise(matter.material, 1).join(' ')
  )
}

/** Several keys at once; with none named, what anyone would want to know. */
export function fillObject(matter: SubjectMatter, keys: readonly WantedKey[]): Record<string, Json> {
  const all = keys.length > 0 ? keys : defaultKeys(matter)
  return Object.fromEntries(all.map((key) => [key.name, fillField(matter, key)]))
}

export function sentencesAsked(instruction: string, otherwise: number): number {
  const numbersInWords: Record<string, number> = {
    one: 1,
    a: 1,
    single: 1,
    two: 2,
    three: 3,
    four: 4,
    five: 5,
    six: 6,
    seven: 7,
    eight: 8,
    nine: 9,
    ten: 10,
  }
  const match =
    /\b(\d+|one|a|single|two|three|four|five|six|seven|eight|nine|ten)[\s-]+(?:short |concise |clear |full |key |main |bullet )*(?:sentences?|points?|bullets?|lines?|items?|paragraphs?|facts?|takeaways?)\b/i.exec(
      instruction,
    )
  const found = match?.[1]?.toLowerCase()
  return found === undefined ? otherwise : (numbersInWords[found] ?? Number(found))
}

export function countAsked(instruction: string, otherwise: number): number {
  const numbersInWords: Record<string, number> = {
    two: 2,
    three: 3,
    four: 4,
    five: 5,
    six: 6,
    seven: 7,
    eight: 8,
    nine: 9,
    ten: 10,
  }
  const found = /\b(\d{1,2}|two|three|four|five|six|seven|eight|nine|ten)\b/i.exec(instruction)?.[1]?.toLowerCase()
  return found === undefined ? otherwise : Math.min(20, numbersInWords[found] ?? Number(found))
}

function defaultKeys(matter: SubjectMatter): WantedKey[] {
  const named = (name: string): WantedKey => ({ name, options: [], isList: false, range: undefined, kind: undefined })
  const names = verdictOn(matter) ? ['best', 'scores', 'reason'] : ['summary', 'sentiment', 'topic', 'keywords']
  return names.map(named)
}

function best(matter: SubjectMatter, key: WantedKey): Json {
  const verdict = verdictOn(matter)
  if (!verdict) return key.options.length > 0 ? pickLabel(matter.material, key.options) : 1
  const fromZero =
    /\b(zero|0)[- ]based\b|start(s|ing)? (at|from|with) (0|zero)|\bindex (from|starting) 0\b|\(0 ?(-|to)/i.test(
      matter.prompt,
    )
  return fromZero ? verdict.best - 1 : verdict.best
}

/** How far a statement rests on the evidence beside it, where a prompt asks that. */
function support({ parts, prompt }: SubjectMatter): ReturnType<typeof supportOf> | undefined {
  const { statement, evidence } = parts
  return statement === undefined || evidence === undefined ? undefined : supportOf(statement, numberedEvidence(prompt))
}

function reason(matter: SubjectMatter): Json {
  const supported = support(matter)
  if (supported) {
    const share = `${Math.round(supported.share * 100)} % of its words`
    return supported.numbers.length > 0
      ? `${share} stand in the evidence ${listed(supported.numbers.map(String))}.`
      : 'There is no evidence of that number.'
  }
  const verdict = trialIn(matter) ?? verdictOn(matter)
  if (verdict) return verdict.reason
  if (/\b(score|rate|rating|grade|quality|evaluate)\b/i.test(matter.instruction)) {
    return scoreReason(Object.values(matter.parts).at(-1) ?? matter.material, shareScore(matter))
  }
  const key = tellingSentence(matter.material)
  return key === '' ? scoreReason(matter.material, shareScore(matter)) : `It says: “${key}”`
}

/** In [0, 1]: likeness of two texts that are compared, feeling of a customer's text, else how well it is written. */
function shareScore(matter: SubjectMatter): number {
  const parts = Object.values(matter.parts)
  const there = translationIn(matter)
  if (there) return fidelity(...there)
  const trial = trialIn(matter)
  if (trial) return trial.share
  const short = matter.parts['summary'] ?? matter.parts['caption']
  if (short !== undefined && parts.length >= 2) {
    // a summary is to be true to its source, not as long as it
    return 0.3 * craft(short) + 0.7 * containment(short, parts.find((part) => part !== short) ?? '')
  }
  if (
    parts.length >= 2 &&
    /\b(compare|faithful|translation|similar|same|meaning|original|match)/i.test(matter.instruction)
  ) {
    return likeness(parts[0] ?? '', parts[1] ?? '')
  }
  return craft(matter.material)
}

function score(matter: SubjectMatter, key: WantedKey): Json {
  if (key.range) return scoreIn(matter, key.range)
  const asShare = /confidence|probability|likelihood|certainty/.test(key.name)
  const usual = asShare ? { from: 0, to: 1 } : /stars/.test(key.name) ? { from: 1, to: 5 } : undefined
  return scoreIn(matter, rangeIn(matter.instruction) ?? usual)
}

/** Small ranges in hundredths, large ones in whole numbers, those between in halves. */
export function scoreIn(matter: SubjectMatter, range = { from: 0, to: 10 }): number {
  const value = range.from + shareScore(matter) * (range.to - range.from)
  const steps = range.to - range.from <= 1 ? 100 : range.to > 10 ? 1 : 2
  return Math.round(value * steps) / steps
}

export function rangeIn(instruction: string): { from: number; to: number } | undefined {
  const match =
    /\b(?:from|between|scale of|on a scale of|of)?\s*(-?\d+(?:\.\d+)?)\s*(?:to|-|–|and|through)\s*(\d+(?:\.\d+)?)\b/.exec(
      instruction,
    )
  if (!match) return undefined
  const [from, to] = [Number(match[1]), Number(match[2])]
  return to > from && to <= 1000 ? { from, to } : undefined
}

function labelled(material: string, key: WantedKey, otherwise: string): string {
  return key.options.length > 0 ? pickLabel(material, key.options) : otherwise
}

function urgency({ material }: SubjectMatter, key: WantedKey): Json {
  if (key.options.length > 0) return pickLabel(material, key.options)
  const points = urgencyPoints(material)
  if (key.kind === 'number') {
    const { from, to } = key.range ?? { from: 1, to: 5 }
    return Math.round(from + Math.min(1, points / 6) * (to - from))
  }
  return points >= 4 ? 'high' : points >= 2 ? 'medium' : 'low'
}

function tags({ material, pictures }: SubjectMatter, key: WantedKey): Json {
  const seen = pictures.flatMap(({ tags: own, description }) => own ?? keywords(description, 5))
  const found = pictures.length > 0 ? [...new Set(seen)].slice(0, 8) : keywords(material, 5)
  return /hash/.test(key.name) ? found.map((word) => `#${word}`) : found
}

/** Original, translation and back-translation, where a prompt compares them. */
function translationIn({ parts }: SubjectMatter): [string, string, string] | undefined {
  const back = parts['back-translation'] ?? parts['back translation']
  const { original, translation } = parts
  return back === undefined || original === undefined || translation === undefined
    ? undefined
    : [original, translation, back]
}

function side(matter: SubjectMatter, key: WantedKey, which: 'for' | 'against'): Json {
  const there = translationIn(matter)
  if (there && which === 'against') return problemsOf(...there)
  const material = matter.parts['text'] ?? matter.material
  if (!key.isList && !key.name.endsWith('s')) return argue(material, which)
  return pointsOn(material, which, countAsked(matter.instruction, 4))
}

function script({ material, instruction, random }: SubjectMatter, key: WantedKey): Json {
  const lines = dialogue(material, instruction, random)
  return key.kind === 'text' && !key.isList ? written(lines) : lines.map((line) => ({ ...line }))
}

function boolean({ material }: SubjectMatter, key: WantedKey): Json {
  const name = key.name.toLowerCase()
  if (/urgent|escalat/.test(name)) return urgencyPoints(material) >= 4
  if (/^(needs?|requires?)_/.test(name)) return urgencyPoints(material) >= 3 || feeling(material) < -0.3
  if (/refund|complaint|problem|issue|negative/.test(name)) return feeling(material) < -0.1
  if (/spam/.test(name)) return /\b(winner|prize|viagra|lottery|click here|free money)\b/i.test(material)
  const word = name.split('_').slice(1).join(' ')
  if (/^(mentions?|contains?|has)_/.test(name) && word !== '') return material.toLowerCase().includes(word)
  return feeling(material) >= 0 && craft(material) > 0.4
}
