/** Base forms and synonyms of English words. */

const irregular: Record<string, string> = Object.fromEntries(
  (
    'shone shine|felt feel|took take|taken take|blew blow|lay lie|came come|went go|gone go|saw see|seen see|knew know|known know|thought think|said say|' +
    'gave give|given give|made make|found find|wrote write|written write|began begin|spoke speak|slept sleep|brought bring|children child|men man|women woman'
  )
    .split('|')
    .map((pair) => pair.split(' ') as [string, string]),
)

/** Plural, past, participle, comparison and adverb undone, in every way that could be meant. */
export function baseForms(word: string): string[] {
  const forms = [irregular[word] ?? '']
  for (const ending of ['ies', 'ied', 'ier', 'iest'])
    if (word.endsWith(ending)) forms.push(`${word.slice(0, -ending.length)}y`)
  for (const ending of ['s', 'es', 'd', 'ed', 'r', 'er', 'st', 'est', 'ing', 'ly']) {
    if (!word.endsWith(ending)) continue
    const stem = word.slice(0, -ending.length)
    forms.push(stem)
    if (ending === 'ing') forms.push(`${stem}e`)
    // wrapped, stripping
    if (/([b-df-hj-np-tv-z])\1$/.test(stem)) forms.push(stem.slice(0, -1))
  }
  return [...new Set(forms)].filter((form) => form.length > 1 && form !== word)
}

const groups = [
  'clothes garment garments dress',
  'warm genial hearty',
  'travel wayfaring',
  'battle fight struggle',
  'begin start commence',
  'great large big huge',
  'good fine fit fitting proper',
  'give devote dedicate consecrate',
  'nation country people',
  'new newly conceived',
  'live endure last',
  'work task',
  'death dead died perish',
  'long enduring',
]

/** Words of much the same meaning. */
export function synonymOf(word: string): string[] | undefined {
  return groups.find((group) => group.split(' ').includes(word))?.split(' ')
}
