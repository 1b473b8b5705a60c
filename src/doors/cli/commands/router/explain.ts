/** `router explain`: which candidate of an agent would be called now, and why. */
import { explainRouting } from '../../../../app/actions/router/explain.ts'
import type { OutputOf } from '../../../../app/action.ts'
import { qosTiers } from '../../../../domain/routing.ts'
import { UsageError } from '../../../../domain/errors.ts'
import { defined } from '../../../../std/defined.ts'
import { formatDuration } from '../../../../std/duration.ts'
import { appOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import type { CommandContext } from '../../context.ts'
import { inputOptions, readInputs } from '../../input-options.ts'
import { choice, dollars, duration, flag, required, text, wholeNumber } from '../../option.ts'
import { candidateLines, decisionHead } from '../../output/decision-lines.ts'
import { count, formatSmallUsd, shortModel } from '../../output/quantity.ts'
import { roomOn } from '../../output/table.ts'

export const explain = defineCommand({
  description:
    'Says which candidate of an agent would be called now, and why: what is known of each, which requirement takes it out, the sample drawn, and how probable it was to be chosen. Nothing is called, and nothing learned. Where chance decides, each time it is drawn anew.',
  args: { agent: required('an agent of the configuration or the workflows here') },
  options: {
    ...inputOptions,
    task: text('--task <label>', "a label for what is asked, in place of the agent's"),
    step: text('--step <workflow/step>', 'the step whose call it would be (default: one of `agents run`)'),
    tier: choice('--tier <tier>', 'the tier of its quality of service', qosTiers),
    latencyCap: duration('--latency-cap <duration>', 'no candidate that takes longer'),
    costCap: dollars('--cost-cap <usd>', 'no candidate that costs more'),
    qualityFloor: text('--quality-floor <share>', 'no candidate that is worse, from 0 to 1'),
    seed: wholeNumber('--seed <n>', 'of the randomness, to be told the same again', 0),
    json: flag('--json', 'print {agent, strategy, context, chosen, turn, candidates: […]}'),
    ...appOptions,
  },
  examples: [
    { command: 'replicate-agent router explain writer', what: 'as `agents run` would choose' },
    { command: 'replicate-agent router explain writer --tier FAST --seed 1', what: 'under a tier, always the same' },
  ],
  async run(context, given) {
    const app = await context.app(given)
    const { agent, task, step, tier, latencyCap: latency_cap_ms, costCap: cost_cap_usd, seed } = given
    const quality_floor = given.qualityFloor === undefined ? undefined : shareFrom(given.qualityFloor)
    const asked = defined({ task, step, tier, latency_cap_ms, cost_cap_usd, quality_floor, seed })
    const told = await context.call(app, explainRouting, { agent, ...(await readInputs(context, given)), ...asked })
    if (context.json) return context.printJson(told)
    for (const line of explanationLines(told, context)) context.print(line)
    return undefined
  },
})

function shareFrom(written: string): number {
  const value = Number(written)
  if (/^\d*\.?\d+$/.test(written) && value <= 1) return value
  throw new UsageError(`--quality-floor takes a number from 0 to 1, not "${written}"`)
}

function explanationLines(told: OutputOf<typeof explainRouting>, { style, stdout }: CommandContext): string[] {
  const { chosen, refused, cost_ref_usd: cost, latency_slo_ms: latency, turn, candidates } = told
  const references = [
    cost === undefined ? '' : `costs are measured by ${formatSmallUsd(cost)}`,
    latency === undefined ? '' : `latencies by ${formatDuration(Math.round(latency))}`,
  ].filter((part) => part !== '')
  const drawn = candidates.find((one) => one.chosen)?.propensity ?? 1
  return [
    decisionHead(told, style),
    ...candidateLines(candidates, style, roomOn(stdout)),
    '',
    chosen === undefined
      ? `${style.red('nothing may be called')}: ${refused?.hint ?? ''}`
      : `${style.green(shortModel(chosen))} would be called${drawn < 0.995 ? ', by chance: another draw may differ' : ''}`,
    style.dim([`${count(turn, 'call')} so far`, ...references].join('; ')),
  ]
}
