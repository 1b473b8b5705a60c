/** Our engine with its parts as a process has them: SQLite store under `full` durability, executor, function target. */
import { join } from 'node:path'
import { createPriceBook } from '../../src/config/prices/book.ts'
import type { Bus } from '../../src/domain/events.ts'
import { createExecutor } from '../../src/executor/executor.ts'
import { createBudget } from '../../src/executor/resilience/budget/budget.ts'
import { openArtifacts } from '../../src/state/artifacts/open.ts'
import { probeHolder, thisHolder } from '../../src/state/store/holder.ts'
import { openStore } from '../../src/state/store/open.ts'
import { systemClock } from '../../src/std/clock.ts'
import { systemRandom } from '../../src/std/random.ts'
import { openTargets } from '../../src/targets/table.ts'
import type { EngineParts } from '../../src/workflow/engine.ts'
import { loadWorkflowText, type LoadedWorkflow } from '../../src/workflow/load.ts'
import { functions } from '../workloads.ts'

export interface OpenEngine {
  parts: EngineParts
  load(text: string): Promise<LoadedWorkflow>
  close(): Promise<void>
}

export async function openEngine(home: string, bus: Bus = () => {}): Promise<OpenEngine> {
  const store = await openStore({ home, durability: 'full', clock: systemClock, random: systemRandom })
  const targets = openTargets({
    replicate: { prices: createPriceBook([]), clock: systemClock, random: systemRandom },
    functions,
  })
  const executor = createExecutor({ targets: (kind) => targets.get(kind), clock: systemClock, random: systemRandom })
  return {
    parts: {
      store,
      artifacts: await openArtifacts(join(home, 'artifacts')),
      executor,
      clock: systemClock,
      random: systemRandom,
      bus,
      holder: thisHolder(),
      probe: probeHolder,
      endHolder: async () => {},
      createBudget,
      backoff: () => 0,
      env: {},
      cwd: home,
    },
    async load(text) {
      const outcome = await loadWorkflowText(text, join(home, 'bench.yaml'), { functions: Object.keys(functions) })
      if (outcome.ok) return outcome.workflow
      throw new Error(outcome.problems.map((problem) => `${problem.line}: ${problem.message}`).join('\n'))
    },
    async close() {
      await executor.close()
      await targets.close()
      await store.close()
    },
  }
}
