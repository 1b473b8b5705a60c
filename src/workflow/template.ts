/**
 * Templates: JSON values with `${{ expression }}` in their strings, compiled once and rendered in one pass.
 * What an expression gives is data: it is never looked at for templates again.
 */
import { pathText } from '../documents/path-text.ts'
import { evaluateExpression, type EvaluateContext } from '../expression/evaluate.ts'
import { ExpressionError } from '../expression/expression-error.ts'
import { isForbiddenKey } from '../expression/names.ts'
import { type Expression, type ExpressionProblem, parseEmbedded, type Reference } from '../expression/parse.ts'
import { isObject, type Json, type JsonObject } from '../std/json.ts'

export type TemplatePath = readonly (string | number)[]

/** An expression, the string that it stands in, and where in that string it begins. */
export interface PlacedExpression {
  expression: Expression
  path: TemplatePath
  offset: number
  /** Stands in a text, so that null can't be rendered. */
  inText: boolean
}

export interface PlacedProblem {
  problem: ExpressionProblem
  path: TemplatePath
  offset: number
  /** The problem is in the last key of `path`, not in its value. */
  inKey?: true
}

type Part = string | PlacedExpression

export type TemplateNode =
  | { kind: 'constant'; value: Json }
  | { kind: 'alone'; part: PlacedExpression }
  | { kind: 'text'; parts: readonly Part[] }
  | { kind: 'list'; items: readonly TemplateNode[] }
  | { kind: 'object'; entries: readonly (readonly [string, TemplateNode])[] }

/** Compiled; immutable, so it may be kept and shared. */
export interface Template {
  readonly source: Json
  readonly references: readonly Reference[]
  /** Nothing in it is computed. */
  readonly constant: boolean
  readonly expressions: readonly PlacedExpression[]
  readonly root: TemplateNode
  /** What errors call it: `input`, `value`, … */
  readonly label: string
}

/** Deeper values can't come out of a file; a bound keeps the walk's recursion safe for other callers. */
const maxDepth = 200

interface Parsing {
  expressions: PlacedExpression[]
  problems: PlacedProblem[]
}

/** Compiles as much as can be read; a string with a problem becomes constant. */
export function parseTemplate(source: Json, label = ''): { template: Template; problems: readonly PlacedProblem[] } {
  const parsing: Parsing = { expressions: [], problems: [] }
  const root = parseNode(source, [], parsing)
  const { expressions, problems } = parsing
  const references = expressions.flatMap((placed) => placed.expression.references)
  return { template: { source, references, constant: expressions.length === 0, expressions, root, label }, problems }
}

/** Compiles a value that the loader has found to be good. Throws ExpressionError when it is not. */
export function compileTemplate(source: Json, label = ''): Template {
  const { template, problems } = parseTemplate(source, label)
  const [first] = problems
  if (first) throw errorAt(label, first.path, 'invalid_expression', pathText(label, first.path), first.problem)
  return template
}

function parseNode(source: Json, path: TemplatePath, parsing: Parsing): TemplateNode {
  if (typeof source === 'string') return parseString(source, path, parsing)
  if (typeof source !== 'object' || source === null) return { kind: 'constant', value: source }
  if (path.length >= maxDepth) {
    parsing.problems.push(wholeProblem(path, 'too_deep', `the value is nested more than ${maxDepth} levels deep`))
    return { kind: 'constant', value: null }
  }
  if (Array.isArray(source)) {
    const items = source.map((item, index) => parseNode(item, [...path, index], parsing))
    return items.every((item) => isSource(item)) ? { kind: 'constant', value: source } : { kind: 'list', items }
  }
  const entries = Object.entries(source).map(([key, value]) => {
    if (key.includes('${{') || isForbiddenKey(key)) parsing.problems.push({ ...keyProblem(path, key), inKey: true })
    return [key, parseNode(value, [...path, key], parsing)] as const
  })
  return entries.every(([, value]) => isSource(value))
    ? { kind: 'constant', value: source }
    : { kind: 'object', entries }
}

/** Constant and exactly what was written (an escape makes a constant that is not). */
function isSource(node: TemplateNode): boolean {
  return node.kind === 'constant'
}

