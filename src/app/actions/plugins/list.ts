/** The plugins that are in use, or those that could be. */
import { z } from 'zod'
import { ProblemsError } from '../../../domain/problem.ts'
import { builtInPlugins } from '../../../plugins/builtin/table.ts'
import { pluginPackages } from '../../../plugins/packages.ts'
import { defined } from '../../../std/defined.ts'
import { defineAction } from '../../action.ts'
import { configuredPlugins, type LoadedPlugin, programFolder } from '../../plugins/configured.ts'
import { pluginShape, shownPlugin } from '../../plugins/plugin-shape.ts'

const availableShape = z.object({
  name: z.string(),
  description: z.string().optional(),
  from: z.enum(['built_in', 'package']),
  folder: z.string().optional(),
  version: z.string().optional(),
  configured: z.boolean(),
})

export const listPlugins = defineAction({
  noun: 'plugins',
  verb: 'list',
  summary: 'list the plugins that are asked about calls, in their order, or those that are installed',
  input: z.object({ available: z.boolean().default(false).describe('those that are built in or installed, too') }),
  output: z.object({ plugins: z.array(pluginShape), available: z.array(availableShape).optional() }),
  async run(app, { available }) {
    const config = await app.config()
    config.use('plugins')
    const { plugins, problems } = await configuredPlugins(config)
    if (problems.length > 0) throw new ProblemsError('invalid_config', problems)
    const shown = plugins.toSorted((a, b) => a.order - b.order).map(shownPlugin)
    if (!available) return { plugins: shown }
    return { plugins: shown, available: await availablePlugins(app.cwd, plugins) }
  },
})

async function availablePlugins(
  cwd: string,
  plugins: readonly LoadedPlugin[],
): Promise<z.infer<typeof availableShape>[]> {
  const isUsed = (kind: string, name: string) =>
    plugins.some(({ source, plugin }) =>
      source?.kind === 'package'
        ? kind === source.kind && source.package === name
        : source?.kind === kind && plugin.name === name,
    )
  const builtIn = (await builtInPlugins()).map(({ name, description }) => ({
    ...{ name, from: 'built_in' as const, configured: isUsed('built_in', name) },
    ...defined({ description }),
  }))
  const packages = (await pluginPackages([cwd, programFolder])).map(({ name, version, description, folder }) => ({
    ...{ name, from: 'package' as const, folder, configured: isUsed('package', name) },
    ...defined({ version, description }),
  }))
  return [...builtIn, ...packages]
}
