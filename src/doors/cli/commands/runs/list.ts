/** `runs list`: the runs of the store, newest first. */
import { listRuns } from '../../../../app/actions/runs/list.ts'
import { runStatuses } from '../../../../domain/run.ts'
import { defined } from '../../../../std/defined.ts'
import { appOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { choice, flag, text, wholeNumber } from '../../option.ts'
import { formatAge, formatUsd } from '../../output/quantity.ts'
import { coloured, shownStatus } from '../../output/status.ts'
import { tableLines } from '../../output/table.ts'

export const list = defineCommand({
  description: 'Lists runs, newest first.',
  args: {},
  options: {
    status: choice('--status <status>', 'only runs of this status', runStatuses),
    workflow: text('--workflow <name>', 'only runs of this workflow'),
    limit: wholeNumber('--limit <n>', 'at most so many (default: 20)', 1),
    json: flag('--json', 'print {runs}'),
    ...appOptions,
  },
  examples: [
    { command: 'replicate-agent runs list', what: 'the latest' },
    { command: 'replicate-agent runs list --status waiting', what: 'what waits for somebody' },
  ],
  async run(context, given) {
    const app = await context.app(given)
    const { status, workflow, limit } = given
    const { runs } = await context.call(app, listRuns, defined({ status, workflow, limit }))
    if (context.json) return context.printJson({ runs })
    if (runs.length === 0) {
      context.note('no runs')
      return undefined
    }
    const { style } = context
    const now = context.clock.now()
    const rows = runs.map((run) => [
      run.run_id,
      run.workflow,
      coloured(run.status, shownStatus(run), style),
      formatUsd(run.cost_usd),
      formatAge(Date.parse(run.created_at), now),
      style.dim(
        [run.sandbox ? 'sandbox' : '', run.imported_at === undefined ? '' : 'imported'].filter(Boolean).join(', '),
      ),
    ])
    const columns = [
      { header: 'run' },
      { header: 'workflow' },
      { header: 'status' },
      { header: 'cost', align: 'right' as const },
      { header: 'started' },
      { header: '' },
    ]
    for (const line of tableLines(rows, columns, style.dim)) context.print(line)
    return undefined
  },
})
