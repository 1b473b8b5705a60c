/** How much an expression may cost: every bound of the language, in one place. */

export interface Limits {
  /** Characters of source. */
  sourceLength: number
  /** Nesting of the source and height of its tree. */
  depth: number
  /** Nodes of the tree. */
  nodes: number
  /** Steps of one evaluation: nodes visited, and elements or blocks of text that functions walk over. */
  steps: number
  /** Characters of any string that is built. */
  stringLength: number
  /** Elements of any list that is built. */
  listLength: number
  /** Characters and elements that one evaluation builds in all. */
  totalSize: number
  /** Characters of the result as JSON text, where the expression has put it together itself. */
  resultSize: number
  /** The largest exponent of `**`, in magnitude. */
  exponent: number
  /** Nesting of a value that is compared, written as text or read from text. */
  valueDepth: number
  /** Characters of a pattern of `matches`. */
  patternLength: number
  /** The sum of all counts (`{3}`, `{2,5}`) in one pattern. */
  patternCounts: number
}

export const defaultLimits: Readonly<Limits> = {
  sourceLength: 10_000,
  depth: 200,
  nodes: 2_000,
  steps: 1_000_000,
  stringLength: 1_000_000,
  listLength: 100_000,
  totalSize: 4_000_000,
  resultSize: 16_000_000,
  exponent: 10_000,
  valueDepth: 500,
  patternLength: 500,
  patternCounts: 200,
}

export function limitsWith(changes: Partial<Limits> | undefined): Readonly<Limits> {
  return changes ? { ...defaultLimits, ...changes } : defaultLimits
}