function wholeProblem(path: TemplatePath, code: string, message: string, hint?: string): PlacedProblem {
  const place = { line: 1, column: 1, offset: 0 }
  const problem: ExpressionProblem = { code, message, start: place, end: place, severity: 'error' }
  return { problem: hint === undefined ? problem : { ...problem, hint }, path, offset: 0 }
}

function keyProblem(path: TemplatePath, key: string): PlacedProblem {
  if (isForbiddenKey(key)) return wholeProblem([...path, key], 'forbidden_key', `the key \`${key}\` is not allowed`)
  const hint = 'write the key as it is; only values can be computed'
  return wholeProblem([...path, key], 'template_in_key', 'a key can not hold `${{ }}`', hint)
}

function parseString(text: string, path: TemplatePath, parsing: Parsing): TemplateNode {
  if (!text.includes('${{')) return { kind: 'constant', value: text }
  const parts: Part[] = []
  let from = 0
  let failed = false
  for (let at = text.indexOf('${{'); at !== -1; at = text.indexOf('${{', from)) {
    if (text[at - 1] === '$' && at > from) {
      parts.push(`${text.slice(from, at - 1)}\${{`)
      from = at + 3
      continue
    }
    parts.push(text.slice(from, at))
    const outcome = parseEmbedded(text, at + 3)
    if (outcome.ok) {
      const placed: PlacedExpression = { expression: outcome.expression, path, offset: at + 3, inText: true }
      parts.push(placed)
      parsing.expressions.push(placed)
    } else {
      failed = true
      for (const problem of outcome.problems) parsing.problems.push({ problem, path, offset: at + 3 })
    }
    from = outcome.end ?? text.length
  }
  parts.push(text.slice(from))
  return failed ? { kind: 'constant', value: text } : nodeOfParts(parts)
}

/** An expression that is alone in its string (but for white space around it) keeps its type. */
function nodeOfParts(all: readonly Part[]): TemplateNode {
  const [first, ...more] = all.filter((part) => typeof part !== 'string' || part.trim() !== '')
  if (first !== undefined && typeof first !== 'string' && more.length === 0) {
    first.inText = false
    return { kind: 'alone', part: first }
  }
  const parts = all.filter((part) => part !== '')
  const constant = parts.every((part) => typeof part === 'string')
  return constant ? { kind: 'text', parts: [parts.join('')] } : { kind: 'text', parts }
}

/** Renders with the data of `scope`. Throws ExpressionError that says where in the value it happened. */
export function renderTemplate(
  template: Template,
  scope: Readonly<Record<string, Json>>,
  context: EvaluateContext,
): Json {
  return renderNode(template.root)

  function renderNode(node: TemplateNode): Json {
    switch (node.kind) {
      case 'constant':
        return node.value
      case 'alone':
        return evaluate(node.part)
      case 'text':
        return node.parts.map((part) => (typeof part === 'string' ? part : textOf(part))).join('')
      case 'list':
        return node.items.map(renderNode)
      case 'object': {
        const rendered: JsonObject = {}
        for (const [key, value] of node.entries) rendered[key] = renderNode(value)
        return rendered
      }
    }
  }

  function evaluate({ expression, path }: PlacedExpression): Json {
    try {
      return evaluateExpression(expression, scope, context)
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error
      throw errorAt(template.label, path, 'expression_failed', error.source, error.problem)
    }
  }

  function textOf(part: PlacedExpression): string {
    const value = evaluate(part)
    if (typeof value === 'string') return value
    if (value !== null) return isObject(value) || Array.isArray(value) ? JSON.stringify(value) : String(value)
    const { source } = part.expression
    const start = { line: 1, column: 1, offset: 0 }
    throw errorAt(template.label, part.path, 'expression_failed', source, {
      code: 'null_in_text',
      message: `\`${source.trim()}\` is null, which can't be put into a text`,
      hint: 'give something in its place: ${{ … ?? "" }}',
      start,
      end: { line: 1, column: source.length + 1, offset: source.length },
      severity: 'error',
    })
  }
}

function errorAt(
  label: string,
  path: TemplatePath,
  code: 'invalid_expression' | 'expression_failed',
  source: string,
  problem: ExpressionProblem,
): ExpressionError {
  const where = pathText(label, path)
  return new ExpressionError(
    code,
    source,
    where === '' ? problem : { ...problem, message: `${where}: ${problem.message}` },
  )
}
