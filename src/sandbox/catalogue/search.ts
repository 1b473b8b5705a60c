/** Finds what a query names: words in names count most, then those in descriptions. */
export interface Searched {
  name: string
  description: string
}

/** Best first, with a score in (0, 1]; what holds none of the words is left out. */
export function searchBy<T>(
  items: readonly T[],
  query: string,
  read: (item: T) => Searched,
): { item: T; score: number }[] {
  const wanted = [...new Set(wordsOf(query))]
  if (wanted.length === 0) return []
  return items
    .map((item) => ({ item, score: scoreOf(read(item), wanted) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
}

function scoreOf({ name, description }: Searched, wanted: readonly string[]): number {
  const names = wordsOf(name)
  const described = wordsOf(description)
  let score = 0
  for (const word of wanted) {
    if (names.includes(word)) score += 1
    else if (name.toLowerCase().includes(word)) score += 0.7
    else if (described.includes(word)) score += 0.5
    else if (description.toLowerCase().includes(word)) score += 0.3
  }
  return Math.round((score / wanted.length) * 1_000) / 1_000
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
}
