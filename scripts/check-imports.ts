/**
 * Checks every module of `src/` against `rooms.ts`: who imports whom (values, types and `import()` alike), cycles of
 * values, names and sizes. Says how many modules it read and fails when that is fewer than git lists, so that it
 * can't go blind.
 *
 *   node scripts/check-imports.ts [ROOT]
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join, posix, relative, resolve } from 'node:path'
import { parseSync } from 'oxc-parser'
import { contracts, families, forbiddenWords, heavy, mostLines, rooms, starters } from './rooms.ts'

interface Import {
  specifier: string
  kind: 'value' | 'type' | 'dynamic'
  offset: number
}

interface Module {
  /** Relative to `src`, with `/`. */
  file: string
  source: string
  imports: Import[]
}

interface Report {
  modules: number
  imports: number
  problems: string[]
}

export function checkImports(root: string): Report {
  const src = join(root, 'src')
  const files = sourceFiles(root)
  const modules = files.map((file) => readModule(src, file))
  const known = new Set(modules.map((module) => module.file))
  const problems = modules.flatMap((module) => [...namingProblems(module), ...importProblems(module, known)])
  problems.push(...cycleProblems(modules, known))
  const imports = modules.reduce((sum, module) => sum + module.imports.length, 0)
  return { modules: modules.length, imports, problems }
}

function sourceFiles(root: string): string[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', 'src'], {
    cwd: root,
    encoding: 'utf8',
  })
  return listed
    .split('\n')
    .filter((file) => /\.tsx?$/.test(file) && !/\.test\.tsx?$/.test(file) && existsSync(join(root, file)))
    .map((file) => relative('src', file).replaceAll('\\', '/'))
}

function readModule(src: string, file: string): Module {
  const source = readFileSync(join(src, file), 'utf8')
  const { module, errors } = parseSync(file, source)
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`)
  const imports: Import[] = module.staticImports.map((one) => ({
    specifier: one.moduleRequest.value,
    kind: one.entries.length > 0 && one.entries.every((entry) => entry.isType) ? 'type' : 'value',
    offset: one.start,
  }))
  for (const one of module.staticExports) {
    for (const entry of one.entries) {
      if (entry.moduleRequest)
        imports.push({ specifier: entry.moduleRequest.value, kind: entry.isType ? 'type' : 'value', offset: one.start })
    }
  }
  for (const one of module.dynamicImports) {
    const written = source.slice(one.moduleRequest.start, one.moduleRequest.end)
    imports.push({
      specifier: /^(['"`])[^$]*\1$/.test(written) ? written.slice(1, -1) : '',
      kind: 'dynamic',
      offset: one.start,
    })
  }
  return { file, source, imports }
}

// ── names and sizes ──

function namingProblems({ file, source }: Module): string[] {
  const problems: string[] = []
  for (const part of file.split('/')) {
    const name = part.replace(/\.tsx?$/, '')
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) problems.push(`src/${file}: "${name}" is not kebab-case`)
    const word = name.split('-').find((one) => forbiddenWords.includes(one))
    if (word !== undefined) problems.push(`src/${file}: "${word}" says nothing; name the one thing that the file holds`)
  }
  const lines = source.split('\n').length - 1
  if (lines > mostLines) problems.push(`src/${file}: ${lines} lines; past ${mostLines} a file wants to be two`)
  return problems
}

// ── imports ──

function importProblems(module: Module, known: ReadonlySet<string>): string[] {
  return module.imports.flatMap((one) => {
    const why = one.specifier.startsWith('.') ? whyNotFile(module.file, one, known) : whyNotPackage(module.file, one)
    return why === undefined ? [] : [`${place(module, one.offset)}: ${why}`]
  })
}

function place({ file, source }: Module, offset: number): string {
  const before = source.slice(0, offset).split('\n')
  return `src/${file}:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`
}

