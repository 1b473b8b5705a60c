/** Checks that something is a plugin, as a file exports it. */
import { NonRetryableError } from '../domain/errors.ts'
import { parseDuration } from '../std/duration.ts'
import { isObject, type Json } from '../std/json.ts'
import { checkJsonSchema } from '../std/json-schema.ts'
import { suggest } from '../std/suggest.ts'
import { hookNames, type Plugin, type StandardSchema } from './plugin.ts'

const keys = ['name', 'description', 'hooks', 'options', 'on_error', 'timeout', 'order']

/**
 * Gives the plugin as it is. Throws NonRetryableError `invalid_config` that says what is wrong with it, so that its author
 * finds out where it is written.
 */
export function definePlugin<O = undefined, S = undefined>(plugin: Plugin<O, S>): Plugin<O, S> {
  const [fault] = faultsOfPlugin(plugin)
  if (fault !== undefined) throw new NonRetryableError('invalid_config', `not a plugin: ${fault}`)
  return plugin
}

/** Everything that is wrong with what should be a plugin. */
export function faultsOfPlugin(plugin: unknown): string[] {
  if (!isObject(plugin)) return [`it is ${nameOf(plugin)}, not an object with \`name\` and \`hooks\``]
  const { name, description, hooks, options, on_error, timeout, order } = plugin
  const faults = Object.keys(plugin).flatMap((key) => unknown(key, keys, 'field'))
  const expect = (good: boolean, fault: string): void => {
    if (!good) faults.push(fault)
  }
  expect(
    typeof name === 'string' && pluginName.test(name),
    '`name` must be lower-case letters, digits, _ and -, beginning with a letter',
  )
  expect(description === undefined || typeof description === 'string', '`description` must be text')
  expect(isObject(hooks), '`hooks` must be an object of functions')
  if (isObject(hooks)) faults.push(...faultsOfHooks(hooks))
  if (options !== undefined) faults.push(...faultsOfOptions(options))
  expect(on_error === undefined || on_error === 'open' || on_error === 'closed', '`on_error` must be open or closed')
  expect(timeout === undefined || isTimeout(timeout), '`timeout` must be more than 0, as in 5 (seconds) or "500ms"')
  expect(order === undefined || Number.isFinite(order), '`order` must be a number')
  return faults
}

export const pluginName = /^[a-z][a-z0-9_-]{0,99}$/

function isTimeout(value: unknown): boolean {
  return (typeof value === 'number' || typeof value === 'string') && (parseDuration(value) ?? 0) > 0
}

function faultsOfHooks(hooks: Record<string, unknown>): string[] {
  const found = Object.entries(hooks).filter(([, hook]) => hook !== undefined)
  if (found.length === 0) return ['`hooks` has none: nothing would ever call it']
  return found.flatMap(([key, hook]) => {
    const strange = unknown(key, hookNames, 'hook')
    return strange.length === 0 && typeof hook !== 'function' ? [`the hook ${key} must be a function`] : strange
  })
}

function faultsOfOptions(options: unknown): string[] {
  if (isStandardSchema(options)) return []
  if (!isObject(options)) return ['`options` must be a zod schema or a JSON Schema']
  return checkJsonSchema(options as Json).map((fault) => `\`options\`: ${fault}`)
}

export function isStandardSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  const standard = (value as Partial<StandardSchema>)['~standard']
  return isObject(standard) && typeof standard['validate'] === 'function'
}

function unknown(key: string, known: readonly string[], what: string): string[] {
  if (known.includes(key)) return []
  const near = suggest(key, known)
  return [`there is no ${what} "${key}"${near === undefined ? '' : ` (did you mean "${near}"?)`}`]
}

function nameOf(value: unknown): string {
  if (value === undefined) return 'nothing'
  return value === null ? 'null' : `a ${Array.isArray(value) ? 'list' : typeof value}`
}
