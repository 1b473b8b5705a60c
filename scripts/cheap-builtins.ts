/**
 * A rolldown plugin for Node's own modules. Imported as an ES module, a builtin has every one of its exports read, and
 * with them modules loaded that nobody asked for: the process's streams, WebCrypto, file streams, worker threads.
 * Taken by `process.getBuiltinModule`, name by name for each file that imports it, only what is used is loaded.
 */
import { isBuiltin } from 'node:module'
import type { Plugin } from 'rolldown'

const marker = '\0builtin:'
const noColours = '\0no-colours'

/** `whole`: the object itself, for CommonJS and for `process`; `later`: taken when one of its names is read. */
type Way = 'names' | 'whole' | 'later'

export function cheapBuiltins(): Plugin {
  return {
    name: 'cheap-builtins',
    resolveId(id, importer, { kind }) {
      if (id === '#supports-color') return noColours
      if (!isBuiltin(id)) return undefined
      const name = id.replace(/^node:/, '')
      const way = wayOf(name, importer ?? '', kind)
      // What one file does not use must not be taken for it because another one does.
      return `${marker}${way}:${name}${way === 'names' ? `:${importer}` : '.cjs'}`
    },
    load(id) {
      // The command line decides about colours by itself and tells chalk; its own look at the terminal loads `net`.
      if (id === noColours)
        return 'export const createSupportsColor = () => false\nexport default { stdout: false, stderr: false }'
      if (!id.startsWith(marker)) return undefined
      const [way, rest = ''] = id.slice(marker.length).split(':') as [Way, string?]
      const name = rest.replace(/\.cjs$/, '')
      const taken = `globalThis.process.getBuiltinModule('node:${name}')`
      if (way === 'whole') return `module.exports = ${name === 'process' ? 'globalThis.process' : taken}`
      if (way === 'later') return `module.exports = new Proxy({}, { get: (_, key) => ${taken}[key] })`
      return { code: namesOf(name, taken), moduleSideEffects: false }
    },
  }
}

function wayOf(name: string, importer: string, kind: string | undefined): Way {
  // Commander loads it for a feature that is not used here.
  if (name === 'child_process' && importer.includes('/node_modules/commander/')) return 'later'
  return name === 'process' || kind === 'require-call' ? 'whole' : 'names'
}

/** A module that exports every name; what nobody imports is left out of the bundle, and so never read. */
function namesOf(name: string, taken: string): string {
  const builtin = process.getBuiltinModule(`node:${name}`) as object
  const names = Object.keys(builtin).filter((key) => /^[a-z_$][\w$]*$/i.test(key) && key !== 'default')
  return [
    `const builtin = ${taken}`,
    'export default builtin',
    // Under names of ours, since some of theirs are words of the language.
    ...names.map((key, at) => `const name${at} = builtin.${key}\nexport { name${at} as ${key} }`),
  ].join('\n')
}
