/** Expressions of the workflow language over `output`, for plugins, whose room does not know the language. */
import { ConfigurationError } from '../../domain/errors.ts'
import { checkExpression } from '../../expression/check.ts'
import { evaluateExpression } from '../../expression/evaluate.ts'
import { anyType } from '../../expression/value-type.ts'
import type { SetupTools } from '../../plugins/plugin.ts'
import type { Clock } from '../../std/clock.ts'
import { parseBareExpression } from '../../workflow/planning/bare-expression.ts'

export function outputExpression(clock: Clock): SetupTools['expression'] {
  return (text) => {
    const outcome = parseBareExpression(text)
    const problems = outcome.ok
      ? checkExpression(outcome.expression, { names: { output: anyType }, statusFunctions: false }).problems
      : outcome.problems
    const fault = problems.find(({ severity }) => severity === 'error')
    if (fault || !outcome.ok) {
      const message = `\`${text}\`: ${fault?.message ?? 'is no expression'}`
      throw new ConfigurationError('invalid_config', message, { hint: fault?.hint })
    }
    return (scope) => evaluateExpression(outcome.expression, scope, { now: clock.now() })
  }
}
