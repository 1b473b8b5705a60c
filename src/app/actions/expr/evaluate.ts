/** The value of an expression over given data. */
import { z } from 'zod'
import { ProblemsError } from '../../../domain/problem.ts'
import { ExpressionError, evaluateExpression } from '../../../expression/evaluate.ts'
import { parseExpression } from '../../../expression/parse.ts'
import { defineAction } from '../../action.ts'
import { jsonObject } from '../../given-inputs.ts'

export const evaluateExpr = defineAction({
  noun: 'expr',
  verb: 'evaluate',
  summary: 'the value of an expression',
  input: z.object({ expr: z.string(), vars: jsonObject.default({}) }),
  output: z.object({ value: z.json() }),
  async run(app, { expr, vars }) {
    const parsed = parseExpression(expr)
    if (!parsed.ok) {
      const [first] = parsed.problems
      if (!first) throw new ProblemsError('invalid_expression', [])
      throw new ExpressionError('invalid_expression', expr, first)
    }
    return { value: evaluateExpression(parsed.expression, vars, { now: app.clock.now() }) }
  },
})
