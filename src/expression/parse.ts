/** Source text to a checked tree, or to the problem in it; never throws for anything that is written in the text. */
import type { Builder } from './build.ts'
import { Fault, type FaultPlace, problemAt, problemOf } from './fault.ts'
import { parseConditional } from './grammar.ts'
import { defaultLimits, type Limits, limitsWith } from './limits.ts'
import type { ExpressionProblem } from './position.ts'
import { type Reference, referencesOf } from './references.ts'
import type { Node } from './syntax-tree.ts'
import { Tokens } from './tokens.ts'
import { unexpected } from './unexpected.ts'

export type { ExpressionProblem } from './position.ts'
export type { Reference } from './references.ts'

/** A whole expression; immutable, so it may be kept and shared. */
export interface Expression {
  readonly source: string
  readonly root: Node
  readonly references: readonly Reference[]
}

export type ParseOutcome = { ok: true; expression: Expression } | { ok: false; problems: ExpressionProblem[] }

/** Workflows repeat the same few expressions for every step and item. */
const cache = new Map<string, ParseOutcome & { ok: true }>()
const cacheEntries = 500
const cacheSourceLength = 500

/** Parses the whole of `source`; a beginning that would parse alone is not accepted. */
export function parseExpression(source: string, limits?: Partial<Limits>): ParseOutcome {
  if (limits) return parseWhole(source, limitsWith(limits))
  const known = cache.get(source)
  if (known) return known
  const outcome = parseWhole(source, defaultLimits)
  if (outcome.ok && source.length <= cacheSourceLength) {
    if (cache.size >= cacheEntries) cache.delete(cache.keys().next().value as string)
    cache.set(source, outcome)
  }
  return outcome
}

function parseWhole(source: string, limits: Readonly<Limits>): ParseOutcome {
  if (source.length > limits.sourceLength) return { ok: false, problems: [tooLong(source, limits)] }
  const builder = builderFor(source, limits)
  try {
    const root = parseRoot(builder)
    if (builder.tokens.kind !== 'end') throw unexpected(builder.tokens, 'an operator or the end of the expression')
    return { ok: true, expression: expressionOf(source, root) }
  } catch (error) {
    return { ok: false, problems: [problemFrom(error, source, builder.tokens)] }
  }
}

/**
 * For templates: parses the expression that begins at `offset` of `text` and must be followed, after white space,
 * by `}}`. The expression's own tokenizer finds it, so `}}` inside strings and object literals is fine.
 * Positions and `source` are relative to `offset`. `end` is the offset in `text` just after the `}}`; of a faulty
 * expression, just after the next `}}` in the text, or undefined if there is none.
 */
export function parseEmbedded(
  text: string,
  offset: number,
  limits?: Partial<Limits>,
):
  | { ok: true; expression: Expression; end: number }
  | { ok: false; problems: ExpressionProblem[]; end: number | undefined } {
  const bounds = limitsWith(limits)
  const view = text.slice(offset, offset + bounds.sourceLength + 2)
  const builder = builderFor(view, bounds)
  const { tokens } = builder
  try {
    const root = parseRoot(builder)
    if (tokens.kind !== '}' && tokens.kind !== 'end') throw unexpected(tokens, 'an operator or `}}`')
    if (view[tokens.start + 1] !== '}') {
      throw new Fault('unclosed_template', 'the `${{` is not closed', 'close it with }}', tokens)
    }
    return { ok: true, expression: expressionOf(view.slice(0, tokens.start), root), end: offset + tokens.start + 2 }
  } catch (error) {
    const close = text.indexOf('}}', offset)
    const end = close === -1 ? undefined : close + 2
    if (view.length < text.length - offset && tokens.pos >= view.length) {
      return { ok: false, problems: [tooLong(view, bounds)], end }
    }
    const source = close === -1 ? view : view.slice(0, Math.max(close - offset, tokens.pos))
    return { ok: false, problems: [problemFrom(error, source, tokens)], end }
  }
}

/** Parsing never waits and never parses on its way, and no result holds on to it: one is enough. */
const tokens = new Tokens()

function builderFor(source: string, limits: Readonly<Limits>): Builder {
  tokens.restart(source)
  return { tokens, limits, nodes: 0, nesting: 0, grouped: new Set() }
}

function parseRoot(builder: Builder): Node {
  const { tokens } = builder
  tokens.begin()
  if (tokens.kind === 'end' || (tokens.kind === '}' && tokens.input[tokens.start + 1] === '}')) {
    throw new Fault('empty', 'there is no expression', undefined, { start: 0, end: tokens.end })
  }
  return parseConditional(builder)
}

function expressionOf(source: string, root: Node): Expression {
  return { source, root, references: referencesOf(root, source) }
}

function problemFrom(error: unknown, source: string, place: FaultPlace): ExpressionProblem {
  if (error instanceof Fault) return problemOf(source, error, place)
  throw error
}

function tooLong(source: string, limits: Readonly<Limits>): ExpressionProblem {
  return problemAt(
    source,
    { start: limits.sourceLength, end: limits.sourceLength },
    {
      code: 'too_long',
      message: `the expression is longer than ${limits.sourceLength} characters`,
      hint: 'put data into inputs or a `value` step, and read it from there',
    },
  )
}
