/** Calls an action as a door does: checks the input, fills in the context. */
import { UsageError } from '../domain/errors.ts'
import type { Action, ActionContext, InputOf, OutputOf } from './action.ts'
import type { App } from './app.ts'

/** Throws UsageError for an input that does not fit the action's schema, and what the action throws. */
export async function callAction<A extends Action>(
  app: App,
  action: A,
  input: InputOf<A>,
  context: Partial<ActionContext> = {},
): Promise<OutputOf<A>> {
  const checked = action.input.safeParse(input)
  if (!checked.success) {
    const [issue] = checked.error.issues
    throw new UsageError(`${issue?.path.join('.') || 'the input'} ${issue?.message ?? 'does not fit'}`)
  }
  const whole: ActionContext = { signal: new AbortController().signal, by: 'sdk', warn: () => {}, ...context }
  return (await action.run(app, checked.data, whole)) as OutputOf<A>
}
