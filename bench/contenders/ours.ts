/** Ours, in a process of its own: workloads are named `shape/kind` or `shape/kind/count`. */
import { startRun } from '../../src/workflow/engine.ts'
import type { LoadedWorkflow } from '../../src/workflow/load.ts'
import { stepsOf, type StepKind, type Workload, workflowOf } from '../workloads.ts'
import { serve } from './contender.ts'
import { openEngine } from './engine-parts.ts'

const engine = await openEngine(process.argv[2] as string)
const prepared = new Map<string, { workflow: LoadedWorkflow; right: number }>()

async function prepare(workload: string): Promise<{ workflow: LoadedWorkflow; right: number }> {
  const known = prepared.get(workload)
  if (known) return known
  const [shape, kind, count] = workload.split('/') as [Workload, StepKind, string | undefined]
  const { text, right } = workflowOf(shape, kind, count === undefined ? stepsOf[shape] : Number(count))
  const made = { workflow: await engine.load(text), right }
  prepared.set(workload, made)
  return made
}

async function run(workload: string): Promise<{ took: number; runId: string }> {
  const { workflow, right } = await prepare(workload)
  const began = performance.now()
  const driving = await startRun(engine.parts, workflow, { inputs: {} })
  const result = await driving.done
  const took = performance.now() - began
  if (result.outputs['result'] !== right)
    throw new Error(`${workload} gave ${JSON.stringify(result.outputs)}: ${result.error?.message}`)
  return { took, runId: driving.run_id }
}

serve({
  run: async (workload) => (await run(workload)).took,
  async bytes(workload) {
    const { runId } = await run(workload)
    const events = await engine.parts.store.readEvents(runId)
    return events.reduce((bytes, event) => bytes + Buffer.byteLength(JSON.stringify(event)), 0)
  },
  close: () => engine.close(),
})
