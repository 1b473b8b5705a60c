/** What speaks for a text and against it, by how it argues: each point quotes the sentence that it is about. */
import { dates, numbers } from './extract.ts'
import { feeling } from './classify.ts'
import { sentences, words } from './words.ts'

type Rule = (sentence: string) => string | undefined

const absolute =
  /\b(all|always|never|none|nobody|nothing|everybody|everywhere|every|entirely|only|impossible|must|cannot|inseparable|certain(?:ly)?|no doubt)\b/i
const reasoned = /\b(because|since|therefore|hence|consequently|thus|for this reason|it follows|so that)\b/i
const balanced = /\b(on the other hand|however|although|though|nevertheless|yet|not only|but also|while)\b/i

const against: readonly Rule[] = [
  (sentence) => {
    const word = absolute.exec(sentence)?.[0]
    return word === undefined ? undefined : `allows of no exception (“${word}”), and gives none that was looked for`
  },
  (sentence) => (feeling(sentence) < -0.3 ? 'speaks to fear before it gives its grounds' : undefined),
  (sentence) =>
    reasoned.test(sentence) || numbers(sentence).length > 0 || words(sentence).length < 8
      ? undefined
      : 'is asserted, with neither a reason nor a figure',
]

const infavour: readonly Rule[] = [
  (sentence) => {
    const word = reasoned.exec(sentence)?.[0]
    return word === undefined ? undefined : `gives its reason (“${word.toLowerCase()}”)`
  },
  (sentence) => {
    const word = balanced.exec(sentence)?.[0]
    return word === undefined ? undefined : `weighs the other side as well (“${word.toLowerCase()}”)`
  },
  (sentence) => {
    const found = dates(sentence)[0] ?? numbers(sentence)[0]
    return found === undefined ? undefined : `is concrete (“${found}”), and can be checked`
  },
  (sentence) => (feeling(sentence) > 0.3 ? 'names a good that both sides want' : undefined),
]

/** At most `count` points, one a sentence, in the order of the text; the rules in turn, so that not all say the same. */
export function pointsOn(text: string, side: 'for' | 'against', count: number): string[] {
  const rules = side === 'for' ? infavour : against
  const all = sentences(text).filter((sentence) => words(sentence).length >= 5)
  const taken = new Map<number, string>()
  for (const rule of [...rules, ...rules]) {
    const at = all.findIndex((sentence, index) => !taken.has(index) && rule(sentence) !== undefined)
    if (at >= 0 && taken.size < count) taken.set(at, `“${shortened(all[at] as string)}” ${rule(all[at] as string)}.`)
  }
  return [...taken].toSorted(([a], [b]) => a - b).map(([, point]) => point)
}

/** The first words of a long sentence. */
function shortened(sentence: string): string {
  const list = sentence.split(' ')
  return list.length <= 24
    ? sentence
    : `${list
        .slice(0, 22)
        .join(' ')
        .replace(/[,;:]$/, '')} …`
}
