/** Finds and loads the configuration; where there is none, nothing is loaded that reading one takes. */
import type { Config } from './config.ts'
import { discover, type Env, type FoundFiles, namedFile } from './discover.ts'
import type { GivenAgents, GivenConfig, LayerCheck } from './load.ts'

export interface OpenConfigOptions {
  cwd: string
  env: Env
  /**
   * `false`: no file is read, `.env` neither. Text: the one file to read in place of a search. Else what stands in place
   * of files.
   */
  config?: false | string | GivenConfig
  agents?: GivenAgents
  check?: LayerCheck
}

const nothing: FoundFiles = { files: [] }

/** Undefined: nothing is configured. */
export async function openConfig({ cwd, env, config, agents, check }: OpenConfigOptions): Promise<Config | undefined> {
  const given = typeof config === 'object' ? config : undefined
  const named = typeof config === 'string' ? config : undefined
  const found = config === false || given ? nothing : await discover(cwd, env, namedFile(named, env))
  if (found.files.length === 0 && found.envFile === undefined && !given && !agents) return undefined
  const { loadConfig } = await import('./load.ts')
  return loadConfig({ cwd, found, env, ...(given && { given }), ...(agents && { agents }), check })
}
