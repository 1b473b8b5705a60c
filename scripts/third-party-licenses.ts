/** A rolldown plugin that writes the licence texts of the packages in the bundle beside it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Plugin } from 'rolldown'

export function thirdPartyLicenses(fileName: string): Plugin {
  return {
    name: 'third-party-licenses',
    generateBundle(_options, bundle) {
      const folders = new Set<string>()
      for (const output of Object.values(bundle)) {
        if (output.type !== 'chunk') continue
        for (const id of output.moduleIds) {
          const folder = packageFolder(id)
          if (folder !== undefined) folders.add(folder)
        }
      }
      const texts = [...folders].toSorted().map(licenceOf)
      const head = 'The bundled command line contains code of these packages, each under its own licence.'
      this.emitFile({ type: 'asset', fileName, source: [head, ...texts].join(`\n\n${'─'.repeat(80)}\n\n`) })
    },
  }
}

/** The folder of the package that a module belongs to; undefined for our own modules and the bundler's. */
function packageFolder(id: string): string | undefined {
  if (!id.replaceAll('\\', '/').includes('/node_modules/')) return undefined
  let folder = dirname(id)
  // A folder inside a package may have a package.json of its own, without a name, to say that it is ESM.
  while (!isNamed(join(folder, 'package.json'))) folder = dirname(folder)
  return folder
}

function isNamed(file: string): boolean {
  return existsSync(file) && (JSON.parse(readFileSync(file, 'utf8')) as { name?: string }).name !== undefined
}

function licenceOf(folder: string): string {
  const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>
  const name = `${String(about['name'])} ${String(about['version'])}`
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one))
  if (file === undefined) throw new Error(`${name} has no licence file, so it can not be bundled`)
  return `${name} (${String(about['license'])})\n\n${readFileSync(join(folder, file), 'utf8').trim()}`
}
