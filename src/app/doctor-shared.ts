/** What the doctor finds in the file that processes share: without it no run begins. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ReplicateAgentError } from '../domain/errors.ts'
import { defined } from '../std/defined.ts'
import type { App } from './app.ts'
import type { Finding } from './doctor-finding.ts'

export async function sharedFindings(app: App): Promise<Finding[]> {
  const name = 'shared state'
  const file = join(app.home, 'shared.db')
  if (!existsSync(file)) return []
  try {
    // All of it is read.
    for (const world of ['real', 'sandbox'] as const) (await app.cells(world)).list('')
    return [{ name, status: 'ok', message: `${file}: breakers, limits, budgets and the end of the audit log` }]
  } catch (error) {
    if (!(error instanceof ReplicateAgentError)) throw error
    return [{ name, status: 'fault', ...defined({ message: error.message, hint: error.hint }) }]
  }
}
