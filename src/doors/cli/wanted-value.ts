/** The one value of a result that `--output` asks for: checked before anything is paid, printed at the end. */
import { checkExpr } from '../../app/actions/expr/check.ts'
import { evaluateExpr } from '../../app/actions/expr/evaluate.ts'
import type { App } from '../../app/app.ts'
import { NonRetryableError } from '../../domain/errors.ts'
import { type RunResult, runResultShape } from '../../domain/run.ts'
import type { JsonObject } from '../../std/json.ts'
import type { CommandContext } from './context.ts'

/** What a result may have; fields that one has not are null to the check. */
const fields = Object.fromEntries(Object.keys(runResultShape.shape).map((name) => [name, null]))

/** Throws `invalid_expression` for what can't be read, or names nothing that a result has. */
export async function checkWanted(context: CommandContext, app: App, expression: string): Promise<void> {
  const { problems } = await context.call(app, checkExpr, { expr: expression, vars: fields })
  const wrong = problems.find(({ severity }) => severity === 'error')
  if (!wrong) return
  const { code: problem, message, hint, line, column } = wrong
  throw new NonRetryableError('invalid_expression', message, { hint, details: { problem, line, column, expression } })
}

export async function printWanted(
  context: CommandContext,
  app: App,
  expression: string,
  result: RunResult,
): Promise<void> {
  const { value } = await context.call(app, evaluateExpr, { expr: expression, vars: result as unknown as JsonObject })
  context.print(typeof value === 'string' ? value : JSON.stringify(value))
}
