/** From an offset in a YAML scalar's value to the offset in the file, through quotes, escapes and folded lines. */
import type { Scalar } from 'yaml'

type Style = Scalar['type']

/**
 * Where the character `offset` of a scalar's value is written. `start` is where the scalar begins in `text`
 * (at its quote, or at the `|` or `>` of a block).
 *
 * Works by aligning value and source character by character: what is not white space stands in both in the same
 * order, so white space that folding or indentation changed is caught up with at the next other character.
 */
export function placeInScalar(text: string, start: number, style: Style, value: string, offset: number): number {
  let at = contentStart(text, start, style)
  const double = style === 'QUOTE_DOUBLE'
  for (let done = 0; done <= offset; done += 1) {
    const wanted = value[done]
    if (wanted === undefined) return at
    if (double) at = skipJoinedLines(text, at)
    if (!isBlank(wanted)) at = skipBlanks(text, at, double)
    else if (wanted === '\n' && text[at] === '\r') at += 1
    if (done === offset) return at
    const { length, units } = double && text[at] === '\\' ? escapeAt(text, at) : plainAt(text, at, wanted, style)
    // An escape that gives two units of UTF-16 stands for both of them.
    if (units === 2 && offset === done + 1) return at
    done += units - 1
    at += length
  }
  return at
}

/** How much of the source one character of the value takes: none where the white space is not written out. */
function plainAt(text: string, at: number, wanted: string, style: Style): { length: number; units: number } {
  if (style === 'QUOTE_SINGLE' && wanted === "'") return { length: 2, units: 1 }
  return { length: !isBlank(wanted) || isBlank(text[at]) ? 1 : 0, units: 1 }
}

function contentStart(text: string, start: number, style: Style): number {
  if (style === 'QUOTE_SINGLE' || style === 'QUOTE_DOUBLE') return start + 1
  if (style !== 'BLOCK_LITERAL' && style !== 'BLOCK_FOLDED') return start
  const lineEnd = text.indexOf('\n', start)
  return lineEnd === -1 ? text.length : lineEnd + 1
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\n' || character === '\t' || character === '\r'
}

/** White space that the value does not show here, because lines were folded. */
function skipBlanks(text: string, from: number, double: boolean): number {
  let at = from
  for (;;) {
    if (isBlank(text[at])) at += 1
    else if (double && text[at] === '\\' && isBlankEscape(text[at + 1])) at += 2
    else if (double && text[at] === '\\' && (text[at + 1] === '\n' || text[at + 1] === '\r'))
      at = skipJoinedLines(text, at)
    else return at
  }
}

function isBlankEscape(letter: string | undefined): boolean {
  return letter === 'n' || letter === 't' || letter === 'r' || letter === ' ' || letter === '\t'
}

/** A backslash at the end of a line joins it with the next, without its indentation. */
function skipJoinedLines(text: string, from: number): number {
  let at = from
  while (text[at] === '\\' && (text[at + 1] === '\n' || text[at + 1] === '\r')) {
    at += 2
    while (isBlank(text[at])) at += 1
  }
  return at
}

const escapeDigits: Record<string, number> = { x: 2, u: 4, U: 8 }

function escapeAt(text: string, at: number): { length: number; units: number } {
  const digits = escapeDigits[text[at + 1] as string] ?? 0
  const code = digits === 0 ? 0 : Number.parseInt(text.slice(at + 2, at + 2 + digits), 16)
  return { length: 2 + digits, units: code > 0xffff ? 2 : 1 }
}
