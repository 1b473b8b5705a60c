/** Copies of JSON values that nobody can change, and checks on what others give for one. */
import { NonRetryableError } from '../domain/errors.ts'
import type { Json } from '../std/json.ts'

/** Of what a hook is given or gives back: characters and brackets of its JSON, roughly. */
const mostJson = 64 * 1024 * 1024
const deepest = 200

/** A copy, frozen in depth. Throws an Error that names the place of what is no JSON, too deep or too large. */
export function frozenJson<T extends Json>(value: T): T {
  return copyOf(value, true) as T
}

/** The same, of a value of which nothing is known; the copy may be changed. */
export function checkedJson(value: unknown): Json {
  return copyOf(value, false)
}

/** What is wrong with a part of a value; `path` grows on the way out. */
class Fault extends NonRetryableError {
  readonly path: (string | number)[] = []
  constructor(message: string) {
    super('plugin_failed', message)
  }
}

function copyOf(value: unknown, freeze: boolean): Json {
  try {
    return copy(value, 0, { left: mostJson }, freeze)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const at = error.path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('')
    throw new NonRetryableError(
      'plugin_failed',
      `${at === '' ? 'it' : `\`${at.replace(/^\./, '')}\``} ${error.message}`,
      { cause: error },
    )
  }
}

interface Size {
  left: number
}

function copy(value: unknown, depth: number, size: Size, freeze: boolean): Json {
  spend(size, typeof value === 'string' ? value.length + 2 : 4)
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (typeof value !== 'object') throw new Fault(`is ${kindOf(value)}, which is no JSON`)
  if (depth > deepest) throw new Fault(`is nested more than ${deepest} deep`)
  const made = Array.isArray(value) ? copyList(value, depth, size, freeze) : copyObject(value, depth, size, freeze)
  return freeze ? (Object.freeze(made) as Json) : made
}

function copyList(list: readonly unknown[], depth: number, size: Size, freeze: boolean): Json[] {
  const made: Json[] = []
  try {
    while (made.length < list.length) made.push(copy(list[made.length], depth + 1, size, freeze))
  } catch (error) {
    throw within(error, made.length)
  }
  return made
}

function copyObject(value: object, depth: number, size: Size, freeze: boolean): Json {
  const prototype: unknown = Object.getPrototypeOf(value)
  // Plain objects of another realm (a vm, a worker) have another prototype, whose own is null.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
    throw new Fault(`is an object of class ${value.constructor.name}, which is no JSON`)
  const made: Record<string, Json> = {}
  let at = ''
  try {
    for (at of Object.keys(value)) {
      const inner: unknown = (value as Record<string, unknown>)[at]
      // As JSON.stringify does.
      if (inner === undefined) continue
      spend(size, at.length + 3)
      const copied = copy(inner, depth + 1, size, freeze)
      if (at === '__proto__') Object.defineProperty(made, at, { value: copied, enumerable: true, configurable: true })
      else made[at] = copied
    }
  } catch (error) {
    throw within(error, at)
  }
  return made
}

function within(error: unknown, key: string | number): unknown {
  if (error instanceof Fault) error.path.unshift(key)
  return error
}

function spend(size: Size, characters: number): void {
  size.left -= characters
  if (size.left < 0) throw new Fault(`makes it larger than ${mostJson / 1024 / 1024} MiB`)
}

function kindOf(value: unknown): string {
  return value === undefined ? 'undefined' : `a ${typeof value === 'number' ? String(value) : typeof value}`
}
