/** Searches public models: by the search of the whole site, and where that is not there (it is a beta), by that of models. */
import { NetworkError, ReplicateAgentError } from '../../domain/errors.ts'
import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import type { ModelInfo } from '../target.ts'
import { modelFacts, modelNameOf } from './model-facts.ts'
import type { Api } from './transport.ts'

/** What the search of the site takes. */
const mostFound = 50

/** Best first, each once. Throws NetworkError when neither search answers with a list, and what the API answers. */
export async function findModels(api: Api, query: string, limit: number, signal: AbortSignal): Promise<ModelInfo[]> {
  const found = (await searched(api, query, limit, signal)) ?? (await queried(api, query, signal))
  const models = new Map<string, ModelInfo>()
  for (const facts of found) {
    const name = modelNameOf(facts)
    if (name !== undefined && !models.has(name)) models.set(name, modelFacts(name, facts))
  }
  return [...models.values()].slice(0, limit)
}

async function searched(
  api: Api,
  query: string,
  limit: number,
  signal: AbortSignal,
): Promise<JsonObject[] | undefined> {
  try {
    const params = { query, limit: String(Math.min(limit, mostFound)) }
    const found = listIn(await api.json('GET', '/search', { params, signal }), 'models')
    return found?.flatMap((each) => (isObject(each['model']) ? [each['model']] : []))
  } catch (error) {
    if (isOfSearchAlone(error)) return undefined
    throw error
  }
}

async function queried(api: Api, query: string, signal: AbortSignal): Promise<JsonObject[]> {
  const found = listIn(await api.json('QUERY', '/models', { data: query, signal }), 'results')
  if (found) return found
  throw new NetworkError('the search of models answers with something that is no list of models')
}

/** Whether the other search may do better. */
function isOfSearchAlone(error: unknown): boolean {
  if (!(error instanceof ReplicateAgentError)) return false
  return error.code === 'not_found' || error.code === 'validation' || error.code === 'server'
}

function listIn(answer: Json, name: string): JsonObject[] | undefined {
  const list = isObject(answer) ? answer[name] : undefined
  return Array.isArray(list) ? (list.filter(isObject) as JsonObject[]) : undefined
}
