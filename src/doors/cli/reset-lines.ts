/** Says what a retry runs again, before it does. */
import { planOfRetry } from '../../app/actions/runs/plan-retry.ts'
import type { InputOf } from '../../app/action.ts'
import type { App } from '../../app/app.ts'
import type { CommandContext } from './context.ts'
import { count } from './output/quantity.ts'
import { tableLines } from './output/table.ts'

/** On stderr; on stdout when it is all that was asked for. */
export async function noteReset(
  context: CommandContext,
  app: App,
  choice: InputOf<typeof planOfRetry>,
  only: boolean,
): Promise<void> {
  const plan = await context.call(app, planOfRetry, choice)
  if (context.json) {
    if (only) context.printJson(plan)
    return
  }
  const { reset } = plan
  const style = only ? context.style : context.errorStyle
  const rows = reset.map(({ step, indexes, why }) => [
    `  ${step}`,
    indexes === undefined ? '' : `items ${indexes.slice(0, 8).join(', ')}${indexes.length > 8 ? ', …' : ''}`,
    style.dim(why),
  ])
  const lines =
    reset.length === 0
      ? ['nothing runs again']
      : [`${count(reset.length, 'step')} run again:`, ...tableLines(rows, [{}, {}, {}], style.dim)]
  for (const line of lines) (only ? context.print : context.note)(line)
}
