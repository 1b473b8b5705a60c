/** Where a run with a given id calls models. */
import type { App, World } from './app.ts'

/** A run that exists stays in the world that it was started in; a new one begins in the app's. */
export async function worldOf(app: App, runId: string | undefined): Promise<World> {
  const record = runId === undefined ? undefined : await (await app.store()).getRun(runId)
  if (!record) return app.world
  return record.sandbox ? 'sandbox' : 'real'
}
