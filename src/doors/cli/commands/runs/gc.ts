/** `runs gc`: removes old runs and what only they needed. */
import type { InputOf, OutputOf } from '../../../../app/action.ts'
import { gcRuns } from '../../../../app/actions/runs/gc.ts'
import { runStatuses } from '../../../../domain/run.ts'
import { defined } from '../../../../std/defined.ts'
import { appOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { confirm } from '../../confirm.ts'
import type { CommandContext } from '../../context.ts'
import { age, bytes, choice, flag, text, wholeNumber } from '../../option.ts'
import { count, formatAge, formatBytes } from '../../output/quantity.ts'
import { coloured } from '../../output/status.ts'
import { tableLines } from '../../output/table.ts'

type Gone = OutputOf<typeof gcRuns>

export const gc = defineCommand({
  description:
    'Removes runs that are over, with the runs nested in them, and the files, cached results and definitions that nothing else needs. Several conditions narrow it down: a run goes when all of them agree. What waits or was interrupted goes only when --status says so; what somebody drives never does.',
  args: {},
  options: {
    olderThan: age('--older-than <age>', 'runs without an event for so long: 12h, 30d, 8w'),
    keep: wholeNumber('--keep <n>', 'all but so many of the newest', 0),
    maxBytes: bytes('--max-bytes <size>', 'the oldest first, until journals and files take no more: 500MB, 5GB'),
    status: choice('--status <status>', 'runs of this status (default: all that are over)', runStatuses),
    workflow: text('--workflow <name>', 'runs of this workflow'),
    dryRun: flag('--dry-run', 'only say what would go'),
    yes: flag('-y, --yes', 'do not ask'),
    json: flag('--json', 'print what was removed; asks nothing'),
    ...appOptions,
  },
  examples: [
    { command: 'replicate-agent runs gc --older-than 30d --dry-run', what: 'what a month of patience would free' },
    { command: 'replicate-agent runs gc --keep 100 --max-bytes 5GB --yes', what: 'for a nightly job' },
    { command: 'replicate-agent runs gc --status failed --workflow poster', what: 'failures of one workflow' },
  ],
  async run(context, given) {
    const app = await context.app(given)
    const { olderThan: older_than_ms, keep, maxBytes: max_bytes, status, workflow, dryRun: dry_run } = given
    const criteria: InputOf<typeof gcRuns> = defined({
      ...{ older_than_ms, keep, max_bytes, workflow },
      statuses: status && ([status] as [typeof status]),
    })
    const call = (more: InputOf<typeof gcRuns>) => context.call(app, gcRuns, { ...criteria, ...more })
    if (context.json) return context.printJson(await call({ dry_run }))
    if (dry_run || given.yes || context.stdout.isTTY !== true) {
      report(context, await call({ dry_run }))
      return undefined
    }
    const plan = await call({ dry_run: true })
    if (plan.removed.length > 0) {
      report(context, plan)
      if (!(await confirm(context, `remove ${count(plan.removed.length, 'run')}?`))) {
        context.note('nothing was removed')
        return undefined
      }
    }
    const done = await call({ runs: plan.removed.map(({ run_id }) => run_id) })
    for (const line of totals(done)) context.print(line)
    return undefined
  },
})

function report(context: CommandContext, gone: Gone): void {
  const { style, clock } = context
  const rows = gone.removed.map((run) => [
    run.run_id,
    run.workflow,
    coloured(run.status, run.status, style),
    formatAge(Date.parse(run.updated_at), clock.now()),
    formatBytes(run.bytes),
    run.nested > 0 ? style.dim(`with ${count(run.nested, 'nested run')}`) : '',
  ])
  const columns = [
    ...[{ header: 'run' }, { header: 'workflow' }, { header: 'status' }, { header: 'last event' }],
    ...[{ header: 'size', align: 'right' as const }, { header: '' }],
  ]
  if (rows.length > 0) for (const line of [...tableLines(rows, columns, style.dim), '']) context.print(line)
  for (const line of totals(gone)) context.print(line)
}

function totals({ dry_run, removed, held, files, cached, freed_bytes, store_bytes }: Gone): string[] {
  const what = [
    ...(removed.length > 0 ? [count(removed.length, 'run')] : []),
    ...(files.removed > 0 ? [count(files.removed, 'file')] : []),
    ...(cached > 0 ? [count(cached, 'cached result')] : []),
  ].join(', ')
  const lines = [
    what === ''
      ? 'nothing to remove'
      : dry_run
        ? `would remove ${what}: ${formatBytes(freed_bytes)}`
        : `removed ${what}: ${formatBytes(freed_bytes)}${shrunk(store_bytes)}`,
  ]
  if (held.length > 0) lines.push(`left ${held.join(', ')}: somebody is at work on ${held.length > 1 ? 'them' : 'it'}`)
  if (files.left > 0)
    lines.push(
      `${count(files.left, 'unused file')} left for a later gc: somebody may be about to need ${files.left > 1 ? 'them' : 'it'}`,
    )
  return lines
}

function shrunk(store: Gone['store_bytes']): string {
  return store && store.after < store.before
    ? `; the database went from ${formatBytes(store.before)} to ${formatBytes(store.after)}`
    : ''
}
