/** A run by what was typed for it, with the engine of its world and its definition. */
import type { RunEvent } from '../domain/events.ts'
import type { RunRecord } from '../state/store/contract.ts'
import type { Driving, EngineParts } from '../workflow/engine.ts'
import { planOfRun } from '../workflow/running/hold.ts'
import type { Plan } from '../workflow/plan.ts'
import { foldEvents } from '../workflow/fold.ts'
import { isSettled, type RunState } from '../workflow/state.ts'
import type { App, World } from './app.ts'
import { findRun } from './find-run.ts'
import { needToken } from './need-token.ts'
import { worldOfRecord } from './world-of.ts'

export interface OpenRun {
  record: RunRecord
  world: World
  parts: EngineParts
}

export async function openRun(app: App, written: string): Promise<OpenRun> {
  const record = await findRun(await app.store(), written)
  const world = await worldOfRecord(app, record)
  return { record, world, parts: await app.engine(world) }
}

export async function stateOf({ record, parts }: OpenRun): Promise<{ state: RunState; plan: Plan }> {
  const state = foldEvents(record.run_id, await parts.store.readEvents(record.run_id))
  return { state, plan: await planOfRun(parts.store, state) }
}

/** How a run that is driven here began: the one event that was journaled before anybody could listen. */
export async function firstEvent({ store }: EngineParts, { run_id, following, done }: Driving): Promise<RunEvent[]> {
  // Whoever waits for the run is told of its failure; until then it is nobody's.
  done.catch(() => {})
  return following ? [] : store.readEvents(run_id, 0, 1)
}

/** What was journaled of a run up to now. */
export function earlierEvents({ record, parts }: OpenRun): Promise<RunEvent[]> {
  return parts.store.readEvents(record.run_id)
}

/** Steps that a resume does not run again. */
export function settledSteps(state: RunState): string[] {
  return [...state.steps].filter(([, step]) => isSettled(step) && step.status !== 'cancelled').map(([id]) => id)
}

/** Throws `missing_token` when what is left of the run needs one. */
export async function needTokenFor(app: App, run: OpenRun): Promise<Plan> {
  const { state, plan } = await stateOf(run)
  if (run.record.status !== 'succeeded') needToken(app, run.world, plan.definition, new Set(settledSteps(state)))
  return plan
}
