/** A plugin as `--json` shows it. */
import { z } from 'zod'
import { defined } from '../../std/defined.ts'
import type { Json } from '../../std/json.ts'
import { isStandardSchema } from '../../plugins/define-plugin.ts'
import { hookNames, type Plugin } from '../../plugins/plugin.ts'
import { type LoadedPlugin, sourceText } from './configured.ts'

export const pluginShape = z.object({
  name: z.string(),
  description: z.string().optional(),
  from: z.enum(['built_in', 'package', 'file', 'program']),
  file: z.string().optional(),
  version: z.string().optional(),
  hooks: z.array(z.string()),
  on_error: z.enum(['open', 'closed']),
  timeout_ms: z.number(),
  order: z.number(),
  options: z.json().describe('as configured'),
  configured_at: z.object({ file: z.string(), line: z.number() }).optional(),
})
type ShownPlugin = z.infer<typeof pluginShape>

export function shownPlugin(loaded: LoadedPlugin): ShownPlugin {
  const { plugin, written, source, on_error, timeout_ms, order, place } = loaded
  const { kind, file, version } = sourceText(source)
  return {
    ...{ name: plugin.name, from: kind, hooks: hooksOf(plugin), on_error, timeout_ms, order, options: written },
    ...defined({ description: plugin.description, file, version, configured_at: place }),
  }
}

/** In the order of their lives. */
export function hooksOf({ hooks }: Plugin): string[] {
  return hookNames.filter((name) => hooks[name] !== undefined)
}

/** What its options may be, as a JSON Schema; undefined: it takes none, or nobody can tell. */
export function optionsSchema({ options }: Plugin): Json | undefined {
  if (options === undefined || !isStandardSchema(options)) return options
  // Another version of zod than ours, or no zod at all: its schema can't be told.
  if (!(options instanceof z.ZodType)) return undefined
  try {
    return z.toJSONSchema(options, { io: 'input' }) as Json
  } catch {
    return undefined
  }
}