function whyNotPackage(file: string, { specifier, kind }: Import): string | undefined {
  if (specifier === '') return 'import() of what is not a literal can not be checked'
  const name = Object.keys(heavy).find((one) => specifier === one || specifier.startsWith(`${one}/`))
  if (name === undefined || kind !== 'value') return undefined
  const inside = heavy[name]?.some((folder) => file.startsWith(`${folder}/`))
  return inside ? undefined : `"${name}" is heavy: load it by import() at first use`
}

function whyNotFile(file: string, { specifier, kind }: Import, known: ReadonlySet<string>): string | undefined {
  const target = posix.normalize(posix.join(dirname(file), specifier))
  if (target.startsWith('..')) return target === '../package.json' ? undefined : `"${specifier}" leaves src`
  if (!known.has(target)) return `"${specifier}" is not a module of src`
  return whyNotRoom(file, target, kind) ?? whyNotSibling(file, target, kind)
}

function roomOf(file: string): string {
  const [room, ...rest] = file.split('/')
  return rest.length === 0 ? 'sdk root' : (room as string)
}

function whyNotRoom(file: string, target: string, kind: Import['kind']): string | undefined {
  const [from, to] = [roomOf(file), roomOf(target)]
  if (from === to) return undefined
  const rule = rooms[from]
  if (!rule) return `"${from}" is no room: add it to scripts/rooms.ts`
  if (rule.may.includes(to)) return undefined
  if (rule.contractsOf?.includes(to)) {
    return contracts.includes(target) ? undefined : `${from} may import only the contract of ${to}, not ${target}`
  }
  if (rule.lazily?.includes(to)) return kind === 'value' ? `${from} may load ${to} only by import()` : undefined
  return `${from} may not import ${to}`
}

/** Members of a family are the folders (and, in a family of files, the files) directly below it. */
function whyNotSibling(file: string, target: string, kind: Import['kind']): string | undefined {
  for (const family of families) {
    const [mine, other] = [memberOf(family, file), memberOf(family, target)]
    if (mine === undefined || other === undefined || mine === other) continue
    if (kind === 'dynamic' && starters.includes(`${family}/${mine}`)) continue
    return `${family}/${mine} may not import its sibling ${other}`
  }
  return undefined
}

function memberOf(family: string, file: string): string | undefined {
  if (!file.startsWith(`${family}/`)) return undefined
  const [member, ...rest] = file.slice(family.length + 1).split('/')
  // `sql/` is what the databases of a store share.
  return rest.length === 0 || member === 'sql' ? undefined : member
}

// ── cycles ──

/** Strongly connected components of value imports (Tarjan), each told once. */
function cycleProblems(modules: readonly Module[], known: ReadonlySet<string>): string[] {
  const edges = new Map(
    modules.map(({ file, imports }) => [
      file,
      imports
        .filter((one) => one.kind === 'value' && one.specifier.startsWith('.'))
        .map((one) => posix.normalize(posix.join(dirname(file), one.specifier)))
        .filter((target) => known.has(target)),
    ]),
  )
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const problems: string[] = []
  const visit = (file: string): void => {
    index.set(file, index.size)
    low.set(file, index.get(file) as number)
    stack.push(file)
    for (const target of edges.get(file) ?? []) {
      if (!index.has(target)) visit(target)
      if (stack.includes(target)) low.set(file, Math.min(low.get(file) as number, low.get(target) as number))
    }
    if (low.get(file) !== index.get(file)) return
    const component = stack.splice(stack.indexOf(file))
    if (component.length > 1 || edges.get(file)?.includes(file))
      problems.push(`a cycle of imports: ${component.join(' → ')} → ${component[0]}`)
  }
  for (const { file } of modules) if (!index.has(file)) visit(file)
  return problems
}

if (basename(process.argv[1] ?? '') === 'check-imports.ts') {
  const { modules, imports, problems } = checkImports(resolve(process.argv[2] ?? '.'))
  for (const problem of problems) process.stdout.write(`${problem}\n`)
  process.stdout.write(`modules ${modules}, imports ${imports}, problems ${problems.length}\n`)
  process.exitCode = problems.length > 0 || modules === 0 ? 1 : 0
}
