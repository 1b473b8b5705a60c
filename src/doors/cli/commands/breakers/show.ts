/** `breakers show`: one circuit breaker with all that is known of it. */
import type { OutputOf } from '../../../../app/action.ts'
import { showBreaker } from '../../../../app/actions/breakers/show.ts'
import { appOptions, configOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import type { CommandContext } from '../../context.ts'
import { flag, required } from '../../option.ts'
import { oneLine } from '../../output/printable.ts'
import { formatAge } from '../../output/quantity.ts'
import { tableLines } from '../../output/table.ts'
import { nameText, nextText, stateText } from './breaker-lines.ts'

type Shown = OutputOf<typeof showBreaker>

export const show = defineCommand({
  description:
    'Shows the circuit breaker of a model (or `provider:replicate`): how it stands, what failed by class, the last failures, and the numbers that it goes by.',
  args: { model: required('owner/name of a model, or a name that `breakers list` shows') },
  options: {
    sandbox: flag('--sandbox', 'that of calls in the sandbox'),
    ...configOptions,
    checkpointDir: appOptions.checkpointDir,
    json: flag('--json', 'print it as JSON'),
  },
  examples: [{ command: 'replicate-agent breakers show meta/meta-llama-3-8b-instruct', what: 'of one model' }],
  async run(context, given) {
    const app = await context.app(given)
    const shown = await context.call(app, showBreaker, { breaker: given.model })
    if (context.json) return context.printJson(shown)
    for (const line of linesOf(shown, context)) context.print(line)
    return undefined
  },
})

function linesOf(shown: Shown, context: CommandContext): string[] {
  const { style, clock } = context
  const next = nextText(shown)
  const age = shown.since === undefined ? '' : style.dim(`  ${formatAge(Date.parse(shown.since), clock.now())}`)
  const lines = [
    `${style.bold(nameText(shown))}  ${stateText(shown, context)}${age}`,
    `${oneLine(shown.standing, 120)}${next === '' ? '' : `; ${next}`}`,
  ]
  const failures = Object.entries(shown.failures)
  if (failures.length > 0) {
    lines.push('', style.bold('failures'))
    lines.push(
      ...table(
        failures.map(([kind, count]) => [`  ${kind}`, String(count)]),
        context,
      ),
    )
    lines.push('', style.bold('last'))
    const last = shown.last_failures.map(({ time, class: kind, message }) => [
      `  ${style.dim(formatAge(Date.parse(time), clock.now()))}`,
      ...[kind, oneLine(message, 100)],
    ])
    lines.push(...table(last, context))
  }
  if (shown.policy) lines.push('', style.bold('goes by'), ...table(policyRows(shown, context), context))
  if (shown.callers.length > 0) lines.push('', `${style.bold('agents')}  ${shown.callers.join(', ')}`)
  if (shown.unguarded.length > 0) lines.push(style.dim(`called without it by ${shown.unguarded.join(', ')}`))
  return lines
}

function policyRows({ policy = {}, override = {} }: Shown, { style }: CommandContext): string[][] {
  return Object.entries(policy).map(([key, value]) => [
    `  ${key}`,
    Array.isArray(value) ? value.join(', ') : String(value),
    Object.hasOwn(override, key) ? style.yellow('configured') : '',
  ])
}

function table(rows: string[][], { style }: CommandContext): string[] {
  return tableLines(
    rows,
    (rows[0] ?? []).map(() => ({})),
    style.dim,
  )
}
