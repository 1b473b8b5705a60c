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
  if (run.error?.code === 'budget_exceeded')
    return ['', 'go on with a larger budget:', command(`resume ${id} --budget USD`)]
  if (run.status === 'failed') return ['', 'run again what failed, and keep the rest:', command(`retry ${id}`)]
  return ['', 'go on with what was not finished:', command(`resume ${id}`)]
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
