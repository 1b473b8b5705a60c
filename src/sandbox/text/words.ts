/** Text cut into sentences, words and tokens. */

const stopWords = new Set(
  (
    'a about above after again against all also am an and any are as at be because been before being below between both but by can ' +
    'could did do does doing down during each even every few for from further get got had has have having he her here hers him his how i ' +
    'if in into is it its itself just like many may me might more most much must my no nor not now of off on once one only or other our out over ' +
    'own said same shall she should so some such than that the their theirs them then there these they this those through to too two under ' +
    'until up upon us very was we were what when where which while who whom why will with would you your yours yet'
  ).split(' '),
)

export function isStopWord(word: string): boolean {
  return stopWords.has(word)
}

/** Sentences as written, headings left out; abbreviations and numbers do not end one. */
export function sentences(text: string): string[] {
  const blocks = text.split(/\n\s*\n/).filter((block) => block.trim() !== '')
  const running = blocks.filter((block) => !isHeading(block))
  return (running.length > 0 ? running : blocks).flatMap(inBlock)
}

/** Up to three short lines (a title, an author, a date) that end in no stop. */
function isHeading(block: string): boolean {
  const lines = block.trim().split('\n')
  return lines.length <= 3 && lines.every((line) => !/[.!?…:"”)]\s*$/.test(line) && words(line).length <= 12)
}

function inBlock(block: string): string[] {
  const flat = block.replace(/\s+/g, ' ').trim()
  const cut = flat.split(/(?<=[.!?]["'”’)\]]?)\s+(?=["'“‘([]?[A-Z0-9À-Þ])/)
  const whole: string[] = []
  for (const part of cut) {
    const before = whole.at(-1)
    // "Mr. Smith", "A. B. Cook", "No. 5" go on
    if (before !== undefined && /(?:^|\s)(?:[A-Z]|Mr|Mrs|Ms|Dr|St|No|vs|etc|e\.g|i\.e|Prof|Sr|Jr)\.$/.test(before)) {
      whole[whole.length - 1] = `${before} ${part}`
    } else {
      whole.push(part)
    }
  }
  return whole
}

export function words(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu) ?? []
}

/** Words that carry meaning, in a stem good enough for counting: plural and past forms fall together. */
export function stems(text: string): string[] {
  return words(text)
    .map((word) => word.replace(/['’]s$/, ''))
    .filter((word) => word.length > 2 && !stopWords.has(word))
    .map(stem)
}

function stem(word: string): string {
  if (word.length > 5 && word.endsWith('ing')) return word.slice(0, -3)
  if (word.length > 4 && word.endsWith('ies')) return `${word.slice(0, -3)}y`
  if (word.length > 4 && word.endsWith('ed')) return word.slice(0, -2)
  if (word.length > 3 && word.endsWith('s') && !word.endsWith('ss')) return word.slice(0, -1)
  return word
}

export function countEach(list: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const item of list) counts.set(item, (counts.get(item) ?? 0) + 1)
  return counts
}

/** The pieces in which a language model gives its text out: words with the space before them, punctuation, line ends. */
export function tokens(text: string): string[] {
  return text.match(/\n+| ?[\p{L}\p{N}]{1,8}| ?[^\s\p{L}\p{N}]|\s/gu) ?? []
}

/** First letter large, whatever was there. */
export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
