/** How long a workflow, or a measured trace of tasks, would take with so many calls in flight. */
import { z } from 'zod'
import { checkInputs } from '../../../workflow/inputs.ts'
import { type Plan, planOf } from '../../../workflow/plan.ts'
import { type SimulatedTask, simulate } from '../../../workflow/simulate.ts'
import { defineAction } from '../../action.ts'
import type { App } from '../../app.ts'
import { givenInputs, inputFields } from '../../given-inputs.ts'
import { planReport } from '../../plan-report.ts'
import { readDurations, readTrace, tasksOfPlan } from '../../simulated-tasks.ts'
import { openWorkflow } from '../../workflow-file.ts'

/** As the runner's own default. */
const defaultSlots = 8

export const simulateWorkflow = defineAction({
  noun: 'workflows',
  verb: 'simulate',
  summary: 'say how long a workflow or a measured trace would take, by the scheduler on a virtual clock',
  input: z.object({
    ...inputFields,
    workflow: z.string().describe('a workflow, by file or name, or a JSON file of a trace: {tasks: [{id, runtime_s, parents}]}'),
    durations: z.string().optional().describe('a JSON file: step id → seconds; for other steps the estimates of the plan count'),
    concurrency: z.int().positive().optional().describe('calls in flight at most; default: the workflow\'s, else 8'),
  }),
  output: z.object({
    name: z.string(),
    concurrency: z.number(),
    tasks: z.number(),
    edges: z.number(),
    makespan_s: z.number(),
    critical_path_s: z.number(),
    total_work_s: z.number(),
    lower_bound_s: z.number(),
    utilisation: z.number(),
    plan_ms: z.number(),
  }),
  async run(app, input, context) {
    const now = () => app.clock.monotonic()
    const trace = await readTrace(input.workflow, app.cwd)
    if (trace) {
      const concurrency = input.concurrency ?? defaultSlots
      return { name: trace.name, concurrency, ...simulate(trace.tasks, concurrency, now) }
    }
    const { definition } = await openWorkflow(app, input.workflow, context)
    const began = now()
    const plan = planOf(definition)
    const planned = now() - began
    const tasks = await tasksOf(app, plan, input)
    const concurrency = input.concurrency ?? definition.max_concurrency
    const simulated = simulate(tasks, concurrency, now)
    return { name: definition.name, concurrency, ...simulated, plan_ms: planned + simulated.plan_ms }
  },
})

type Given = Parameters<typeof givenInputs>[1] & { durations?: string | undefined }

async function tasksOf(app: App, plan: Plan, given: Given): Promise<SimulatedTask[]> {
  const durations = given.durations === undefined ? {} : await readDurations(given.durations, app.cwd)
  const specs = plan.definition.inputs
  const checked = checkInputs(specs, givenInputs(specs, given))
  const { steps } = await planReport(app, app.world, plan, checked.ok ? { inputs: checked.inputs } : {})
  const estimates = new Map(steps.map(({ id, estimate_ms }) => [id, estimate_ms]))
  return tasksOfPlan(plan, durations, (id) => {
    const ms = estimates.get(id)
    return ms === null || ms === undefined ? undefined : ms / 1_000
  })
}
