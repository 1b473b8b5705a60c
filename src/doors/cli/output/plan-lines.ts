/** A plan for people: what would happen to each step, why, for about how much and how long. */
import type { PlanReport } from '../../../app/plan-report.ts'
import { oldPricesLine } from '../../../app/prices/old-prices.ts'
import { formatDuration } from '../../../std/duration.ts'
import type { CommandContext } from '../context.ts'
import { oneLine } from './printable.ts'
import { formatUsd, shortModel } from './quantity.ts'
import type { Style } from './style.ts'
import { tableLines } from './table.ts'

type Step = PlanReport['steps'][number]

const colours = { run: 'cyan', reuse: 'green', reattach: 'yellow', skip: 'dim', ask: 'yellow' } as const

export function planLines(plan: PlanReport, { style }: Pick<CommandContext, 'style'>): string[] {
  const rows = plan.steps.map((step) => [
    step.group === 'finally' ? 'finally' : String(step.level),
    style.bold(step.id),
    style[colours[step.decision]](step.decision),
    shortModel(step.model ?? ''),
    costOf(step),
    timeOf(step),
    needsOf(step, style),
    style.dim(oneLine(step.why, 90)),
  ])
  const right = { align: 'right' } as const
  const columns = [
    { header: 'level', ...right },
    { header: 'step' },
    { header: 'would' },
    { header: 'model' },
    { header: 'cost', ...right },
    { header: 'time', ...right },
    { header: 'needs' },
    { header: 'why' },
  ]
  const title = plan.run_id === undefined ? plan.workflow : `${plan.workflow}  ${style.dim(`run ${plan.run_id}`)}`
  return [style.bold(title), '', ...tableLines(rows, columns, style.dim), '', ...totals(plan, style)]
}

/** `≤`: a limit, for nothing was learned of the model yet. */
function costOf(step: Step): string {
  if (step.decision === 'reuse' || step.decision === 'skip' || step.decision === 'ask') return ''
  if (step.estimate_usd === 0 && step.model === undefined) return ''
  return step.estimate_usd === null
    ? '?'
    : `${step.basis === 'limit' ? '≤' : '~'}${formatUsd(step.estimate_usd)}`.replace('~<', '<')
}

function timeOf(step: Step): string {
  if (step.estimate_ms === null) return '?'
  return step.estimate_ms === 0 ? '' : `~${formatDuration(step.estimate_ms)}`
}

/** Every row is as wide as the widest: of a step that needs thousands, only the first needs are shown. */
const shownNeeds = 8

function needsOf(step: Step, style: Style): string {
  const names = step.needs
    .slice(0, shownNeeds)
    .map(({ id, implied, via }) => (implied ? `${id} ${style.dim(`(implied by ${via ?? 'a reference'})`)}` : id))
  const more = step.needs.length - names.length
  return (more === 0 ? names : [...names, `… (${more} more)`]).join(', ')
}

function totals(plan: PlanReport, style: Style): string[] {
  const old = plan.old_prices.length === 0 ? [] : [style.yellow(oldPricesLine(plan.old_prices))]
  const passed = plan.passed_budgets.map(({ budget, left_usd, hard_usd }) =>
    style.yellow(
      `that is more than what is left of the budget of the ${budget}: ${formatUsd(left_usd)} of ${formatUsd(hard_usd)}`,
    ),
  )
  const saved = plan.saved_usd === undefined ? [] : [`already paid and kept: ${formatUsd(plan.saved_usd)}`]
  if (!plan.steps.some(({ decision }) => decision !== 'reuse' && decision !== 'skip'))
    return ['nothing is left to run', ...saved]
  const limited = plan.steps.some(({ basis }) => basis === 'limit')
  const cost =
    plan.estimate_usd === null
      ? 'cost unknown: a price is missing, or a list has no length yet'
      : `${limited ? 'at most' : 'about'} ${formatUsd(plan.estimate_usd)}`
  const time =
    plan.estimate_ms === null
      ? 'time unknown until each model has run once here'
      : `about ${formatDuration(plan.estimate_ms)}`
  const lines = [`${cost}; ${time}`, ...passed, ...saved]
  if (limited) lines.push(style.dim('≤ is the most that a call can cost; what models really cost is learned from runs'))
  return [...lines, ...old]
}
