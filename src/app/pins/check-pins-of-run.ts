/** Checks the lock file for what is left of a run; what the run has found out already stays with it. */
import type { App } from '../app.ts'
import { type OpenRun, settledSteps, stateOf } from '../open-run.ts'
import { assertLocked, checkPins } from './check-pins.ts'

/** Asks what is published. Throws as `checkPins` does. */
export async function checkPinsOfRun(app: App, run: OpenRun, signal: AbortSignal): Promise<void> {
  if (run.record.status !== 'succeeded') await checkPins(app, run.world, await leftOf(run), signal)
}

/** Asks nobody. Throws as `assertLocked` does. */
export async function assertRunLocked(app: App, run: OpenRun): Promise<void> {
  if (run.record.status !== 'succeeded') await assertLocked(app, run.world, await leftOf(run))
}

async function leftOf(run: OpenRun) {
  const { plan, state } = await stateOf(run)
  return { definition: plan.definition, settled: new Set(settledSteps(state)), versions: state.versions }
}
