/** What a routing strategy comes to on records of what each model made of each prompt. */
import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import { UsageError } from '../../../domain/errors.ts'
import { strategyNames } from '../../../domain/routing.ts'
import { bestModel } from '../../../executor/routing/hindsight.ts'
import type { OutcomeTable } from '../../../executor/routing/outcome-table.ts'
import {
  type Ground,
  groundOf,
  type RecordedPart,
  recordedParts,
  type Shift,
} from '../../../executor/routing/simulation.ts'
import { strategies } from '../../../executor/routing/strategy-table.ts'
import { runTrial, type TrialResult } from '../../../executor/routing/trial.ts'
import { defined } from '../../../std/defined.ts'
import { suggest } from '../../../std/suggest.ts'
import { defineAction } from '../../action.ts'
import { readOutcomes } from '../../outcome-files.ts'

/** What `--strategy all` compares: those that can tell models apart by a table, which has no latencies. */
const compared = strategyNames.filter((name) => name !== 'fastest' && name !== 'order')

/** Weights of cost for a sweep: from none to where the cheapest is all but always best. */
const sweepLambdas = [0, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 1]

const meanShape = {
  utility: z.number(),
  quality: z.number(),
  usd_per_1k: z.number().describe('dollars per 1,000 prompts'),
}
const trialShape = {
  strategy: z.string(),
  lambda: z.number(),
  prompts: z.number(),
  ...meanShape,
  utility_se: z.number().describe('standard error over the permutations'),
  regret_vs_best_fixed: z.number().describe('utility of the best model in hindsight, less that of the strategy'),
  by_model: z.record(
    z.string(),
    z.object({ share: z.number(), quality: z.number().nullable(), usd_per_1k: z.number().nullable() }),
  ),
}
const hindsightShape = {
  best_fixed: z.object({ model: z.string(), ...meanShape }),
  oracle_by_context: z.object(meanShape),
  oracle_by_prompt: z.object(meanShape),
}
const settingShape = {
  permutations: z.number(),
  seed: z.number(),
  context: z.array(z.enum(recordedParts)),
  split: z.string().optional(),
  shift: z.object({ model: z.string(), at: z.number() }).optional(),
  cost_ref_usd: z.number().describe('what λ is measured by: the 95th percentile of all costs'),
}
const oneShape = z.object({
  ...trialShape,
  ...hindsightShape,
  ...settingShape,
  sweep: z
    .object({
      points: z.array(z.object({ lambda: z.number(), ...meanShape })),
      best_quality: z.object({ model: z.string(), ...meanShape }).describe('the best model when cost is no object'),
      as_good: z
        .object({ lambda: z.number(), ...meanShape, saving: z.number().describe('share of the best model’s cost') })
        .nullable()
        .describe('the cheapest point with at least its quality'),
    })
    .optional(),
})
const allShape = z.object({
  lambda: z.number(),
  prompts: z.number(),
  ...hindsightShape,
  ...settingShape,
  strategies: z.array(z.object(trialShape)),
})

