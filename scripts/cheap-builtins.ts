/**
 * A rolldown plugin for Node's own modules that cost milliseconds at every start. As an ES module, `node:process` runs
 * each of the process's getters, which opens its streams; commander loads `node:child_process` for a feature that is
 * not used here.
 */
import type { Plugin } from 'rolldown'

// CommonJS, so that both ways of importing get the object itself.
const cheap: Readonly<Record<string, string>> = {
  '\0process.cjs': 'module.exports = globalThis.process',
  '\0child-process.cjs': `module.exports = new Proxy({}, {
    get: (_, name) => globalThis.process.getBuiltinModule('node:child_process')[name],
  })`,
}

export function cheapBuiltins(): Plugin {
  return {
    name: 'cheap-builtins',
    resolveId(id, importer) {
      if (id === 'node:process' || id === 'process') return '\0process.cjs'
      if (id === 'node:child_process' && importer?.includes('/node_modules/commander/')) return '\0child-process.cjs'
      return undefined
    },
    load: (id) => cheap[id],
  }
}
