/** The examples of docs/expressions.md, executed; and that the page names every function, limit and refusal. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Json } from '../std/json.ts'
import { checkExpression } from './check.ts'
import { evaluateExpression, ExpressionError } from './evaluate.ts'
import { functionTable, statusFunctionNames } from './functions/table.ts'
import { defaultLimits } from './limits.ts'
import { parseExpression } from './parse.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/expressions.md'), 'utf8')
const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => ({
  language,
  text: text as string,
}))
const scope = JSON.parse(blocks.find((block) => block.language === 'json')?.text ?? '{}') as Record<string, Json>
const examples = blocks
  .filter((block) => block.language === 'expr')
  .flatMap((block) => block.text.split('\n').filter(Boolean))
  .map((line) => {
    const arrow = line.lastIndexOf(' → ')
    return { source: line.slice(0, arrow).trimEnd(), result: line.slice(arrow + 3) }
  })

function run(source: string): string {
  const parsed = parseExpression(source)
  if (!parsed.ok) return `error ${parsed.problems[0]?.code}`
  try {
    return JSON.stringify(evaluateExpression(parsed.expression, scope, { now: 1_700_000_000_000 }))
  } catch (error) {
    if (error instanceof ExpressionError) return `error ${error.problem.code}`
    throw error
  }
}

describe('docs/expressions.md', () => {
  it('has data and a good number of examples', () => {
    expect(Object.keys(scope).length).toBeGreaterThan(5)
    expect(examples.length).toBeGreaterThan(150)
  })

  it.each(examples)('$source gives $result', ({ source, result }) => {
    expect(run(source)).toBe(result.startsWith('error ') ? result : JSON.stringify(JSON.parse(result)))
  })

  it.each([...functionTable.keys()])('shows %s in an example', (name) => {
    expect(examples.some(({ source }) => new RegExp(`\\b${name}\\(`).test(source))).toBe(true)
  })

  it.each([...statusFunctionNames])('names the status function %s', (name) => {
    expect(page).toContain(`\`${name}(`)
  })

  it.each(Object.entries(defaultLimits))('states the limit %s', (_name, limit) => {
    expect(page).toMatch(new RegExp(`\\| ${limit.toLocaleString('en')}( levels)? \\|`))
  })

  it('has no example without an error that the checker would refuse', () => {
    const names = Object.fromEntries(Object.keys(scope).map((name) => [name, { kind: 'any' as const }]))
    for (const { source, result } of examples.filter((example) => !example.result.startsWith('error'))) {
      const parsed = parseExpression(source)
      const problems = parsed.ok ? checkExpression(parsed.expression, { names, statusFunctions: false }).problems : []
      expect({ source, errors: problems.filter((problem) => problem.severity === 'error') }).toEqual({
        source,
        errors: [],
      })
      expect(result).not.toBe('')
    }
  })
})
