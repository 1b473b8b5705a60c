import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CancelledError, StoreError } from '../../src/domain/errors.ts'
import type { RunResult } from '../../src/domain/run.ts'
import type { Lease, Store } from '../../src/state/store/contract.ts'
import { deferred } from '../../src/std/deferred.ts'
import { type Driving, type EngineParts, resumeRun, startRun } from '../../src/workflow/engine.ts'
import { journalFaults } from '../chaos/journal-rules.ts'
import { expectedOf } from './naive-scheduler.ts'
import { type RandomWorkflow, workflowArb } from './random-workflow.ts'
import { callsOf, openSimulation, type Simulation, stepsOf, storeWith } from './simulation.ts'

const numRuns = Number(process.env.RANDOM_RUNS ?? 200)

/** What happens to one process that drives the run. */
type Fate =
  /** It dies at its n-th commit, before it or right after it became durable. */
  | { kind: 'dies'; commit: number; after: boolean }
  /** Its n-th commit finds the disk full. */
  | { kind: 'fills'; commit: number }
  | { kind: 'abandons' | 'pauses' | 'cancels'; ms: number }
  /** It hangs, another host takes the run over, and then it wakes up: in that very moment, or later. */
  | { kind: 'hangs'; ms: number; early: boolean }

const fateArb: fc.Arbitrary<Fate> = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('fills' as const), commit: fc.integer({ min: 1, max: 15 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('dies' as const),
      commit: fc.integer({ min: 1, max: 15 }),
      after: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('abandons' as const, 'pauses' as const, 'cancels' as const),
      ms: fc.nat(100),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('hangs' as const), ms: fc.nat(100), early: fc.boolean() }) },
)

/** How a process reaches the store: it can die, or hang, and every commit is checked for whose it is. */
class Reach {
  readonly store: Store
  #commits = 0
  #dead = false
  #hung: Promise<void> | undefined
  #wake = () => {}

