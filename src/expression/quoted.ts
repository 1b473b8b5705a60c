/** Names from outside inside messages: in backticks, and cut when they are long. */

const longest = 60

export function quoted(name: string): string {
  return `\`${name.length > longest ? `${name.slice(0, longest)}…` : name}\``
}

/** The first few of many: `` `a`, `b`, … ``. */
export function quotedList(names: readonly string[]): string {
  const shown = names.slice(0, 8).map(quoted)
  return `${shown.join(', ')}${names.length > shown.length ? ', …' : ''}`
}
