/** What differs between two runs. */
import { z } from 'zod'
import { errorShape, stepStatuses } from '../../../domain/run.ts'
import type { Json } from '../../../std/json.ts'
import type { JsonChange } from '../../../std/json-changes.ts'
import { type ComparedRun, compareRuns, type StepSide } from '../../../workflow/compare-runs.ts'
import { loadSpilled } from '../../../workflow/journal.ts'
import { isDriven } from '../../../workflow/running/hold.ts'
import { roundUsd, withPaths } from '../../../workflow/view.ts'
import { defineAction } from '../../action.ts'
import type { App } from '../../app.ts'
import { openRun, type OpenRun, stateOf } from '../../open-run.ts'
import { type RunSummary, runSummary, runSummaryShape } from '../../run-summary.ts'

const sideShape = z.object({ ...runSummaryShape.shape, duration_ms: z.number() })

const changeShape = z.object({
  kind: z.enum(['added', 'removed', 'changed']),
  path: z.array(z.union([z.string(), z.number()])),
  before: z.json().optional(),
  after: z.json().optional(),
})

const stepSideShape = z.object({
  status: z.enum(stepStatuses),
  attempts: z.number(),
  latency_ms: z.number(),
  cost_usd: z.number().nullable(),
  model: z.string().optional(),
  cached: z.boolean().optional(),
  error: errorShape.optional(),
  reason: z.string().optional(),
  child_run_id: z.string().optional(),
  rounds: z.number().optional(),
  items: z.object({ count: z.number(), ...optionalCounts() }).optional(),
})

export const diffRuns = defineAction({
  noun: 'runs',
  verb: 'diff',
  summary: 'say what differs between two runs: definition, inputs, outputs, steps, cost, time',
  input: z.object({ a: z.string(), b: z.string() }),
  output: z.object({
    a: sideShape,
    b: sideShape,
    same: z.boolean().describe('nothing differs but cost and time'),
    definition: z.object({
      same: z.boolean().describe('false without changes: only defaults of secret inputs differ'),
      changes: z.array(changeShape),
    }),
    inputs: z.array(changeShape),
    outputs: z.array(changeShape),
    steps: z.array(
      z.object({
        step: z.string(),
        change: z.enum(['same', 'changed', 'added', 'removed']),
        differs: z.array(z.enum(['definition', 'status', 'model', 'items', 'rounds', 'output', 'error'])),
        a: stepSideShape.optional(),
        b: stepSideShape.optional(),
        output: z.array(changeShape),
      }),
    ),
  }),
  async run(app, input) {
    const [a, b] = [await read(app, input.a), await read(app, input.b)]
    const { same, definition, inputs, outputs, steps } = compareRuns(a, b)
    const artifacts = await app.artifacts()
    const shown = (run: ComparedRun, value: Json): Json =>
      withPaths(value, { state: run.state, pathOf: (file) => artifacts.shownPath(file) })
    const withFiles = ({ kind, path, before, after }: JsonChange): JsonChange => ({
      ...{ kind, path },
      ...(before !== undefined && { before: shown(a, before) }),
      ...(after !== undefined && { after: shown(b, after) }),
    })
    return {
      ...{ a: a.side, b: b.side, same, definition },
      inputs: inputs.map(withFiles),
      outputs: outputs.map(withFiles),
      steps: steps.map((step) => ({
        ...step,
        ...(step.a && { a: rounded(step.a) }),
        ...(step.b && { b: rounded(step.b) }),
        output: step.output.map(withFiles),
      })),
    }
  },
})

function optionalCounts() {
  const count = z.number().optional()
  return { running: count, waiting: count, succeeded: count, failed: count, skipped: count, cancelled: count }
}

async function read(app: App, written: string): Promise<ComparedRun & { side: RunSummary & { duration_ms: number } }> {
  const run = await openRun(app, written)
  const { state, plan } = await stateOf(run)
  const loaded = new Map<string, Json>()
  await loadSpilled(state, run.parts.artifacts, loaded)
  const side = { ...runSummary(run.record, await isInterrupted(run)), duration_ms: Math.round(state.active_ms) }
  return { state, definition: plan.definition, loaded, side }
}

async function isInterrupted({ record, parts }: OpenRun): Promise<boolean> {
  return record.status === 'running' && !isDriven(parts, await parts.store.getLease(record.run_id))
}

function rounded(side: StepSide): StepSide {
  return { ...side, latency_ms: Math.round(side.latency_ms), cost_usd: roundUsd(side.cost_usd) }
}
