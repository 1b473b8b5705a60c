/** Where the router keeps what it learned: the sandbox does not teach about real models, and a replay teaches nothing. */
import { join } from 'node:path'

export function routerFile(home: string, sandbox: boolean): string {
  return join(home, sandbox ? 'router-state.sandbox.json' : 'router-state.json')
}
