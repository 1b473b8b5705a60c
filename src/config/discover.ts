/** Finds the files of the configuration: the project's upwards from the working folder, and the user's in the XDG folder. */
import { lstat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join, resolve } from 'node:path'

export const configName = 'replicate-agent.yaml'

export type Env = Readonly<Record<string, string | undefined>>

/** How a file came to be read. */
export type Scope = 'user' | 'project' | 'named'

export interface FoundFiles {
  /** Absolute; later ones come above earlier ones. */
  files: { file: string; scope: Scope }[]
  /** The `.env` beside the project's file; in the working folder where there is none. Absent: there is no such file. */
  envFile?: string
}

/** `named`: the one file that is read in place of a search. That it is there is not looked at. */
export async function discover(cwd: string, env: Env, named: string | undefined): Promise<FoundFiles> {
  if (named !== undefined) {
    const file = resolve(cwd, named)
    return { files: [{ file, scope: 'named' }], ...(await envFileIn(dirname(file))) }
  }
  const user = userFile(env)
  const project = await nearest(resolve(cwd))
  const files: FoundFiles['files'] = []
  if (user !== project && (await isThere(user))) files.push({ file: user, scope: 'user' })
  if (project !== undefined) files.push({ file: project, scope: 'project' })
  return { files, ...(await envFileIn(project === undefined ? resolve(cwd) : dirname(project))) }
}

/** The file of `--config` or REPLICATE_AGENT_CONFIG. */
export function namedFile(option: string | undefined, env: Env): string | undefined {
  return option ?? (env['REPLICATE_AGENT_CONFIG'] || undefined)
}

export function userFile(env: Env): string {
  const xdg = env['XDG_CONFIG_HOME']
  // A relative path is to be ignored, says the XDG specification.
  const folder = xdg && isAbsolute(xdg) ? xdg : join(env['HOME'] || homedir(), '.config')
  return join(folder, 'replicate-agent', configName)
}

/** A file upwards from the working folder that nobody reads, for it ends in `.yml`. */
export async function misnamedFile(folder: string): Promise<string | undefined> {
  const file = join(folder, configName.replace(/aml$/, 'ml'))
  if (await isThere(file)) return file
  const above = dirname(folder)
  return above === folder ? undefined : misnamedFile(above)
}

/** The first in this folder and those above it, up to the root of the file system. */
async function nearest(folder: string): Promise<string | undefined> {
  const file = join(folder, configName)
  if (await isThere(file)) return file
  const above = dirname(folder)
  return above === folder ? undefined : nearest(above)
}

async function envFileIn(folder: string): Promise<Pick<FoundFiles, 'envFile'>> {
  const envFile = join(folder, '.env')
  return (await isThere(envFile)) ? { envFile } : {}
}

/** Whatever it is: what can't be used is complained of, not passed over. */
async function isThere(file: string): Promise<boolean> {
  return lstat(file).then(
    () => true,
    () => false,
  )
}
