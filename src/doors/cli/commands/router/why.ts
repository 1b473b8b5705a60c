/** `router why`: why a step of a run called the model that it called. */
import { explainStep } from '../../../../app/actions/router/why.ts'
import type { OutputOf } from '../../../../app/action.ts'
import { defined } from '../../../../std/defined.ts'
import { appOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { flag, required, wholeNumber } from '../../option.ts'
import { callText, candidateLines, decisionHead, decisionsText } from '../../output/decision-lines.ts'
import { oneLine } from '../../output/printable.ts'
import type { Style } from '../../output/style.ts'
import { roomOn } from '../../output/table.ts'
import { runArgument } from '../../run-argument.ts'

type Decision = OutputOf<typeof explainStep>['decisions'][number]

export const why = defineCommand({
  description:
    'Says why a step of a run called the model that it called: each decision with all candidates as they were known then, which requirement took one out, what came of it, and the feedback since.',
  args: { ...runArgument, step: required('the id of a step') },
  options: {
    index: wholeNumber('--index <n>', 'only this item of a foreach, counted from 0', 0),
    json: flag('--json', 'print {run_id, step, calls, decisions: […]}'),
    ...appOptions,
  },
  examples: [{ command: 'replicate-agent router why last write', what: 'of the latest run' }],
  async run(context, given) {
    const app = await context.app(given)
    const { run, step, index } = given
    const told = await context.call(app, explainStep, { run, step, ...defined({ index }) })
    if (context.json) return context.printJson(told)
    const { style } = context
    context.print(
      style.dim(`run ${told.run_id}, step ${told.step}: ${decisionsText(told.decisions.length, told.calls)}`),
    )
    for (const decision of told.decisions) {
      context.print('')
      for (const line of decisionLines(decision, style, roomOn(context.stdout))) context.print(line)
    }
    return undefined
  },
})

function decisionLines(decision: Decision, style: Style, room: number): string[] {
  const { index, round, candidates, calls, feedback } = decision
  const where = [
    ...(index === undefined ? [] : [`item ${index}`]),
    ...(round === undefined ? [] : [`round ${round}`]),
  ].join(', ')
  return [
    `${decisionHead(decision, style)}${where === '' ? '' : style.dim(`  ${where}`)}`,
    ...candidateLines(candidates, style, room),
    ...calls.map((call) => `  ${oneLine(callText(call), Math.max(40, Math.min(room, 300) - 4))}`),
    ...feedback.map(({ score, by, time }) => `  feedback ${score} by ${by} at ${time}`),
    style.dim(`  decision ${decision.id}`),
  ]
}
