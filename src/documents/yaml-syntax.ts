/** What the YAML parser complains of, as problems: its warnings are errors, and the commonest slip gets its own words. */
import type { Document, YAMLParseError, YAMLWarning } from 'yaml'
import type { Problem } from '../domain/problem.ts'
import type { Places } from './yaml-places.ts'

/** More errors than this in one file help nobody. */
const shownErrors = 50

export function syntaxProblems(document: Document.Parsed, text: string, places: Places): Problem[] {
  const problems: Problem[] = []
  const unquoted = new Set<number>()
  for (const error of document.errors.slice(0, shownErrors)) {
    const [at] = error.pos
    const expression = expressionBefore(text, at)
    if (expression !== undefined) {
      if (!unquoted.has(expression)) problems.push(unquotedProblem(error, expression, text, places))
      unquoted.add(expression)
    } else if (unquoted.size === 0) {
      // After an unquoted expression the parser has lost its way; what it says next is noise.
      problems.push(places.problemAt(at, 'yaml_syntax', messageOf(error), hintOf(error, text)))
    }
  }
  for (const warning of document.warnings) {
    problems.push(
      places.problemAt(
        warning.pos[0],
        codeOf(warning),
        `${messageOf(warning)}: only plain YAML is read`,
        'leave it out',
      ),
    )
  }
  const { version } = document.directives.yaml
  if (version !== '1.2') {
    problems.push(
      places.problemAt(
        0,
        'yaml_version',
        `%YAML ${version} reads values differently`,
        'leave the %YAML line out: files are YAML 1.2',
      ),
    )
  }
  return problems
}

/** The offset of a `${{` on the same line, at or before a place that the parser did not understand. */
function expressionBefore(text: string, at: number): number | undefined {
  const lineStart = text.lastIndexOf('\n', at - 1) + 1
  const lineEnd = text.indexOf('\n', at)
  const line = text.slice(lineStart, lineEnd === -1 ? undefined : lineEnd)
  const found = line.lastIndexOf('${{', at - lineStart)
  const first = found === -1 ? line.indexOf('${{') : found
  return first === -1 ? undefined : lineStart + first
}

function unquotedProblem(error: YAMLParseError, at: number, text: string, places: Places): Problem {
  const close = text.indexOf('}}', at)
  const lineEnd = text.indexOf('\n', at)
  const whole = close !== -1 && (lineEnd === -1 || close < lineEnd) ? text.slice(at, close + 2) : '${{ … }}'
  const quoted = whole.includes('"') ? `'${whole}'` : `"${whole}"`
  const why =
    error.code === 'BLOCK_AS_IMPLICIT_KEY' ? 'holds `: `, which means something in YAML' : 'stands inside { } or [ ]'
  return places.problemAt(at, 'unquoted_expression', `this \`\${{ }}\` ${why}: quote it`, `write ${quoted}`)
}

function messageOf(error: YAMLParseError | YAMLWarning): string {
  const [first = ''] = error.message.split('\n')
  return first.replace(/ at line \d+, column \d+:?$/, '').replace(/:$/, '')
}

function hintOf(error: YAMLParseError, text: string): string | undefined {
  if (error.code === 'BAD_SCALAR_START' && text.startsWith('```', error.pos[0]))
    return 'remove the Markdown fence (```)'
  if (error.code === 'TAB_AS_INDENT') return 'indent with spaces'
  if (error.code === 'MULTIPLE_DOCS') return 'one file holds one workflow'
  return undefined
}

function codeOf(warning: YAMLWarning): string {
  return warning.code === 'TAG_RESOLVE_FAILED' ? 'unsupported_tag' : 'yaml_syntax'
}
