/** What makes two calls equal: the model as pinned, and the input; files count by content, not by name. */
import { parseArtifactUri } from '../../../domain/file.ts'
import { sha256 } from '../../../std/hash.ts'
import { canonicalJson, type Json, type JsonObject } from '../../../std/json.ts'
import type { Candidate } from '../../../targets/target.ts'

/** `model` is pinned: with its version where it has one. */
export function cacheKey(
  candidate: Pick<Candidate, 'target' | 'deployment'>,
  model: string,
  input: JsonObject,
): string {
  const kind = candidate.deployment ? 'deployment' : 'model'
  return hashOf({ v: 1, target: candidate.target, kind, model, input })
}

const partLength = 12

/** A short hash of each field, by which two inputs can be told apart later. Secrets are masked in it by the caller. */
export function inputParts(input: JsonObject): Record<string, string> {
  return Object.fromEntries(Object.entries(input).map(([key, value]) => [key, hashOf(value).slice(0, partLength)]))
}

function hashOf(value: Json): string {
  return sha256(canonicalJson(value, withoutName))
}

function withoutName(text: string): string {
  const file = text.startsWith('artifact:') ? parseArtifactUri(text) : undefined
  return file ? `artifact:${file.sha256}` : text
}
