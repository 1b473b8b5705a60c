/** Text as the language sees it: a string is a sequence of Unicode code points. */
import { type Budget, reserveText, spend, spendText } from './budget.ts'

const surrogate = /[\ud800-\udfff]/

/** Number of characters (code points). */
export function lengthOfText(text: string, budget: Budget): number {
  spendText(budget, text.length)
  if (!surrogate.test(text)) return text.length
  spend(budget, text.length / 10)
  let count = 0
  for (let at = 0; at < text.length; at += widthAt(text, at)) count += 1
  return count
}

/** The characters from `from` up to `to`, both already inside the text. */
export function sliceOfText(text: string, from: number, to: number, budget: Budget): string {
  spendText(budget, text.length)
  if (to <= from) return ''
  if (!surrogate.test(text)) {
    reserveText(budget, to - from)
    return text.slice(from, to)
  }
  spend(budget, text.length / 10)
  const start = offsetOf(text, 0, from)
  const end = offsetOf(text, start, to - from)
  reserveText(budget, end - start)
  return text.slice(start, end)
}

/** The offset that lies `characters` after `offset`. */
function offsetOf(text: string, offset: number, characters: number): number {
  let at = offset
  for (let left = characters; left > 0 && at < text.length; left -= 1) at += widthAt(text, at)
  return at
}

function widthAt(text: string, at: number): 1 | 2 {
  return (text.codePointAt(at) as number) > 0xffff ? 2 : 1
}

/** Negative, 0 or positive, by code points (JavaScript compares UTF-16 units: not the same beyond U+FFFF). */
export function compareText(a: string, b: string, budget: Budget): number {
  const shared = Math.min(a.length, b.length)
  spendText(budget, shared)
  if (a === b) return 0
  if (!surrogate.test(a) && !surrogate.test(b)) return a < b ? -1 : 1
  let at = 0
  while (at < shared && a.charCodeAt(at) === b.charCodeAt(at)) at += 1
  if (at === shared) return a.length - b.length
  return rank(a.charCodeAt(at)) - rank(b.charCodeAt(at))
}

/** Surrogates stand for characters above all others. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}

/**
 * Where `needle` first stands in `text` at or after `from`, or -1. The engine's own search can take time
 * proportional to both lengths multiplied, so long needles are searched for by Knuth, Morris and Pratt's algorithm.
 */
export function findText(text: string, needle: string, from: number, budget: Budget): number {
  const span = Math.max(0, text.length - from)
  if (needle.length <= 32 || span * needle.length < 1_000_000) {
    const found = text.indexOf(needle, from)
    spendText(budget, found === -1 ? span : found - from + needle.length)
    return found
  }
  if (needle.length > span) return -1
  spendText(budget, (span + needle.length) * 5)
  return findLinear(text, needle, from)
}

function findLinear(text: string, needle: string, from: number): number {
  const borders = bordersOf(needle)
  let matched = 0
  for (let at = from; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    while (matched > 0 && needle.charCodeAt(matched) !== unit) matched = borders[matched - 1] as number
    if (needle.charCodeAt(matched) === unit) matched += 1
    if (matched === needle.length) return at - matched + 1
  }
  return -1
}

/** For each beginning of the needle, the length of its longest proper beginning that is also its end. */
function bordersOf(needle: string): Uint32Array {
  const borders = new Uint32Array(needle.length)
  let border = 0
  for (let at = 1; at < needle.length; at += 1) {
    while (border > 0 && needle.charCodeAt(border) !== needle.charCodeAt(at)) border = borders[border - 1] as number
    if (needle.charCodeAt(border) === needle.charCodeAt(at)) border += 1
    borders[at] = border
  }
  return borders
}

/** The offsets of all non-overlapping places of a needle that is not empty. */
export function findAll(text: string, needle: string, budget: Budget): number[] {
  const found: number[] = []
  for (let at = findText(text, needle, 0, budget); at !== -1; at = findText(text, needle, at + needle.length, budget)) {
    spend(budget, 2)
    found.push(at)
  }
  return found
}
