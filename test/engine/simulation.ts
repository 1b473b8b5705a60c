/** The engine on a virtual clock and a store in memory, with models that a random workflow scripts. */
import type { RunEvent } from '../../src/domain/events.ts'
import type { RunResult } from '../../src/domain/run.ts'
import { createBudget } from '../../src/executor/resilience/budget/budget.ts'
import type { LeaseHolder, Store } from '../../src/state/store/contract.ts'
import { seededRandom } from '../../src/std/random.ts'
import { virtualClock, type VirtualClock } from '../../src/testing/virtual-clock.ts'
import type { EngineParts } from '../../src/workflow/engine.ts'
import { type LoadedWorkflow, loadWorkflowText } from '../../src/workflow/load.ts'
import { openMemoryStore } from './memory-store.ts'
import { answerOf, type Asked, type RandomWorkflow, stepId, workflowText } from './random-workflow.ts'
import { handMadeExecutor, type Provider } from './rig.ts'

export interface Simulation {
  clock: VirtualClock
  store: Store
  provider: Provider
  workflow: LoadedWorkflow
  /** What was broken while it ran, such as a limit. */
  faults: string[]
  /** A process; all others count as gone. `store` is how it reaches the store. */
  process(store?: Store): EngineParts
  /** Lets time pass until the promise settles. */
  until<T>(promise: Promise<T>): Promise<T>
  events(runId: string): Promise<RunEvent[]>
}

export async function openSimulation(workflow: RandomWorkflow, seed = 1): Promise<Simulation> {
  const clock = virtualClock()
  const random = seededRandom(seed)
  const store = openMemoryStore(clock, random)
  const provider: Provider = { creates: [], cancelled: [] }
  const faults: string[] = []
  const outcome = await loadWorkflowText(workflowText(workflow), 'random.yaml')
  if (!outcome.ok) throw new Error(outcome.problems.map(({ message }) => message).join('\n'))
  let living: LeaseHolder | undefined
  let pids = 0

  function executorOf() {
    let inFlight = 0
    const inStep = new Map<number, number>()
    return handMadeExecutor(
      {
        'o/any': async ({ input, signal }) => {
          const asked = input as unknown as Asked
          const step = workflow.steps[asked.at]
          const window = step?.action.kind === 'foreach' ? step.action.window : 1
          const here = (inStep.get(asked.at) ?? 0) + 1
          inFlight += 1
          inStep.set(asked.at, here)
          if (inFlight > workflow.maxConcurrency) faults.push(`${inFlight} calls at once`)
          if (here > window) faults.push(`${here} calls of ${stepId(asked.at)} at once`)
          try {
            await clock.sleep((step?.ms ?? 1) * (0.5 + random()), signal)
            const answer = answerOf(workflow, asked)
            if (answer === undefined) throw new Error('scripted')
            return answer
          } finally {
            inFlight -= 1
            inStep.set(asked.at, (inStep.get(asked.at) ?? 1) - 1)
          }
        },
      },
      provider,
      clock,
      0.01,
    )
  }

  return {
    clock,
    store,
    provider,
    workflow: outcome.workflow,
    faults,
    process(reached = store) {
      pids += 1
      const holder: LeaseHolder = { pid: pids, host: 'here', started: String(pids), boot: 'boot' }
      living = holder
      return {
        store: reached,
        artifacts: noArtifacts,
        executor: executorOf(),
        clock,
        random,
        bus: () => {},
        holder,
        probe: ({ pid, host }) => (host !== 'here' ? 'elsewhere' : pid === living?.pid ? 'alive' : 'gone'),
        endHolder: async () => {},
        createBudget,
        backoff: () => 0,
        env: {},
        cwd: '/',
      }
    },
    async until(promise) {
      let over = false
      const settled = promise.finally(() => (over = true))
      settled.catch(() => {})
      for (let turns = 0; !over; turns += 1) {
        if (turns > 20_000) throw new Error('the run does not end')
        await clock.advance(10)
      }
      return settled
    },
    events: (runId) => store.readEvents(runId),
  }
}

/** Nothing here is large enough to be kept as a file. */
const noArtifacts = new Proxy({} as EngineParts['artifacts'], {
  get: (_target, name) => () => Promise.reject(new Error(`artifacts.${String(name)} was asked for`)),
})

/** What a result says of its steps, as the naive scheduler does. */
export function stepsOf(result: RunResult): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(result.steps).map(([id, { status, output = null, items }]) => {
      const shown = items?.map((item) => ({ index: item.index, status: item.status, output: item.output ?? null }))
      return [id, { status, output, ...(shown && { items: shown.toSorted((a, b) => a.index - b.index) }) }]
    }),
  )
}

/** The calls that a provider was asked for, as the naive scheduler names them. */
export function callsOf(provider: Provider): string[] {
  return provider.creates.map(({ input }) => {
    const { at, index, before } = input as unknown as Asked
    if (at >= 100) return `f${at - 100}`
    const round = before === undefined ? undefined : before === null ? 1 : (before as number) - at * 10 + 1
    return [stepId(at), index, round].filter((part) => part !== undefined).join('/')
  })
}

/** A store with some methods replaced; the others have their real receiver. */
export function storeWith(store: Store, changes: Partial<Store>): Store {
  const bound = Object.fromEntries(
    Object.entries(store).map(([name, method]) => [name, (method as (...args: never[]) => unknown).bind(store)]),
  )
  return { ...bound, ...changes } as unknown as Store
}
