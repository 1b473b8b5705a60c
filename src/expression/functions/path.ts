/** Paths as text, as `get`, `map` and `filter` take them: `a.b`, `a[0].b`, `items[-1]`. */
import type { Json } from '../../std/json.ts'
import { type Missing, missing, readIndex } from '../access.ts'
import { type Budget, spend } from '../budget.ts'
import { Fault } from '../fault.ts'

/** The keys of a path. */
export function parsePath(path: string, budget: Budget): (string | number)[] {
  if (path.length > 1_000) throw new Fault('too_long', 'the path is longer than 1000 characters')
  spend(budget, 1 + path.length / 10)
  const keys: (string | number)[] = []
  let at = 0
  while (at < path.length) {
    const found = /^(?:\.?([^.[\]]+)|\[(-?\d{1,15})\])/.exec(path.slice(at))
    if (!found || (at === 0 && path[0] === '.')) throw badPath(path)
    keys.push(found[1] ?? Number(found[2]))
    at += found[0].length
    if (at < path.length && path[at] !== '.' && path[at] !== '[') throw badPath(path)
  }
  if (keys.length === 0) throw badPath(path)
  return keys
}

function badPath(path: string): Fault {
  return new Fault(
    'bad_path',
    `${JSON.stringify(path.slice(0, 40))} is no path`,
    'write it as in "a.b[0].c"; a key with a dot in it goes into a list: ["a.b", 0]',
  )
}

/** The value at the keys; fails as reading field by field would. */
export function readAt(value: Json, keys: readonly Json[], budget: Budget): Json {
  return follow(value, keys, 'strict', budget) as Json
}

/** The value at the keys, or undefined when there is none. */
export function findAt(value: Json, keys: readonly Json[], budget: Budget): Json | undefined {
  const found = follow(value, keys, 'lenient', budget)
  return found === missing ? undefined : found
}

function follow(value: Json, keys: readonly Json[], strictness: 'strict' | 'lenient', budget: Budget): Json | Missing {
  let current: Json | Missing = value
  for (const key of keys) {
    if (typeof key !== 'string' && typeof key !== 'number')
      throw new Fault('bad_path', 'a path holds strings and numbers only')
    spend(budget, 1)
    current = readIndex(current, key, strictness, budget)
    if (current === missing) return missing
  }
  return current
}
