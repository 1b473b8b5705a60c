/** What an answer of the API says of a model, but for its schemas; what is not as it should be is left out. */
import type { JsonObject } from '../../std/json.ts'
import { isObject } from '../../std/json.ts'
import type { ModelInfo } from '../target.ts'

export interface KnownModel extends ModelInfo {
  official: boolean
}

export interface ModelReader {
  /** Throws NotFoundError. */
  get(model: string, signal: AbortSignal): Promise<KnownModel>
  /** `owner/name` at a version; undefined schemas when the API does not tell. */
  version(model: string, version: string, signal: AbortSignal): Promise<KnownModel>
}

/** Characters: a description is a line or two. */
const longestDescription = 2_000

export function modelFacts(name: string, facts: Readonly<Record<string, unknown>>): KnownModel {
  const { is_official, description, run_count, url, latest_version } = facts
  const known: KnownModel = { name, official: is_official === true }
  if (typeof description === 'string' && description !== '')
    known.description = description.slice(0, longestDescription)
  if (typeof run_count === 'number' && run_count >= 0) known.run_count = run_count
  if (typeof url === 'string') known.url = url
  const id = isObject(latest_version) ? latest_version['id'] : undefined
  if (typeof id === 'string' && /^[0-9a-f]{64}$/.test(id)) known.version = id
  return known
}

/** `owner/name` of an answer's model, or undefined when it names none that could be called. */
export function modelNameOf(facts: JsonObject): string | undefined {
  const name = `${String(facts['owner'])}/${String(facts['name'])}`
  return /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/.test(name) ? name : undefined
}
