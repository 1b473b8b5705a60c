/** `runs diff`: what differs between two runs. */
import type { OutputOf } from '../../../../app/action.ts'
import { diffRuns } from '../../../../app/actions/runs/diff.ts'
import { UsageError } from '../../../../domain/errors.ts'
import { formatDuration } from '../../../../std/duration.ts'
import { appOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import type { CommandContext } from '../../context.ts'
import { flag, required, text } from '../../option.ts'
import { changeLines } from '../../output/change-lines.ts'
import { oneLine } from '../../output/printable.ts'
import { count, formatAge, formatUsd, shortModel } from '../../output/quantity.ts'
import { coloured, marks, shownStatus } from '../../output/status.ts'
import type { Style } from '../../output/style.ts'
import { tableLines } from '../../output/table.ts'

type Diff = OutputOf<typeof diffRuns>
type Step = Diff['steps'][number]
type Side = NonNullable<Step['a']>

const which = 'an id, a unique prefix of one, `last`, or `last~1` for the one before'

export const diff = defineCommand({
  description:
    'Says what differs between two runs: their definition, inputs, outputs, steps, cost and time. Files are compared by their bytes. The exit code is 0 whether they differ or not; --json says it in `same`.',
  args: { a: required(`the one: ${which}`), b: required('the other') },
  options: {
    step: text('--step <id>', 'only this step, with what differs in its output'),
    json: flag('--json', 'print the whole comparison'),
    ...appOptions,
  },
  examples: [
    { command: 'replicate-agent runs diff last~1 last', what: 'what changed since the run before' },
    { command: 'replicate-agent runs diff last~1 last --step draw', what: 'one step, with its output' },
  ],
  async run(context, given) {
    const app = await context.app(given)
    const whole = await context.call(app, diffRuns, { a: given.a, b: given.b })
    const found = given.step === undefined ? whole : only(whole, given.step)
    if (context.json) return context.printJson(found)
    const lines = given.step === undefined ? await allLines(found, context) : await stepDetails(found, context)
    for (const line of lines) context.print(line)
    return undefined
  },
})

function only(diff: Diff, step: string): Diff {
  const steps = diff.steps.filter((one) => one.step === step)
  if (steps.length > 0) return { ...diff, steps }
  throw new UsageError(`neither run has a step "${step}"`, {
    hint: `they have ${diff.steps.map((one) => one.step).join(', ')}`,
  })
}

async function allLines(diff: Diff, context: CommandContext): Promise<string[]> {
  const { style } = context
  const definition = diff.definition.same
    ? []
    : diff.definition.changes.length > 0
      ? await changeLines(diff.definition.changes, context)
      : ['  the defaults of secret inputs differ']
  return [
    ...headLines(diff, context),
    ...section('definition', definition, style),
    ...section('inputs', await changeLines(diff.inputs, context), style),
    ...section('steps', stepLines(diff.steps, context), style),
    ...section('outputs', await changeLines(diff.outputs, context), style),
    '',
    ...totalLines(diff, style),
    ...(diff.same ? ['nothing differs but cost and time'] : []),
  ]
}

async function stepDetails(diff: Diff, context: CommandContext): Promise<string[]> {
  const { style } = context
  const [step] = diff.steps as [Step]
  const changes = diff.definition.changes.filter(
    ({ path }) => (path[0] === 'steps' || path[0] === 'finally') && path[1] === step.step,
  )
  const children = step.a?.child_run_id !== undefined && step.b?.child_run_id !== undefined
  return [
    ...headLines(diff, context),
    ...section('definition', await changeLines(changes, context), style),
    ...section('step', stepLines(diff.steps, context), style),
    ...section('output', await changeLines(step.output, context), style),
    ...(children ? ['', `nested: replicate-agent runs diff ${step.a?.child_run_id} ${step.b?.child_run_id}`] : []),
  ]
}

function section(title: string, lines: readonly string[], style: Style): string[] {
  return lines.length === 0 ? [] : ['', style.bold(title), ...lines]
}

function headLines({ a, b }: Diff, { style, clock }: CommandContext): string[] {
  const rows = [['a', a] as const, ['b', b] as const].map(([name, run]) => [
    style.bold(name),
    run.run_id,
    run.version === undefined ? run.workflow : `${run.workflow}@${run.version}`,
    coloured(run.status, shownStatus(run), style),
    formatAge(Date.parse(run.created_at), clock.now()),
    run.sandbox ? style.dim('sandbox') : '',
  ])
  return tableLines(rows, [{}, {}, {}, {}, {}, {}], style.dim)
}

const signs = { same: ' ', changed: '~', added: '+', removed: '-' } as const

function stepLines(steps: readonly Step[], { style }: CommandContext): string[] {
  const paint = { same: style.dim, changed: style.yellow, added: style.green, removed: style.red }
  const rows = steps.map(({ step, change, differs, a, b }) => [
    paint[change](`  ${signs[change]} ${step}`),
    sideText(a, style),
    // The same model need not be read twice.
    sideText(b && b.model === a?.model ? { ...b, model: undefined } : b, style),
    style.dim(differs.join(', ')),
  ])
  const columns = [{ header: '    step' }, { header: 'a' }, { header: 'b' }, { header: 'differs' }]
  return steps.length === 0 ? [] : tableLines(rows, columns, style.dim)
}

function sideText(side: Side | undefined, style: Style): string {
  if (!side) return style.dim('–')
  const { status, items } = side
  const ran = status !== 'skipped'
  const parts = [
    coloured(status, `${marks[status]} ${status}`, style),
    items ? itemsText(items) : '',
    ran ? formatDuration(side.latency_ms) : '',
    side.cached ? 'cached' : ran && (side.model !== undefined || side.cost_usd !== 0) ? formatUsd(side.cost_usd) : '',
    side.attempts > 1 && !items ? count(side.attempts, 'attempt') : '',
    side.rounds === undefined ? '' : count(side.rounds, 'round'),
    shortModel(side.model ?? ''),
    side.error ? oneLine(side.error.message, 40) : '',
  ]
  return parts.filter((part) => part !== '').join(' ')
}

/** `9 of 10 items` */
function itemsText({ count: all, succeeded = 0 }: NonNullable<Side['items']>): string {
  return succeeded === all ? count(all, 'item') : `${succeeded} of ${count(all, 'item')}`
}

function totalLines({ a, b }: Diff, style: Style): string[] {
  const money = a.cost_usd === null || b.cost_usd === null ? '' : differenceOf(b.cost_usd - a.cost_usd, formatUsd)
  const time = differenceOf(b.duration_ms - a.duration_ms, formatDuration)
  const rows = [
    ['cost', formatUsd(a.cost_usd), '→', formatUsd(b.cost_usd), style.dim(money)],
    ['time', formatDuration(a.duration_ms), '→', formatDuration(b.duration_ms), style.dim(time)],
  ]
  return tableLines(rows, [{}, { align: 'right' }, {}, { align: 'right' }, {}], style.dim)
}

function differenceOf(by: number, format: (amount: number) => string): string {
  if (Math.abs(by) < 1e-9) return 'the same'
  return `${by > 0 ? '+' : '−'}${format(Math.abs(by))}`
}
