/** Where the router keeps what it learned: the sandbox does not teach about real models, and a replay teaches nothing. */
import { join } from 'node:path'
import type { StateFileOptions } from '../../executor/routing/state-file.ts'
import type { App } from '../app.ts'

export function stateFileOf(
  { home, clock, random }: Pick<App, 'home' | 'clock' | 'random'>,
  sandbox: boolean,
): StateFileOptions {
  return { file: join(home, sandbox ? 'router-state.sandbox.json' : 'router-state.json'), clock, random }
}
