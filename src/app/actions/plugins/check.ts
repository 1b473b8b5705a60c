/** Whether plugins can be used: loads them, checks their options, sets them up, and puts a sample call through each. */
import { z } from 'zod'
import { ReplicateAgentError } from '../../../domain/errors.ts'
import type { Problem } from '../../../domain/problem.ts'
import { loadPlugin, PluginFault } from '../../../plugins/source.ts'
import { defined } from '../../../std/defined.ts'
import type { JsonObject } from '../../../std/json.ts'
import { defineAction } from '../../action.ts'
import type { App } from '../../app.ts'
import { configuredPlugins, type LoadedPlugin, named, programFolder, withSettings } from '../../plugins/configured.ts'
import { hooksOf, optionsSchema } from '../../plugins/plugin-shape.ts'
import { tryPlugin } from '../../plugins/try-plugin.ts'

const findingShape = z.object({
  plugin: z.string().describe('its name, or what it was looked for by'),
  message: z.string(),
  hint: z.string().optional(),
  file: z.string().optional(),
  line: z.number().optional(),
  column: z.number().optional(),
})
type Finding = z.infer<typeof findingShape>

const checkedShape = z.object({
  name: z.string(),
  hooks: z.array(z.string()),
  options: z.json().optional().describe('what they may be, as a JSON Schema'),
  /** What each hook of a sample call took. */
  tried: z.array(z.object({ hook: z.string(), ms: z.number(), outcome: z.string() })),
})

export const checkPlugins = defineAction({
  noun: 'plugins',
  verb: 'check',
  summary: 'load plugins, check their options, and put a sample call through them',
  input: z.object({
    plugin: z.string().optional().describe('a name, package or path; none: all that are configured'),
    options: z.record(z.string(), z.json()).default({}).describe('of the one that is named'),
  }),
  output: z.object({ ok: z.boolean(), plugins: z.array(checkedShape), findings: z.array(findingShape) }),
  async run(app, { plugin, options }) {
    const findings: Finding[] = []
    const loaded = plugin === undefined ? await configured(app, findings) : await one(app, plugin, options, findings)
    const plugins: z.infer<typeof checkedShape>[] = []
    for (const each of loaded) {
      const { tried, faults } = await tryPlugin(each, app.clock)
      for (const message of faults) findings.push({ plugin: each.plugin.name, message, ...each.place })
      const schema = optionsSchema(each.plugin)
      plugins.push({ name: each.plugin.name, hooks: hooksOf(each.plugin), tried, ...defined({ options: schema }) })
    }
    return { ok: findings.length === 0, plugins, findings }
  },
})

async function configured(app: App, findings: Finding[]): Promise<LoadedPlugin[]> {
  const config = await app.config()
  config.use('plugins')
  const { plugins, problems } = await configuredPlugins(config)
  findings.push(...problems.map(findingOf))
  return plugins
}

function findingOf({ file, line, column, message, hint }: Problem): Finding {
  return { plugin: /plugin "([^"]+)"/.exec(message)?.[1] ?? '', message, file, line, column, ...defined({ hint }) }
}

/** One that need not be configured; where it is, its configured options are not looked at. */
async function one(app: App, text: string, options: JsonObject, findings: Finding[]): Promise<LoadedPlugin[]> {
  try {
    const { plugin, source } = await loadPlugin({ ...named(text), folder: app.cwd }, programFolder)
    const checked = await withSettings(plugin, { options })
    if (!('faults' in checked)) return [{ ...checked, plugin, source, folder: app.cwd }]
    for (const { message } of checked.faults)
      findings.push({
        plugin: plugin.name,
        message: `options of "${plugin.name}": ${message}`,
        hint: 'give them with --option KEY=VALUE',
      })
  } catch (error) {
    if (!(error instanceof PluginFault) && !(error instanceof ReplicateAgentError)) throw error
    findings.push({ plugin: text, message: error.message, ...defined({ hint: error.hint }) })
  }
  return []
}
