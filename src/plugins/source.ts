/** Finds and loads a plugin by what the configuration says of it: a built-in name, a package, a file. */
import { readFile, stat } from 'node:fs/promises'
import { isAbsolute, join, resolve } from 'node:path'
import { ConfigurationError } from '../domain/errors.ts'
import { isObject } from '../std/json.ts'
import { suggest } from '../std/suggest.ts'
import { builtIn, builtInNames } from './builtin/table.ts'
import { faultsOfPlugin } from './define-plugin.ts'
import { importFile } from './import-file.ts'
import { messageOf } from './invoke.ts'
import { findPackage, type FoundPackage, packageOf } from './packages.ts'
import type { Plugin } from './plugin.ts'

export type PluginSource =
  | { kind: 'built_in' }
  | { kind: 'package'; package: string; version?: string; folder: string; file: string }
  | { kind: 'file'; file: string }

export interface PluginReference {
  name?: string | undefined
  path?: string | undefined
  /** What it is looked for from. */
  folder: string
}

/** Why something can't be used as a plugin. */
export class PluginFault extends ConfigurationError {
  constructor(message: string, hint?: string, cause?: unknown) {
    super('invalid_config', message, { hint, cause })
  }
}

export interface FoundPlugin {
  plugin: Plugin
  source: PluginSource
}

/** `own`: a folder of this program, whose packages can be used as well. Throws PluginFault. */
export async function loadPlugin({ name, path, folder }: PluginReference, own: string): Promise<FoundPlugin> {
  if (path !== undefined) {
    const file = await fileAt(resolve(folder, path))
    return { plugin: await importPlugin(file), source: { kind: 'file', file } }
  }
  const known = name === undefined ? undefined : builtIn(name)
  if (known) return { plugin: await known(), source: { kind: 'built_in' } }
  const found = (await findPackage(name ?? '', folder)) ?? (await findPackage(name ?? '', own))
  if (!found) throw unknown(name ?? '', folder)
  const { name: own_name, version, file } = entryOf(found)
  const plugin = await importPlugin(file)
  return {
    plugin,
    source: {
      kind: 'package',
      package: own_name,
      folder: found.folder,
      file,
      ...(version !== undefined && { version }),
    },
  }
}

function unknown(name: string, folder: string): PluginFault {
  const near = suggest(name, builtInNames)
  if (near !== undefined) return new PluginFault(`there is no plugin "${name}"`, `did you mean "${near}"?`)
  return new PluginFault(
    `there is no plugin "${name}": no built-in one, and no package of that name in node_modules from ${folder} upwards`,
    `install it (npm install ${name}), or name a file with \`path\`; built in are ${builtInNames.join(', ')}`,
  )
}

function entryOf(found: FoundPackage): FoundPackage & { file: string } {
  if (found.entry === undefined)
    throw new PluginFault(
      `package ${found.name} says of no file that it is its entry`,
      'its package.json needs `exports` or `main`',
    )
  return { ...found, file: join(found.folder, found.entry) }
}

/** A folder stands for the package in it. */
async function fileAt(file: string): Promise<string> {
  const found = await stat(file).catch(() => undefined)
  if (!found) throw new PluginFault(`there is no file ${file}`, '`path` is relative to the file that it is written in')
  if (!found.isDirectory()) return file
  const text = await readFile(join(file, 'package.json'), 'utf8').catch(() => undefined)
  if (text === undefined)
    throw new PluginFault(`${file} is a folder without a package.json`, 'name the file of the plugin')
  return entryOf(packageOf(file, text)).file
}

async function importPlugin(file: string): Promise<Plugin> {
  let module: unknown
  try {
    module = await importFile(file)
  } catch (cause) {
    throw new PluginFault(`${file} can't be loaded: ${messageOf(cause)}`, hintFor(file), cause)
  }
  const exported = isObject(module) ? (module['default'] ?? module['plugin']) : undefined
  if (exported === undefined)
    throw new PluginFault(`${file} exports no plugin`, '`export default definePlugin({ name, hooks })`')
  // `module.exports = { default: … }`, as compilers write it.
  const plugin = isObject(exported) && isObject(exported['default']) ? exported['default'] : exported
  const faults = faultsOfPlugin(plugin)
  if (faults.length > 0)
    throw new PluginFault(
      `${file} exports no plugin: ${faults.join('; ')}`,
      '`plugins check` tells what a plugin is made of',
    )
  return plugin as Plugin
}

function hintFor(file: string): string | undefined {
  const isTyped = /\.[cm]?ts$/.test(file)
  if (isTyped && file.split(/[\\/]/).includes('node_modules'))
    return 'Node runs no TypeScript in node_modules: the package has to be built'
  return isTyped ? 'Node runs TypeScript whose types can be erased: no enums, no namespaces' : undefined
}

/** Absolute or relative paths, told apart from names of packages. */
export function isPath(text: string): boolean {
  return isAbsolute(text) || /^\.{1,2}([\\/]|$)/.test(text) || /\.[cm]?[jt]s$/.test(text)
}
