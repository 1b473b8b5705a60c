/** What makes two calls equal: the model as pinned, and the input; files count by content, not by name. */
import { parseArtifactUri } from '../../domain/file.ts'
import { hashJson } from '../../std/hash.ts'
import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import type { Candidate } from '../../targets/target.ts'

/** `model` is pinned: with its version where it has one. */
export function cacheKey(
  candidate: Pick<Candidate, 'target' | 'deployment'>,
  model: string,
  input: JsonObject,
): string {
  const kind = candidate.deployment ? 'deployment' : 'model'
  return hashJson({ v: 1, target: candidate.target, kind, model, input: withoutNames(input) })
}

const partLength = 12

/** A short hash of each field, by which two inputs can be told apart later. Secrets are masked in it by the caller. */
export function inputParts(input: JsonObject): Record<string, string> {
  return Object.fromEntries(
    Object.entries(input).map(([key, value]) => [key, hashJson(withoutNames(value)).slice(0, partLength)]),
  )
}

function withoutNames(value: Json): Json {
  if (typeof value === 'string') return parseArtifactUri(value) ? `artifact:${parseArtifactUri(value)?.sha256}` : value
  if (Array.isArray(value)) return value.map(withoutNames)
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutNames(each)]))
}
