/** The files that a path, a folder or a pattern names, on this machine. */
import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { NonRetryableError } from '../../domain/errors.ts'

/** More than this is a mistake (a home folder, say) rather than an input. */
const mostFiles = 10_000

export interface Wanted {
  /** The input that it is for, as messages name it. */
  input: string
  /** Lower-case endings of names. */
  accept?: readonly string[] | undefined
}

/**
 * A path gives itself; a folder the regular files in it, and links to some; a pattern (`*` and `?` in the last part)
 * those of the folder that fit. Folders are not entered, hidden and other files are left out, and the order is that of
 * the names, with the numbers in them by value. Throws `file_not_found`, `file_unreadable` or `invalid_input`.
 */
export async function findFiles(source: string, folder: string, wanted: Wanted): Promise<string[]> {
  const path = source.startsWith('file:') ? fileURLToPath(source) : resolve(folder, source)
  const found = await stat(path).catch(() => undefined)
  if (found?.isDirectory()) return filesIn(path, () => true, wanted)
  if (found) return [path]
  const pattern = basename(path)
  if (/[*?]/.test(pattern)) return filesIn(dirname(path), nameTest(pattern), wanted)
  throw new NonRetryableError('file_not_found', `input "${wanted.input}": there is no file ${path}`)
}

/** Throws `invalid_input` when the name ends in none of the endings. */
export function assertAccepted(name: string, { input, accept }: Wanted): void {
  if (isAccepted(name, accept)) return
  throw new NonRetryableError('invalid_input', `input "${input}": ${name} is not a ${accept?.join(', ')} file`)
}

function isAccepted(name: string, accept: readonly string[] | undefined): boolean {
  return !accept || accept.some((ending) => name.toLowerCase().endsWith(ending))
}

async function filesIn(folder: string, fits: (name: string) => boolean, { input, accept }: Wanted): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    const { code } = cause as NodeJS.ErrnoException
    const missing = code === 'ENOENT' || code === 'ENOTDIR'
    throw missing
      ? new NonRetryableError('file_not_found', `input "${input}": there is no folder ${folder}`, { cause })
      : new NonRetryableError('file_unreadable', `input "${input}": the folder ${folder} can't be read`, { cause })
  })
  const named = entries.filter(({ name }) => !name.startsWith('.') && fits(name) && isAccepted(name, accept))
  const paths: string[] = []
  for (const entry of named) {
    const path = join(folder, entry.name)
    if (!(await isFile(entry, path, input))) continue
    if (paths.length === mostFiles) {
      const message = `input "${input}": ${folder} holds more than ${mostFiles} files`
      throw new NonRetryableError('invalid_input', message, { hint: 'name fewer, with a pattern such as "a*.png"' })
    }
    paths.push(path)
  }
  return paths.toSorted(byName)
}

/** Links are followed to files; one that leads nowhere is an error, as a file that is missing is. */
async function isFile(entry: Dirent, path: string, input: string): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isFile()
  const found = await stat(path).catch((cause: unknown) => {
    throw new NonRetryableError('file_not_found', `input "${input}": the link ${path} leads nowhere`, { cause })
  })
  return found.isFile()
}

const collator = new Intl.Collator('en', { numeric: true })

function byName(a: string, b: string): number {
  return collator.compare(a, b) || (a < b ? -1 : 1)
}

/** Only `*` and `?` have a meaning; every other sign stands for itself. */
function nameTest(pattern: string): (name: string) => boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replace(/\*+/g, '.*')
    .replaceAll('?', '.')
  const regex = new RegExp(`^${source}$`, 'su')
  return (name) => regex.test(name)
}
