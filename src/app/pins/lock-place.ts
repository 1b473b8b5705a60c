/** Where the lock file of a project is. */
import { stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'

/** A sandbox's versions are not Replicate's: they have a file of their own. */
export const lockNames = { real: 'replicate-agent.lock', sandbox: 'replicate-agent.sandbox.lock' } as const

/** What to type for a verb about this lock file, in quotes for a message. */
export function lockCommand(file: string, words: string): string {
  return `\`replicate-agent agents ${words}${basename(file) === lockNames.sandbox ? ' --sandbox' : ''}\``
}

const workflowsFolder = 'workflows'

/**
 * Beside the project's `replicate-agent.yaml`. Without one, in the nearest folder, the working folder or one above it,
 * that has a lock file already or a folder `workflows`; else in the working folder.
 */
export async function lockPlace(
  cwd: string,
  configFile: string | undefined,
  world: keyof typeof lockNames,
): Promise<string> {
  const name = lockNames[world]
  if (configFile !== undefined) return join(dirname(configFile), name)
  return join((await nearest(cwd, [name, workflowsFolder])) ?? resolve(cwd), name)
}

async function nearest(from: string, names: readonly string[]): Promise<string | undefined> {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    for (const name of names) if (await stat(join(folder, name)).catch(() => undefined)) return folder
    if (dirname(folder) === folder) return undefined
  }
}
