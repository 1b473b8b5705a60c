/** Packages in `node_modules` folders: one by its name, and those that say that they are plugins. */
import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { isObject } from '../std/json.ts'

/** What a package has among its `keywords` to be listed as a plugin. */
const pluginKeyword = 'replicate-agent-plugin'

export interface FoundPackage {
  name: string
  version?: string
  description?: string
  folder: string
  /** Of its main module, relative to the folder. */
  entry?: string
  keywords: readonly string[]
}

const packageName = /^(@[a-z0-9~][\w.~-]*\/)?[a-z0-9~][\w.~-]*$/i

/** The nearest one from a folder upwards, as Node finds it. */
export async function findPackage(name: string, from: string): Promise<FoundPackage | undefined> {
  if (!packageName.test(name)) return undefined
  for (const folder of nodeModulesFrom(from)) {
    const found = await readPackage(join(folder, name))
    if (found) return found
  }
  return undefined
}

/** Every installed plugin from a folder upwards; of the same name, the nearest. */
export async function pluginPackages(from: readonly string[]): Promise<FoundPackage[]> {
  const found = new Map<string, FoundPackage>()
  const folders = new Set(from.flatMap((folder) => [...nodeModulesFrom(folder)]))
  for (const folder of folders) {
    for (const one of await packagesIn(folder)) {
      const known = await readPackage(one)
      if (known?.keywords.includes(pluginKeyword) && !found.has(known.name)) found.set(known.name, known)
    }
  }
  return [...found.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

function* nodeModulesFrom(start: string): Generator<string> {
  for (let folder = start; ; folder = dirname(folder)) {
    if (basename(folder) !== 'node_modules') yield join(folder, 'node_modules')
    if (dirname(folder) === folder) return
  }
}

async function packagesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [])
  const packages: string[] = []
  for (const name of names) {
    if (name.startsWith('.')) continue
    if (!name.startsWith('@')) packages.push(join(folder, name))
    else for (const inner of await readdir(join(folder, name)).catch(() => [])) packages.push(join(folder, name, inner))
  }
  return packages
}

async function readPackage(folder: string): Promise<FoundPackage | undefined> {
  const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : packageOf(folder, text)
}

/** What its package.json says; one that can't be read says nothing. */
export function packageOf(folder: string, text: string): FoundPackage {
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch {
    data = undefined
  }
  const { name, version, description, keywords, main, exports } = isObject(data) ? data : {}
  const entry = entryIn(exports) ?? (typeof main === 'string' ? main : exports === undefined ? 'index.js' : undefined)
  return {
    name: typeof name === 'string' ? name : basename(folder),
    folder,
    keywords: Array.isArray(keywords) ? keywords.filter((each) => typeof each === 'string') : [],
    ...(typeof version === 'string' && { version }),
    ...(typeof description === 'string' && { description }),
    ...(entry !== undefined && { entry }),
  }
}

const conditions = ['node', 'import', 'module-sync', 'default', 'require']

/** What `import` of the package itself means: of conditions the first that holds. */
function entryIn(exports: unknown): string | undefined {
  if (typeof exports === 'string') return exports
  if (Array.isArray(exports)) return exports.map(entryIn).find((entry) => entry !== undefined)
  if (!isObject(exports)) return undefined
  if (Object.hasOwn(exports, '.')) return entryIn(exports['.'])
  for (const [condition, target] of Object.entries(exports)) {
    if (!conditions.includes(condition)) continue
    const entry = entryIn(target)
    if (entry !== undefined) return entry
  }
  return undefined
}