export const simulateRouter = defineAction({
  noun: 'router',
  verb: 'simulate',
  summary: 'say what a routing strategy comes to on records of what each model made of each prompt',
  input: z.object({
    table: z
      .string()
      .describe(
        'CSV: prompt_tokens_est, a column for each model with the quality of its answer, and maybe task, split',
      ),
    models: z.string().describe('CSV: model, input_usd_per_mtok, output_usd_per_mtok'),
    strategy: z.enum([...strategyNames, 'all']).default('learned'),
    lambda: z.number().nonnegative().default(0.2).describe('what a call that costs the reference loses of its utility'),
    context: z
      .array(z.enum(recordedParts))
      .optional()
      .describe('what makes prompts alike; default: task, if the table has it'),
    permutations: z.int().positive().max(100_000).default(48),
    seed: z.int().nonnegative().default(1),
    split: z.string().optional().describe('only rows with this in the column split'),
    shift: z.string().optional().describe('MODEL@0.5 or best@0.5: from that share on, the model’s quality is 0'),
    sweep: z.boolean().default(false).describe('also with other weights of cost'),
    cascade_models: z.int().positive().optional().describe('of a cascade: so many of the cheapest models'),
  }),
  output: z.union([oneShape, allShape]),
  async run(app, input, { signal, progressed }) {
    const { strategy, lambda, permutations, seed, split, cascade_models, sweep } = input
    if (strategy === 'fastest') throw new UsageError('"fastest" goes by latency, and a table of outcomes has none')
    if (strategy === 'all' && sweep)
      throw new UsageError('a sweep is of one strategy, not of all', { hint: 'name one with --strategy' })
    const table = await readOutcomes({ ...input, split }, app.cwd)
    const ground = groundOf(table)
    const context = input.context ?? (table.tasks ? ['task'] : [])
    assertFitting(table, context, cascade_models)
    const shift = input.shift === undefined ? undefined : shiftOf(input.shift, ground, lambda)
    const names = strategy === 'all' ? compared : [strategy]
    const lambdas = sweep ? sweepLambdas.filter((each) => each !== lambda) : []
    const whole = permutations * (names.length + lambdas.length)
    let done = 0
    const between = async () => {
      await setImmediate()
      signal.throwIfAborted()
      progressed?.(done, whole)
      done += 1
    }
    const trial = { context, seed, permutations, ...defined({ shift, cascade_models }) }
    const tried = (name: (typeof names)[number], weight: number) =>
      runTrial(ground, { ...trial, strategy: name, lambda: weight }, strategies[name], between)
    const results: TrialResult[] = []
    for (const name of names) results.push(await tried(name, lambda))
    const [first] = results as [TrialResult]
    const shifted = shift && { model: table.models[shift.model]?.name as string, at: shift.at }
    const setting = {
      permutations,
      seed,
      context,
      cost_ref_usd: ground.cost_ref_usd,
      ...defined({ split, shift: shifted }),
    }
    if (strategy === 'all') {
      const { best_fixed, oracle_by_context, oracle_by_prompt, prompts } = first
      return { lambda, prompts, best_fixed, oracle_by_context, oracle_by_prompt, ...setting, strategies: results }
    }
    if (!sweep) return { ...first, ...setting }
    const points = [first]
    for (const weight of lambdas) points.push(await tried(strategy, weight))
    return { ...first, ...setting, sweep: sweepOf(points) }
  },
})

/** By weight of cost; among them is 0, whose best model is the one with the most quality. */
function sweepOf(points: readonly TrialResult[]) {
  const sorted = points.toSorted((one, other) => one.lambda - other.lambda)
  const best_quality = (sorted[0] as TrialResult).best_fixed
  const [cheapest] = sorted
    .filter(({ quality }) => quality >= best_quality.quality)
    .toSorted((one, other) => one.usd_per_1k - other.usd_per_1k)
  const saving = cheapest && 1 - cheapest.usd_per_1k / best_quality.usd_per_1k
  return {
    points: sorted,
    best_quality,
    as_good: cheapest ? { ...cheapest, saving: saving as number } : null,
  }
}

function assertFitting({ tasks, models }: OutcomeTable, context: readonly RecordedPart[], cascade: number | undefined) {
  if (context.includes('task') && !tasks)
    throw new UsageError('the table has no column "task" to make contexts of', { hint: 'leave --context out' })
  if (cascade !== undefined && cascade > models.length)
    throw new UsageError(`a cascade of ${cascade} models is not to be had: the table has ${models.length}`)
}

/** `model@share`. */
function shiftOf(written: string, ground: Ground, lambda: number): Shift {
  const sign = written.lastIndexOf('@')
  const [name, share] = [written.slice(0, Math.max(0, sign)), written.slice(sign + 1)]
  const at = Number(share)
  if (sign < 0 || !/^\d*\.?\d+$/.test(share) || at <= 0 || at >= 1)
    throw new UsageError(`a shift is MODEL@SHARE with a share between 0 and 1, not "${written}"`, {
      hint: 'as in best@0.5: from half of the prompts on, the best model is broken',
    })
  if (name === 'best') return { model: bestModel(ground, lambda), at }
  const names = ground.table.models.map((model) => model.name)
  const model = names.indexOf(name)
  if (model >= 0) return { model, at }
  const near = suggest(name, names)
  throw new UsageError(`the table has no model "${name}"`, {
    hint: near === undefined ? `it has ${names.join(', ')}` : `did you mean "${near}"?`,
  })
}
