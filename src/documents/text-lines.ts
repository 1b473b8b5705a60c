/** Where lines begin and end in a text that is changed in one place. */

export function lineStart(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1
}

/** After its newline. */
export function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end === -1 ? text.length : end + 1
}

export function columnOf(text: string, at: number): number {
  return at - lineStart(text, at)
}

/** With a newline at its end, unless it is empty. */
export function ended(text: string, newline: string): string {
  return text === '' || text.endsWith('\n') ? text : text + newline
}

/** Without the empty lines before `end`, and the comments that stand further left than `indent`: they belong to what follows. */
export function contentEnd(text: string, end: number, indent: number): number {
  let at = end
  while (at > 0) {
    const start = lineStart(text, at - 1)
    const line = text.slice(start, at)
    const isOthers = line.trim() === '' || (/^\s*#/.test(line) && line.search(/\S/) < indent)
    if (!isOthers) return at
    at = start
  }
  return at
}
