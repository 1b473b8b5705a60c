/** Finds workflow files by name: the `name:` field, then the file's stem, in the nearest `workflows/` folder upwards (ruling 8). */
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, extname, isAbsolute, join, resolve } from 'node:path'
import { NonRetryableError, UsageError } from '../../domain/errors.ts'
import { isObject } from '../../std/json.ts'
import { suggest } from '../../std/suggest.ts'
import { decodeSource, readSource } from '../../documents/source-text.ts'
import { compareVersions } from './version.ts'
import { readYaml } from '../../documents/yaml.ts'

const folderName = 'workflows'

/** Whether a file holds tests of a workflow instead of one. */
export function isTestFile(file: string): boolean {
  return /\.test\.ya?ml$/i.test(file)
}

/** Whether a reference is a path rather than a name. */
export function isPath(reference: string): boolean {
  return /[\\/]/.test(reference) || /\.ya?ml$/i.test(reference)
}

/**
 * The file that a path or a name (`name` or `name@version`) means, seen from `cwd`. Without a version, the highest.
 * Throws `file_not_found` with a did-you-mean, or UsageError when two files have the same name and version.
 */
export async function findWorkflow(nameOrPath: string, cwd: string): Promise<string> {
  if (isPath(nameOrPath)) return findPath(nameOrPath, cwd)
  const folder = await nearestFolder(cwd)
  if (folder === undefined) {
    const hint = `make a folder ${folderName}/ with ${nameOrPath}.yaml in it, or give the path of a file`
    throw new NonRetryableError(
      'file_not_found',
      `there is no workflow "${nameOrPath}": no ${folderName}/ folder here or above`,
      { hint },
    )
  }
  const at = nameOrPath.lastIndexOf('@')
  const name = at > 0 ? nameOrPath.slice(0, at) : nameOrPath
  const version = at > 0 ? nameOrPath.slice(at + 1) : undefined
  const cards = await readCards(folder)
  const named = cards.filter((card) => card.name === name)
  const found = named.length > 0 ? named : cards.filter((card) => card.stem === name)
  if (found.length === 0) throw unknownName(name, folder, cards)
  return pick(name, version, found)
}

async function findPath(path: string, cwd: string): Promise<string> {
  const file = isAbsolute(path) ? path : resolve(cwd, path)
  const found = await stat(file).catch(() => undefined)
  if (found) return isAbsolute(path) ? file : path === file ? file : displayed(path, cwd)
  const siblings = await readdir(dirname(file)).catch(() => [])
  const near = suggest(
    basename(file),
    siblings.filter((name) => /\.ya?ml$/i.test(name) && !isTestFile(name)),
  )
  const hint = near === undefined ? 'give the path of a workflow file' : `did you mean ${join(dirname(path), near)}?`
  throw new NonRetryableError('file_not_found', `there is no file ${path}`, { hint })
}

/** The path as it was given where that works from the process's own folder, so that problems show it that way. */
function displayed(path: string, cwd: string): string {
  return resolve(path) === resolve(cwd, path) ? path : resolve(cwd, path)
}

/** The nearest folder called `workflows`, in `from` or above it. */
export async function nearestFolder(from: string): Promise<string | undefined> {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const candidate = basename(folder) === folderName ? folder : join(folder, folderName)
    if ((await stat(candidate).catch(() => undefined))?.isDirectory()) return candidate
    if (dirname(folder) === folder) return undefined
  }
}

/** What a file says of itself, read without judging the rest of it. */
export interface Card {
  file: string
  stem: string
  name?: string
  version?: string
  description?: string
}

export async function readCards(folder: string): Promise<Card[]> {
  const names = (await readdir(folder)).filter((name) => /\.ya?ml$/i.test(name) && !isTestFile(name)).sort()
  const cards: Card[] = []
  for (const name of names) {
    const file = join(folder, name)
    cards.push({ file, stem: basename(name, extname(name)), ...(await selfDescription(file)) })
  }
  return cards
}

/** Nothing, of a file that can't be read: whoever loads it is told why. */
async function selfDescription(file: string): Promise<Omit<Card, 'file' | 'stem'>> {
  const bytes = await readSource(file).catch(() => undefined)
  const decoded = bytes && decodeSource(bytes)
  if (!decoded?.ok) return {}
  const { data } = readYaml(decoded.text, file)
  if (!isObject(data)) return {}
  const card: Omit<Card, 'file' | 'stem'> = {}
  for (const field of ['name', 'version', 'description'] as const) {
    const value = data[field]
    if (typeof value === 'string') card[field] = value
  }
  return card
}

function pick(name: string, version: string | undefined, found: readonly Card[]): string {
  const matching =
    version === undefined
      ? found
      : found.filter((card) => card.version !== undefined && compareVersions(card.version, version) === 0)
  const [first, ...others] = matching.toSorted((a, b) => compareVersions(b.version ?? '0', a.version ?? '0'))
  if (!first) {
    const known = found.map((card) => card.version ?? 'no version').join(', ')
    throw new NonRetryableError('file_not_found', `there is no version ${version} of workflow "${name}"`, {
      hint: `there is ${known}`,
    })
  }
  const same = others.find((card) => compareVersions(card.version ?? '0', first.version ?? '0') === 0)
  if (same) {
    throw new UsageError(`two files are workflow "${name}": ${first.file} and ${same.file}`, {
      hint: 'give the path, or different versions',
    })
  }
  return first.file
}

function unknownName(name: string, folder: string, cards: readonly Card[]): NonRetryableError {
  const known = [...new Set(cards.map((card) => card.name ?? card.stem))]
  const near = suggest(name, known)
  const list = known.length === 0 ? `${folder} holds no workflows` : `${folder} holds ${known.join(', ')}`
  return new NonRetryableError('file_not_found', `there is no workflow "${name}"`, {
    hint: near === undefined ? list : `did you mean "${near}"?`,
  })
}
