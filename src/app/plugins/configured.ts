/** The plugins that the configuration names, loaded, with their options checked; and what is wrong with them, by place. */
import { dirname } from 'node:path'
import { milliseconds } from '../../documents/agent/policies.ts'
import type { Path } from '../../documents/yaml-places.ts'
import type { Config } from '../../config/config.ts'
import type { Problem } from '../../domain/problem.ts'
import { checkOptions } from '../../plugins/options.ts'
import { isPath, loadPlugin, PluginFault, type PluginSource } from '../../plugins/source.ts'
import type { OnError, Plugin } from '../../plugins/plugin.ts'
import { defined } from '../../std/defined.ts'
import { parseDuration } from '../../std/duration.ts'
import type { JsonObject } from '../../std/json.ts'

const defaultTimeoutMs = 5_000

/** As `createHost` takes it, and where it is from. */
export interface LoadedPlugin {
  plugin: Plugin
  /** As it is configured, for people; checked ones are in `options`. */
  written: JsonObject
  options: unknown
  on_error: OnError
  timeout_ms: number
  order: number
  folder: string
  /** Undefined: given by the program. */
  source: PluginSource | undefined
  /** Of the entry that names it. */
  place?: { file: string; line: number }
}

/** What may be said of a plugin besides which it is. */
export interface PluginSettings {
  options?: JsonObject | undefined
  on_error?: OnError | undefined
  timeout?: number | string | undefined
  order?: number | undefined
}

/** Packages can be beside this program as well as beside the project. */
export const programFolder = import.meta.dirname

export interface ConfiguredPlugins {
  plugins: LoadedPlugin[]
  problems: Problem[]
}

/** Every plugin is loaded, though another one can't be: all that is wrong is found at once. */
export async function configuredPlugins(config: Config): Promise<ConfiguredPlugins> {
  const found: ConfiguredPlugins = { plugins: [], problems: [] }
  const layer = config.layerOf(['plugins'])
  const entries = config.spec.plugins ?? []
  if (!layer || entries.length === 0) return found
  const isFile = config.files.some(({ file }) => file === layer.file)
  const folder = isFile ? dirname(layer.file) : config.cwd
  for (const [index, entry] of entries.entries()) {
    const at: Path = ['plugins', index]
    const fault = (path: Path, message: string, hint: string | undefined) =>
      found.problems.push(layer.places.problem([...at, ...path], { code: 'bad_plugin', message, hint }))
    const { name, path, ...settings } = typeof entry === 'string' ? named(entry) : entry
    try {
      const { plugin, source } = await loadPlugin({ name, path, folder }, programFolder)
      const checked = await withSettings(plugin, settings as PluginSettings)
      if ('faults' in checked) {
        const hint = `\`plugins check ${name ?? path ?? ''}\` tells what it takes`
        for (const { path: within, message } of checked.faults)
          fault(['options', ...within], `plugin "${plugin.name}": ${message}`, hint)
        continue
      }
      const { line } = layer.places.problem(at, { code: 'place', message: '' })
      found.plugins.push({ ...checked, plugin, source, folder, place: { file: layer.file, line } })
    } catch (error) {
      if (!(error instanceof PluginFault)) throw error
      fault(typeof entry === 'string' ? [] : [path === undefined ? 'name' : 'path'], error.message, error.hint)
    }
  }
  return found
}

/** A path may stand where a name does. */
export function named(text: string): { name?: string; path?: string } {
  return isPath(text) ? { path: text } : { name: text }
}

/** What holds of a plugin: what is configured, else what it says itself, else the defaults. */
export async function withSettings(
  plugin: Plugin,
  { options: written = {}, on_error, timeout, order }: PluginSettings,
): Promise<
  Omit<LoadedPlugin, 'plugin' | 'source' | 'folder'> | { faults: { path: (string | number)[]; message: string }[] }
> {
  const checked = await checkOptions(plugin, written)
  if ('faults' in checked) return checked
  return {
    ...checked,
    written,
    on_error: on_error ?? plugin.on_error ?? 'closed',
    timeout_ms: timeoutOf(timeout) ?? timeoutOf(plugin.timeout) ?? defaultTimeoutMs,
    order: order ?? plugin.order ?? 0,
  }
}

function timeoutOf(written: number | string | undefined): number | undefined {
  return written === undefined ? undefined : (parseDuration(written) ?? milliseconds(written))
}
/** Where it is from, as fields. */
export function sourceText(source: PluginSource | undefined): {
  kind: 'built_in' | 'package' | 'file' | 'program'
  file?: string
  version?: string
} {
  if (!source) return { kind: 'program' }
  const { kind } = source
  if (kind === 'built_in') return { kind }
  return { kind, ...defined({ file: source.file, version: kind === 'package' ? source.version : undefined }) }
}
