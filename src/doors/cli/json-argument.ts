/** JSON given on the command line: as text, as `@file`, or as `-` for stdin. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { NonRetryableError } from '../../domain/errors.ts'
import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import type { CommandContext } from './context.ts'

/** Throws `invalid_input`, `file_not_found` or `file_unreadable`; `option` is named in messages. */
export async function readJsonObject(
  context: Pick<CommandContext, 'cwd' | 'readStdin'>,
  written: string,
  option: string,
): Promise<JsonObject> {
  const { text, from } = await readText(context, written, option)
  let value: Json
  try {
    value = JSON.parse(text, assertUsableKey) as Json
  } catch (cause) {
    if (cause instanceof NonRetryableError) throw cause
    throw new NonRetryableError('invalid_input', `${from} is not JSON: ${(cause as Error).message}`, {
      hint: `${option} takes JSON such as '{"name": "value"}', @FILE, or - for stdin`,
    })
  }
  if (isObject(value)) return value
  throw new NonRetryableError('invalid_input', `${from} is not a JSON object`, {
    hint: `write it as '{"name": "value"}'`,
  })
}

/** A key that would be lost on the way: other objects get their prototype by it. */
function assertUsableKey<T>(key: string, value: T): T {
  if (key !== '__proto__') return value
  throw new NonRetryableError('invalid_input', 'the key "__proto__" is not allowed', { hint: 'choose another name' })
}

async function readText(
  { cwd, readStdin }: Pick<CommandContext, 'cwd' | 'readStdin'>,
  written: string,
  option: string,
) {
  if (written === '-') return { text: await readStdin(), from: 'stdin' }
  if (!written.startsWith('@')) return { text: written, from: option }
  const path = resolve(cwd, written.slice(1))
  return { text: await readTextFile(path), from: path }
}

/** Throws `file_not_found` or `file_unreadable`. */
export async function readTextFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT')
      throw new NonRetryableError('file_not_found', `there is no file ${path}`)
    const { code = String(cause) } = cause as NodeJS.ErrnoException
    throw new NonRetryableError('file_unreadable', `${path} can't be read (${code})`, {
      cause,
      hint: code === 'EISDIR' ? 'it is a folder; name a file' : 'this user must be able to read it',
    })
  }
}

/** `key=value` pairs of a repeated option. */
export function readPairs(pairs: readonly string[], option: string): Record<string, string> {
  const read = new Map<string, string>()
  for (const pair of pairs) {
    const at = pair.indexOf('=')
    if (at < 1) throw new NonRetryableError('invalid_input', `${option} takes key=value, not "${pair}"`)
    const key = assertUsableKey(pair.slice(0, at), pair.slice(0, at))
    if (read.has(key)) {
      throw new NonRetryableError('invalid_input', `${option} gives "${key}" twice`, {
        hint: `give it once; a list is written as JSON: ${option} ${key}='["…", "…"]'`,
      })
    }
    read.set(key, pair.slice(at + 1))
  }
  return Object.fromEntries(read)
}
