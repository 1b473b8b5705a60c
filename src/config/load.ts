/** Loads the configuration: files (or what a program gives in their place), `.env`, and the agents of the program. */
import { ReplicateAgentError } from '../domain/errors.ts'
import { readText } from '../documents/text-file.ts'
import type { AgentSpec } from '../documents/agent/spec.ts'
import type { Lookup } from '../documents/variables.ts'
import type { Problem } from '../domain/problem.ts'
import { type Config, type ConfigParts, createConfig, type Failure } from './config.ts'
import type { Env, FoundFiles } from './discover.ts'
import { readEnvFile } from './env-file.ts'
import { type Layer, type LayerScope, readLayer } from './layer.ts'
import type { ConfigSpec } from './schema.ts'

/** What a program gives, written as in the file. */
export type GivenConfig = ConfigSpec
export type GivenAgents = Readonly<Record<string, AgentSpec>>

export interface LoadConfigOptions {
  cwd: string
  found: FoundFiles
  env: Env
  /** In place of files. */
  given?: GivenConfig
  /** Above everything else. */
  agents?: GivenAgents
  check?: LayerCheck | undefined
}

/** Finds what only others know to be wrong with a layer: expressions, say, that this room can't read. */
export type LayerCheck = (layer: Layer) => Promise<readonly Problem[]>

/** What is wrong with the files is in the outcome, and thrown by `use`. */
export async function loadConfig({ cwd, found, env: real, given, agents, check }: LoadConfigOptions): Promise<Config> {
  const failures: Failure[] = []
  const attempt = async <T>(file: string, read: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await read()
    } catch (error) {
      if (!(error instanceof ReplicateAgentError)) throw error
      failures.push({ file, error })
      return undefined
    }
  }
  const { envFile } = found
  const dotenv = envFile === undefined ? undefined : await attempt(envFile, () => readEnvFile(envFile))
  const env: Env = { ...dotenv?.values, ...withoutUndefined(real) }
  const lookup: Lookup = (name) => (Object.hasOwn(env, name) ? env[name] : undefined)
  const layers: Layer[] = []
  for (const { file, scope } of found.files) {
    const text = await attempt(file, () => readText(file, 'configuration'))
    if (text !== undefined) layers.push(readLayer(text, file, scope, lookup))
  }
  if (given) layers.push(givenLayer(given, 'the given configuration', 'given', lookup))
  if (agents) layers.push(givenLayer({ agents }, 'the given agents', 'sdk', lookup))
  for (const layer of layers) layer.problems.push(...((await check?.(layer)) ?? []))
  const parts: ConfigParts = { cwd, layers, files: found.files, env, failures }
  if (dotenv) {
    const fromFile = Object.keys(dotenv.values).filter((name) => real[name] === undefined)
    parts.envFile = { file: dotenv.file, lineOf: dotenv.lineOf, names: new Set(fromFile) }
  }
  return createConfig(parts)
}

/** What a program gives is read as its JSON text, so that it is checked in the same way and has places. */
function givenLayer(value: unknown, name: string, scope: LayerScope, lookup: Lookup): Layer {
  return readLayer(JSON.stringify(value, plain, 2), name, scope, lookup)
}

function plain(key: string, value: unknown): unknown {
  if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint')
    throw new ReplicateAgentError('invalid_config', `"${key}" is a ${typeof value}, which no configuration can hold`, {
      hint: 'functions are registered by name, and an agent names one: `{function: NAME}`',
    })
  return value
}

function withoutUndefined(env: Env): Env {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined))
}
