/**
 * Checks `src/` against `rooms.ts`: who imports whom (values, types and `import()` alike), cycles of values, names and
 * sizes. Fails, too, when it read fewer modules than git lists, so that it can't go blind.
 *
 *   node scripts/check-imports.ts [ROOT]
 */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { nameProblems } from './check-names.ts'
import { contracts, families, type Family, heavyPackages, importsOfUsers, root as rootRoom, rooms } from './rooms.ts'
import { type Import, type Module, readModules, unread } from './source-modules.ts'

export interface Report {
  modules: number
  imports: number
  problems: string[]
}

export function checkImports(root: string): Report {
  const modules = readModules(root)
  const files = new Set(modules.map((module) => module.file))
  const problems = [
    ...blindness(modules, unread(root, modules)),
    ...modules.flatMap((module) => importProblems(module, files)),
    ...cycleProblems(modules),
    ...nameProblems(root),
  ]
  return { modules: modules.length, imports: modules.flatMap((module) => module.imports).length, problems }
}

function blindness(modules: readonly Module[], missed: readonly string[]): string[] {
  if (modules.length === 0) return ['read no module at all']
  if (missed.length === 0) return []
  return [`read ${modules.length} modules, and git lists ${missed.length} more: ${missed.slice(0, 3).join(', ')}`]
}

function importProblems({ file, imports }: Module, files: ReadonlySet<string>): string[] {
  return imports.flatMap((one) => {
    const why = whyNot(file, one, files)
    return why === undefined ? [] : [`src/${file}:${one.line}:${one.column}: ${why}`]
  })
}

function whyNot(file: string, one: Import, files: ReadonlySet<string>): string | undefined {
  if (one.specifier === undefined && importsOfUsers.includes(file)) return undefined
  if (one.specifier === undefined) return 'an import() of something computed can not be checked'
  if (one.target === undefined) return whyNotPackage(roomOf(file), one.specifier, one.kind)
  if (one.target.startsWith('..')) return `"${one.specifier}" leaves src`
  if (!files.has(one.target)) return `"${one.specifier}" is no module of src`
  return whyNotRoom(roomOf(file), one.target, one.kind) ?? whyNotSibling(file, one.target)
}

// ── packages ──

function whyNotPackage(room: string, specifier: string, kind: Import['kind']): string | undefined {
  if (kind !== 'value') return undefined
  for (const [name, homes] of Object.entries(heavyPackages)) {
    const prefix = name.endsWith('/*') ? name.slice(0, -1) : `${name}/`
    if (specifier !== name && !specifier.startsWith(prefix)) continue
    return homes.includes(room) ? undefined : `"${specifier}" is heavy: load it by import() at first use`
  }
  return undefined
}

// ── rooms ──

function roomOf(file: string): string {
  if (!file.includes('/')) return rootRoom
  const names = Object.keys(rooms).filter((name) => file.startsWith(`${name}/`))
  return names.toSorted((a, b) => b.length - a.length)[0] ?? (file.split('/')[0] as string)
}

function whyNotRoom(from: string, target: string, kind: Import['kind']): string | undefined {
  const to = roomOf(target)
  if (from === to) return undefined
  const rule = rooms[from]
  if (!rule) return `"${from}" is no room: add it to scripts/rooms.ts`
  if (rule.may.includes(to)) return undefined
  if (rule.contractsOf?.includes(to)) {
    return contracts[to]?.includes(target) ? undefined : `${from} may import only the contract of ${to}, not ${target}`
  }
  if (rule.lazily?.includes(to)) return kind === 'dynamic' ? undefined : `${from} may load ${to} only by import()`
  return `${from} may not import ${to}`
}

// ── siblings ──

function whyNotSibling(file: string, target: string): string | undefined {
  for (const family of families) {
    const [mine, other] = [memberOf(family, file), memberOf(family, target)]
    if (mine === undefined || other === undefined || mine === other) continue
    return `${family.folder}/${mine} may not import its sibling ${other}`
  }
  return undefined
}

function memberOf({ folder, shared, files }: Family, file: string): string | undefined {
  if (!file.startsWith(`${folder}/`)) return undefined
  const [member, ...inside] = file.slice(folder.length + 1).split('/') as [string, ...string[]]
  if (shared?.includes(member) || (inside.length === 0 && !files)) return undefined
  return member
}

// ── cycles ──

/** Strongly connected components of the value imports (Tarjan), each told once. */
function cycleProblems(modules: readonly Module[]): string[] {
  const edges = new Map(modules.map(({ file, imports }) => [file, valueTargets(imports)]))
  const order = new Map<string, number>()
  const stack: string[] = []
  const problems: string[] = []

  function visit(file: string): number {
    const mine = order.size
    let low = mine
    order.set(file, mine)
    stack.push(file)
    for (const target of edges.get(file) ?? []) {
      if (!order.has(target)) low = Math.min(low, visit(target))
      else if (stack.includes(target)) low = Math.min(low, order.get(target) as number)
    }
    if (low === mine) told(file, stack.splice(stack.indexOf(file)))
    return low
  }

  function told(file: string, component: readonly string[]): void {
    if (component.length === 1 && !edges.get(file)?.includes(file)) return
    problems.push(`src/${file}: a cycle of imports: ${[...component, file].join(' → ')}`)
  }

  for (const { file } of modules) {
    if (!order.has(file)) visit(file)
  }
  return problems
}

function valueTargets(imports: readonly Import[]): string[] {
  return imports.flatMap(({ kind, target }) => (kind === 'value' && target !== undefined ? [target] : []))
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { modules, imports, problems } = checkImports(resolve(process.argv[2] ?? '.'))
  for (const problem of problems) console.log(problem)
  console.log(`modules ${modules}, imports ${imports}, problems ${problems.length}`)
  process.exitCode = problems.length > 0 ? 1 : 0
}
