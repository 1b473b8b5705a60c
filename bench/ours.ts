/** Our engine with its parts as a process has them: SQLite store under `full` durability, executor, function target. */
import { join } from 'node:path'
import { createExecutor } from '../src/executor/executor.ts'
import { createBudget } from '../src/executor/resilience/budget.ts'
import { openArtifacts } from '../src/state/artifacts/open.ts'
import { openStore } from '../src/state/store/open.ts'
import { systemClock } from '../src/std/clock.ts'
import { systemRandom } from '../src/std/random.ts'
import { openTargets } from '../src/targets/table.ts'
import { type EngineParts, startRun } from '../src/workflow/engine.ts'
import { loadWorkflowText, type LoadedWorkflow } from '../src/workflow/load.ts'
import { serve } from './contender.ts'
import { expected, functions, type StepKind, type Workload, workflowOf } from './workloads.ts'

const home = process.argv[2] as string
const store = await openStore({ home, durability: 'full', clock: systemClock, random: systemRandom })
const targets = openTargets({ replicate: { clock: systemClock, random: systemRandom }, functions })
const executor = createExecutor({ targets: (kind) => targets.get(kind), clock: systemClock, random: systemRandom })

const parts: EngineParts = {
  store,
  artifacts: await openArtifacts(join(home, 'artifacts')),
  executor,
  clock: systemClock,
  random: systemRandom,
  bus: () => {},
  holder: { pid: process.pid, host: 'bench', started: String(process.pid), boot: 'bench' },
  probe: () => 'alive',
  endHolder: async () => {},
  createBudget,
  env: {},
  cwd: home,
}

const loaded = new Map<string, LoadedWorkflow>()

async function workflow(workload: string): Promise<LoadedWorkflow> {
  const known = loaded.get(workload)
  if (known) return known
  const [shape, kind] = workload.split('/') as [Workload, StepKind]
  const outcome = await loadWorkflowText(workflowOf(shape, kind), join(home, `${shape}.yaml`), {
    functions: Object.keys(functions),
  })
  if (!outcome.ok) throw new Error(outcome.problems.map((problem) => `${problem.line}: ${problem.message}`).join('\n'))
  loaded.set(workload, outcome.workflow)
  return outcome.workflow
}

async function run(workload: string): Promise<{ took: number; runId: string }> {
  const checked = await workflow(workload)
  const began = performance.now()
  const driving = await startRun(parts, checked, { inputs: {} })
  const result = await driving.done
  const took = performance.now() - began
  const right = expected[workload.split('/')[0] as Workload]
  if (result.outputs['result'] !== right)
    throw new Error(`${workload} gave ${JSON.stringify(result.outputs)}: ${result.error?.message}`)
  return { took, runId: driving.run_id }
}

serve({
  run: async (workload) => (await run(workload)).took,
  async bytes(workload) {
    const { runId } = await run(workload)
    const events = await store.readEvents(runId)
    return events.reduce((bytes, event) => bytes + Buffer.byteLength(JSON.stringify(event)), 0)
  },
  async close() {
    await executor.close()
    await targets.close()
    await store.close()
  },
})
