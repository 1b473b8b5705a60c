/** Whether an expression can be read, and uses names and types rightly, without evaluating it. */
import { z } from 'zod'
import { checkExpression } from '../../../expression/check.ts'
import { parseExpression } from '../../../expression/parse.ts'
import { anyType } from '../../../expression/value-type.ts'
import { defineAction } from '../../action.ts'
import { jsonObject } from '../../given-inputs.ts'

const problem = z.object({
  line: z.number(),
  column: z.number(),
  code: z.string(),
  severity: z.enum(['error', 'warning']),
  message: z.string(),
  hint: z.string().optional(),
})

export const checkExpr = defineAction({
  noun: 'expr',
  verb: 'check',
  summary: 'what is wrong with an expression',
  input: z.object({ expr: z.string(), vars: jsonObject.optional().describe('when given, only these names are known') }),
  output: z.object({ valid: z.boolean(), problems: z.array(problem) }),
  async run(_app, { expr, vars }) {
    const parsed = parseExpression(expr)
    const names = Object.fromEntries(Object.keys(vars ?? {}).map((name) => [name, anyType]))
    const problems = parsed.ok
      ? checkExpression(parsed.expression, { names, open: vars === undefined, statusFunctions: false }).problems
      : parsed.problems
    return {
      valid: problems.every(({ severity }) => severity !== 'error'),
      problems: problems.map(({ start, code, severity, message, hint }) => ({
        ...{ line: start.line, column: start.column, code, severity, message },
        ...(hint !== undefined && { hint }),
      })),
    }
  },
})
