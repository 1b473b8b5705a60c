/** Reads the modules under `src/` with what they import, and asks git whether it has missed any. */
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { parseSync, Visitor } from 'oxc-parser'

export interface Import {
  /** As written; undefined when it is computed. */
  specifier: string | undefined
  /** The file that a relative specifier means, relative to `src/`; `../x` when it is outside. */
  target?: string
  kind: 'value' | 'type' | 'dynamic'
  line: number
  column: number
}

export interface Module {
  /** Relative to `src/`, with `/`. */
  file: string
  imports: Import[]
}

/** Tests may import anything; they are no part of the house. */
function isProduct(file: string): boolean {
  return /\.tsx?$/.test(file) && !/\.(test|fixture)\.tsx?$/.test(file)
}

export function readModules(root: string): Module[] {
  const src = join(root, 'src')
  const files = globSync('**/*.{ts,tsx}', { cwd: src }).map((file) => file.replaceAll('\\', '/'))
  return files
    .filter(isProduct)
    .toSorted()
    .map((file) => readModule(file, readFileSync(join(src, file), 'utf8')))
}

/** What git lists and `modules` lacks; a check that reads too little finds nothing and looks as if all was well. */
export function unread(root: string, modules: readonly Module[]): string[] {
  const read = new Set(modules.map(({ file }) => file))
  return gitFiles(root, 'src')
    .map((file) => file.slice('src/'.length))
    .filter((file) => isProduct(file) && !read.has(file))
}

/** Files that git knows or would add, without those deleted since; relative to `root`. */
export function gitFiles(root: string, ...folders: string[]): string[] {
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', ...folders]
  const files = execFileSync('git', list, { cwd: root, encoding: 'utf8' }).split('\0')
  return [...new Set(files)].filter((file) => file !== '' && existsSync(join(root, file)))
}

function readModule(file: string, source: string): Module {
  const parsed = parseSync(file, source)
  if (parsed.errors.length > 0) throw new Error(`src/${file}: ${parsed.errors[0]?.message}`)
  const imports: Import[] = []
  const add = (specifier: string | undefined, kind: Import['kind'], offset: number) => {
    const before = source.slice(0, offset).split('\n')
    const target = specifier?.startsWith('.') ? posix.normalize(posix.join(dirname(file), specifier)) : undefined
    imports.push({
      ...{ specifier, kind, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 },
      ...(target !== undefined && { target }),
    })
  }
  for (const { moduleRequest, entries, start } of parsed.module.staticImports) {
    add(moduleRequest.value, entries.length > 0 && entries.every((entry) => entry.isType) ? 'type' : 'value', start)
  }
  for (const { entries } of parsed.module.staticExports) {
    for (const { moduleRequest, isType, start } of entries) {
      if (moduleRequest) add(moduleRequest.value, isType ? 'type' : 'value', start)
    }
  }
  for (const { moduleRequest, start } of parsed.module.dynamicImports) {
    const written = source.slice(moduleRequest.start, moduleRequest.end)
    add(/^(['"`])[^$]*\1$/.test(written) ? written.slice(1, -1) : undefined, 'dynamic', start)
  }
  // `import('./x.ts').Name` as a type is in no module record; the tree is walked only where there may be one.
  if ((source.match(/\bimport\s*\(/g)?.length ?? 0) > parsed.module.dynamicImports.length) {
    new Visitor({ TSImportType: (node) => add(node.source.value, 'type', node.start) }).visit(parsed.program)
  }
  return { file, imports }
}
