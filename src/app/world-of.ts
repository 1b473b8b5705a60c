/** Where a run calls models. */
import { UsageError } from '../domain/errors.ts'
import type { RunRecord } from '../state/store/contract.ts'
import { type App, replayFolder, type World } from './app.ts'

/** By its id: a run that exists stays in the world that it was started in; a new one begins in the app's. */
export async function worldOf(app: App, runId: string | undefined): Promise<World> {
  const record = runId === undefined ? undefined : await (await app.store()).getRun(runId)
  return record ? worldOfRecord(app, record) : app.world
}

/** A replay may find its recording in another place than before. Throws UsageError when a replay is asked of another run. */
export async function worldOfRecord(app: App, { run_id, sandbox }: RunRecord): Promise<World> {
  const asked = replayFolder(app.world)
  const [created] = sandbox || asked !== undefined ? await (await app.store()).readEvents(run_id, 0, 1) : []
  const replay = created?.type === 'run.created' ? created.replay : undefined
  if (replay !== undefined) return `replay:${asked ?? replay}`
  if (asked !== undefined) {
    throw new UsageError(`run ${run_id} was not started with --replay`, {
      hint: 'leave --replay out, or start a new run with it',
    })
  }
  return sandbox ? 'sandbox' : 'real'
}

/** What a new run keeps of the world that it is started in. */
export function runWorld(world: World): { sandbox: boolean; replay?: string } {
  const replay = replayFolder(world)
  return { sandbox: world !== 'real', ...(replay !== undefined && { replay }) }
}
