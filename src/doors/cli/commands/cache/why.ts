/** `cache why`: why the cache of results answered a step of a run, or did not. */
import { type CacheLook, whyCached } from '../../../../app/actions/cache/why.ts'
import { defined } from '../../../../std/defined.ts'
import { formatDuration } from '../../../../std/duration.ts'
import { appOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import type { CommandContext } from '../../context.ts'
import { flag, required, wholeNumber } from '../../option.ts'
import { oneLine } from '../../output/printable.ts'
import { count, formatAge, formatUsd } from '../../output/quantity.ts'
import { runArgument } from '../../run-argument.ts'

export const why = defineCommand({
  description:
    'Says of each look into the cache of results what came of it: when and by which run the answer was kept that was given, or why there was none, and in what the call differs from what was kept.',
  args: { ...runArgument, step: required('the id of a step') },
  options: {
    index: wholeNumber('--index <n>', 'only this item of a foreach, counted from 0', 0),
    json: flag('--json', 'print {run_id, step, looks: […]}'),
    ...appOptions,
  },
  examples: [{ command: 'replicate-agent cache why last write', what: 'of the latest run' }],
  async run(context, given) {
    const app = await context.app(given)
    const { run, step, index } = given
    const told = await context.call(app, whyCached, { run, step, ...defined({ index }) })
    if (context.json) return context.printJson(told)
    context.print(context.style.dim(`run ${told.run_id}, step ${told.step}`))
    for (const look of told.looks) for (const line of linesOf(look, context)) context.print(line)
    return undefined
  },
})

function linesOf(look: CacheLook, context: CommandContext): string[] {
  const { style } = context
  const where = [
    ...(look.index === undefined ? [] : [`item ${look.index}`]),
    ...(look.round === undefined ? [] : [`round ${look.round}`]),
  ].join(', ')
  const head = [look.outcome === 'hit' ? style.green('hit') : look.outcome, oneLine(nameOf(look), 120), where]
  const told =
    look.outcome === 'hit' ? hitLines(look, context) : look.outcome === 'off' ? offLines : missLines(look, context)
  return [head.filter((part) => part !== '').join('  '), ...told.map((line) => `  ${line}`)]
}

function nameOf({ model = '', version }: CacheLook): string {
  return version === undefined ? model : `${model}:${version.slice(0, 8)}`
}

const offLines = ['the cache was not asked: neither the step nor its agent has a `cache`']

function hitLines(look: CacheLook, context: CommandContext): string[] {
  if (look.kept_at === undefined) return ['the answer was kept before']
  const saved = [
    ...(look.saved_usd === undefined ? [] : [look.saved_usd === null ? 'an unknown cost' : formatUsd(look.saved_usd)]),
    ...(look.saved_ms === undefined ? [] : [formatDuration(look.saved_ms)]),
  ].join(' and ')
  return [
    `the answer was kept ${keptText(look.kept_at, look.kept_by, context)}${saved === '' ? '' : `; it saved ${saved}`}`,
    ...(look.kept_now === false ? ['it is not there any more'] : []),
  ]
}

const reasons: Record<NonNullable<CacheLook['reason']>, string> = {
  absent: 'nothing was kept of this model',
  expired: 'what was kept of the same call had expired',
  evicted: 'what was kept of the same call had made room for others: see `max_entries` and `max_bytes`',
  cleared: 'what was kept of the same call had been cleared',
  file_gone: 'a file of the answer that was kept is gone',
  damaged: 'the answer that was kept is damaged',
  misfit: 'the answer that was kept does not fit the `output_schema`',
  not_good_enough: "the answer that was kept is under the agent's bar of quality",
  other_version: 'the same call was kept of another version of the model',
  other_input: 'nothing was kept of this input',
}

function missLines({ reason = 'absent', nearest, kept_now }: CacheLook, context: CommandContext): string[] {
  return [
    reasons[reason],
    ...(nearest ? nearestLines(nearest, reason, context) : []),
    ...(kept_now === true ? [context.style.dim('the answer is kept now')] : []),
  ]
}

function nearestLines(
  nearest: NonNullable<CacheLook['nearest']>,
  reason: CacheLook['reason'],
  context: CommandContext,
): string[] {
  const when = keptText(nearest.kept_at, nearest.kept_by, context)
  if (reason === 'other_version') return [`version ${(nearest.version ?? 'unknown').slice(0, 8)}, ${when}`]
  const names = (fields: readonly string[]) => fields.map((field) => oneLine(field, 40)).join(', ')
  const parts = [
    ...(nearest.changed.length > 0 ? [`another ${names(nearest.changed)}`] : []),
    ...(nearest.added.length > 0 ? [`no ${names(nearest.added)}`] : []),
    ...(nearest.removed.length > 0 ? [`${names(nearest.removed)} besides`] : []),
  ]
  const had = parts.length === 0 ? 'another value that is kept secret' : parts.join('; ')
  const size = nearest.changed.length + nearest.added.length + nearest.removed.length
  return [`the nearest${size > 1 ? `, with ${count(size, 'difference')}` : ''}, kept ${when}, had ${had}`]
}

function keptText(at: string, by: string | undefined, { clock }: CommandContext): string {
  return `${formatAge(Date.parse(at), clock.now())}${by === undefined ? '' : ` by run ${by}`}`
}
