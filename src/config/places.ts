/** Where the program keeps things on this machine. */
import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'

/** The state folder: $REPLICATE_AGENT_HOME, else the one that is configured, else the XDG state folder. */
export function stateFolder(
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
  configured?: string,
): string {
  const own = env['REPLICATE_AGENT_HOME']
  if (own) return resolve(cwd, own)
  if (configured !== undefined) return configured
  const xdg = env['XDG_STATE_HOME']
  // A relative path is to be ignored, says the XDG specification.
  const base = xdg && isAbsolute(xdg) ? xdg : join(env['HOME'] || homedir(), '.local', 'state')
  return join(base, 'replicate-agent')
}
