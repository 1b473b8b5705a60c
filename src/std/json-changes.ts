/** What differs between two JSON values, part by part. */
import { isObject, type Json, jsonEqual } from './json.ts'

export interface JsonChange {
  kind: 'added' | 'removed' | 'changed'
  /** Keys and positions from the root; positions in lists are those of the value that has the part (for `changed`, the second). */
  path: (string | number)[]
  before?: Json
  after?: Json
}

/** The smallest parts that differ, in the order of the first value. `same` may call more values equal than are. */
export function jsonChanges(before: Json, after: Json, same: (a: Json, b: Json) => boolean = jsonEqual): JsonChange[] {
  const changes: JsonChange[] = []
  compare(before, after, [], { same, changes })
  return changes
}

interface Comparing {
  same: (a: Json, b: Json) => boolean
  changes: JsonChange[]
}

function compare(before: Json, after: Json, path: (string | number)[], comparing: Comparing): void {
  if (comparing.same(before, after)) return
  if (Array.isArray(before) && Array.isArray(after)) compareLists(before, after, path, comparing)
  else if (isObject(before) && isObject(after)) compareObjects(before, after, path, comparing)
  else comparing.changes.push({ kind: 'changed', path, before, after })
}

function compareObjects(
  before: Record<string, Json>,
  after: Record<string, Json>,
  path: (string | number)[],
  comparing: Comparing,
): void {
  for (const [key, value] of Object.entries(before)) {
    if (Object.hasOwn(after, key)) compare(value, after[key] as Json, [...path, key], comparing)
    else comparing.changes.push({ kind: 'removed', path: [...path, key], before: value })
  }
  for (const [key, value] of Object.entries(after)) {
    if (!Object.hasOwn(before, key)) comparing.changes.push({ kind: 'added', path: [...path, key], after: value })
  }
}

/** What is equal at both ends is left out; the rest is compared in order, so an item put in between shows as one. */
function compareLists(before: Json[], after: Json[], path: (string | number)[], comparing: Comparing): void {
  const shorter = Math.min(before.length, after.length)
  let head = 0
  while (head < shorter && comparing.same(before[head] as Json, after[head] as Json)) head += 1
  let tail = 0
  while (tail < shorter - head && comparing.same(before.at(-1 - tail) as Json, after.at(-1 - tail) as Json)) tail += 1
  const [removed, added] = [before.slice(head, before.length - tail), after.slice(head, after.length - tail)]
  for (let at = 0; at < Math.max(removed.length, added.length); at += 1) {
    const where = [...path, head + at]
    if (at >= added.length) comparing.changes.push({ kind: 'removed', path: where, before: removed[at] as Json })
    else if (at >= removed.length) comparing.changes.push({ kind: 'added', path: where, after: added[at] as Json })
    else compare(removed[at] as Json, added[at] as Json, where, comparing)
  }
}
