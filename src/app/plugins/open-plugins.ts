/** Loads the plugins of the configuration and of the program, and sets them up. */
import type { Config } from '../../config/config.ts'
import { ConfigurationError } from '../../domain/errors.ts'
import { ProblemsError } from '../../domain/problem.ts'
import { faultsOfPlugin } from '../../plugins/define-plugin.ts'
import { openHost, type PluginHost } from '../../plugins/host.ts'
import type { Plugin } from '../../plugins/plugin.ts'
import type { Clock } from '../../std/clock.ts'
import { configuredPlugins, type LoadedPlugin, type PluginSettings, withSettings } from './configured.ts'
import { outputExpression } from './output-expression.ts'

/** A plugin that a program has made itself; it comes before those of the configuration. */
export type GivenPlugin = Plugin | ({ plugin: Plugin } & PluginSettings)

export interface OpenPluginsParts {
  config: Config | undefined
  given: readonly GivenPlugin[]
  cwd: string
  clock: Clock
  warn(message: string): void
}

/** Throws ProblemsError `invalid_config` and ConfigurationError: none is ever left out in silence. */
export async function openPlugins({ config, given, cwd, clock, warn }: OpenPluginsParts): Promise<PluginHost> {
  const plugins: LoadedPlugin[] = []
  for (const one of given) plugins.push(await ofProgram(one, cwd))
  if (config) {
    config.use('plugins')
    const found = await configuredPlugins(config)
    if (found.problems.length > 0) throw new ProblemsError('invalid_config', found.problems)
    plugins.push(...found.plugins)
  }
  return openHost({ plugins, clock, warn, expression: outputExpression(clock) })
}

async function ofProgram(given: GivenPlugin, folder: string): Promise<LoadedPlugin> {
  const { plugin, ...settings } = 'plugin' in given ? given : { plugin: given }
  const [fault] = faultsOfPlugin(plugin)
  if (fault !== undefined) throw new ConfigurationError('invalid_config', `a given plugin is none: ${fault}`)
  const checked = await withSettings(plugin, settings)
  if (!('faults' in checked)) return { ...checked, plugin, folder, source: undefined }
  const [first] = checked.faults
  throw new ConfigurationError(
    'invalid_config',
    `options of plugin "${plugin.name}": ${first?.message ?? 'do not fit'}`,
  )
}
