/** The exact command that goes on with a run that did not succeed. */
import { showRun } from '../../app/actions/runs/show.ts'
import type { App } from '../../app/app.ts'
import type { RunResult } from '../../domain/run.ts'
import { type AppChoice, repeatedOptions } from './app-options.ts'
import type { CommandContext } from './context.ts'
import { oneLine } from './output/printable.ts'

export async function nextLines(
  context: CommandContext,
  app: App,
  choice: AppChoice,
  run: RunResult,
): Promise<string[]> {
  const id = run.run_id
  const options = repeatedOptions(choice)
  const command = (text: string) => `  replicate-agent runs ${text}${options}`
  if (run.status === 'succeeded') return []
  if (run.status === 'waiting' && run.waiting_for === 'approval')
    return ['', ...(await approvalLines(context, app, id, command))]
  if (run.status === 'waiting' || run.status === 'running') return ['', 'go on with it:', command(`resume ${id}`)]
  if (run.error?.code === 'budget_exceeded') return ['', ...budgetLines(run.error, id, command)]
  if (run.status === 'failed') return ['', 'run again what failed, and keep the rest:', command(`retry ${id}`)]
  return ['', 'go on with what was not finished:', command(`resume ${id}`)]
}

function budgetLines(
  { details }: NonNullable<RunResult['error']>,
  id: string,
  command: (text: string) => string,
): string[] {
  const { scope, until } = details ?? {}
  if (scope === 'run' || scope === undefined)
    return ['go on with a larger budget:', command(`resume ${id} --budget USD`)]
  const time = typeof until === 'string' ? ` from ${until.slice(0, 16).replace('T', ' ')} UTC on, or` : ''
  const raise =
    scope === 'agent'
      ? ['when its agent has more:']
      : ['with a larger one:', `  replicate-agent budgets set ${String(scope)} --hard USD`]
  return [`go on${time} ${raise[0]}`, ...raise.slice(1), command(`resume ${id}`)]
}

async function approvalLines(
  context: CommandContext,
  app: App,
  id: string,
  command: (text: string) => string,
): Promise<string[]> {
  const { approvals = [] } = await context.call(app, showRun, { run: id })
  return approvals.flatMap(({ step, index, message, inputs }) => {
    const item = index === undefined ? '' : ` --index ${index}`
    const asked = Object.entries(inputs).filter(([, spec]) => (spec as { required?: boolean }).required === true)
    const answers = asked.map(([name]) => ` -i ${name}=…`)
    return [
      `${step} asks: ${oneLine(message, 300)}`,
      command(`approve ${id} ${step}${item}${answers.join('')}`),
      command(`reject ${id} ${step}${item}`),
    ]
  })
}