  /** `onTaken`: called once it has the lease, before it does anything with it. */
  constructor(simulation: Simulation, fate: Fate | undefined, tokens: Tokens, onTaken?: () => Promise<void>) {
    const { store } = simulation
    const death = fate?.kind === 'dies' ? fate : undefined
    const fullAt = fate?.kind === 'fills' ? fate.commit : undefined
    const alive = async <T>(work: () => Promise<T>): Promise<T> => {
      await this.#hung
      if (this.#dead) throw new StoreError('store', 'the process is dead')
      return work()
    }
    this.store = storeWith(store, {
      createRun: (...args) => alive(() => store.createRun(...args)),
      append: (lease, events, patch) =>
        alive(async () => {
          this.#commits += 1
          if (this.#commits === fullAt) throw new StoreError('disk_full', 'there is no room left')
          const dies = this.#commits === death?.commit
          if (dies && !death?.after) this.#die()
          await store.append(lease, events, patch)
          tokens.committed(lease)
          if (dies) this.#die()
        }),
      acquireLease: (...args) =>
        alive(async () => {
          const got = await store.acquireLease(...args)
          if ('lease' in got) {
            tokens.taken(got.lease)
            await onTaken?.()
          }
          return got
        }),
      heartbeat: (lease) => alive(() => store.heartbeat(lease)),
      releaseLease: async (lease) => {
        await this.#hung
        if (!this.#dead) await store.releaseLease(lease)
      },
      pendingCommands: (runId) => alive(() => store.pendingCommands(runId)),
      claimPrediction: (...args) => alive(() => store.claimPrediction(...args)),
    })
  }

  hang(): void {
    const { promise, resolve } = deferred()
    this.#hung = promise
    this.#wake = resolve
  }

  wake(): void {
    this.#hung = undefined
    this.#wake()
  }

  #die(): never {
    this.#dead = true
    throw new StoreError('store', 'the process is dead')
  }
}

/** Tokens only grow, and only the last one commits. */
class Tokens {
  readonly faults: string[] = []
  #last = 1

  taken({ token }: Lease): void {
    if (token <= this.#last) this.faults.push(`token ${token} was given after ${this.#last}`)
    this.#last = token
  }

  committed({ token }: Lease): void {
    if (token !== this.#last) this.faults.push(`token ${token} committed after ${this.#last} was given`)
  }
}

/** Starts the run or goes on with it. */
async function begin(parts: EngineParts, simulation: Simulation): Promise<Driving> {
  const known = await simulation.store.getRun('r')
  return known ? resumeRun(parts, 'r') : startRun(parts, simulation.workflow, { inputs: {}, runId: 'r' })
}

/** One process, from its beginning to its end. */
async function live(simulation: Simulation, fate: Fate, tokens: Tokens): Promise<void> {
  const { clock } = simulation
  const reach = new Reach(simulation, fate, tokens)
  const driving = await begin(simulation.process(reach.store), simulation).catch(() => undefined)
  if (!driving) return
  const done = driving.done.catch((error: unknown) => error)
  if ('ms' in fate) await clock.advance(fate.ms)
  if (fate.kind === 'abandons') driving.abandon(new CancelledError('left', { code: 'interrupted' }))
  if (fate.kind === 'pauses') driving.pause('a test')
  if (fate.kind === 'cancels') driving.cancel('a test')
  if (fate.kind === 'hangs') {
    reach.hang()
    // Longer than a lease lasts; from another host nobody can tell whether the holder lives.
    await clock.advance(20_000)
    const wakeUp = async () => {
      reach.wake()
      for (let turns = 0; turns < 20; turns += 1) await turn()
    }
    const taker = new Reach(simulation, undefined, tokens, fate.early ? wakeUp : undefined)
    const elsewhere = simulation.process(taker.store)
    elsewhere.probe = () => 'elsewhere'
    const next = await begin(elsewhere, simulation)
    await simulation.until(next.done)
    await wakeUp()
    await simulation.until(done)
    return
  }
  await simulation.until(done)
}

/** Goes on until the run is over. */
async function finish(simulation: Simulation, tokens: Tokens): Promise<RunResult> {
  for (;;) {
    const driving = await begin(simulation.process(new Reach(simulation, undefined, tokens).store), simulation)
    const result = await simulation.until(driving.done)
    if (result.status !== 'waiting' && result.status !== 'cancelled') return result
  }
}

async function check(workflow: RandomWorkflow, seed: number, fates: readonly Fate[]): Promise<void> {
  const simulation = await openSimulation(workflow, seed)
  const tokens = new Tokens()
  for (const fate of fates) await live(simulation, fate, tokens)
  const result = await finish(simulation, tokens)
  const expected = expectedOf(workflow)
  const events = await simulation.events('r')
  expect(journalFaults(events, true)).toEqual([])
  expect(tokens.faults).toEqual([])
  expect(simulation.faults).toEqual([])
  expect((await simulation.store.getRun('r'))?.seq).toBe(events.length)
  const calls = callsOf(simulation.provider)
  if (events.some(({ type }) => type === 'run.cancelling')) {
    // What was cancelled is called again, and `finally` has seen that.
    const main = (steps: Record<string, unknown>) => Object.entries(steps).filter(([id]) => id.startsWith('s'))
    expect(Object.fromEntries(main(stepsOf(result)))).toEqual(Object.fromEntries(main(expected.steps)))
    const mainCalls = (all: string[]) => [...new Set(all.filter((call) => call.startsWith('s')))].toSorted()
    expect(mainCalls(calls)).toEqual(mainCalls(expected.calls))
    return
  }
  expect(stepsOf(result)).toEqual(expected.steps)
  expect(result.status).toBe(expected.status)
  expect(calls.toSorted()).toEqual(expected.calls.toSorted())
}

describe('a run whose drivers die, hang, are paused and cancelled', () => {
  it('loses no step, settles each once, pays for nothing twice, and ends as if nothing had happened', async () => {
    await fc.assert(
      fc.asyncProperty(workflowArb, fc.nat(1_000), fc.array(fateArb, { minLength: 1, maxLength: 5 }), check),
      { numRuns },
    )
  })
})
