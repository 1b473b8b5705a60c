/** The versions of models, as the API tells them. */
import { NotFoundError } from '../../domain/errors.ts'
import { type ModelVersion, type ModelVersions, officialVersion } from '../../domain/version-pin.ts'
import { untilAborted } from '../../std/abort.ts'
import { defined } from '../../std/defined.ts'
import { isObject, type JsonObject } from '../../std/json.ts'
import type { ModelInfo } from '../target.ts'
import { fingerprintOf } from './fingerprint.ts'
import { dereferenced } from './openapi.ts'
import type { KnownModel, ModelReader } from './model-facts.ts'
import type { Api } from './transport.ts'

const versionId = /^[0-9a-f]{64}$/

/** A list that has no end is not read to it; pages have a hundred items or so. */
const mostPages = 50

export function createVersions(api: Api, models: ModelReader): ModelVersions {
  return {
    async current(model, signal) {
      const known = await models.get(model, signal)
      const version = known.official ? officialVersion : known.version
      if (version === undefined) throw new NotFoundError(`${model} has no version that could be run`)
      return versionOf(version, known)
    },
    async get(model, version, signal) {
      return versionOf(version, await models.version(model, version, signal))
    },
    async after(model, version, signal) {
      const newer: ModelVersion[] = []
      let cursor: string | undefined
      for (let page = 0; page < mostPages; page += 1) {
        const params = cursor === undefined ? {} : { cursor }
        const asked = api.json('GET', `/models/${model}/versions`, { params, signal })
        const answer = await untilAborted(asked, signal)
        const { results, next } = isObject(answer) ? answer : {}
        for (const facts of Array.isArray(results) ? results : []) {
          const id = isObject(facts) ? facts['id'] : undefined
          if (id === version) return newer
          if (typeof id === 'string' && versionId.test(id)) newer.push(versionOf(id, versionFacts(facts as JsonObject)))
        }
        cursor = cursorIn(next)
        if (cursor === undefined) break
      }
      return newer
    },
  }
}

/** What an answer says of a version besides its id. */
export function versionFacts(
  version: JsonObject,
): Pick<ModelInfo, 'input_schema' | 'output_schema' | 'tag' | 'created_at'> {
  const { openapi_schema: document, created_at: created } = version
  return defined({
    input_schema: dereferenced(document, 'Input'),
    output_schema: dereferenced(document, 'Output'),
    tag: tagOf(document),
    created_at: typeof created === 'string' && Number.isFinite(Date.parse(created)) ? created : undefined,
  })
}

function versionOf(version: string, facts: Omit<KnownModel, 'name' | 'official'>): ModelVersion {
  const { input_schema, output_schema, tag, created_at } = facts
  const fingerprint = fingerprintOf(defined({ input_schema, output_schema }))
  return defined({ version, tag, fingerprint, created_at, input_schema, output_schema })
}

/**
 * Replicate's API has no tags: ids are hashes. An author's own number can stand in `info.version` of the version's
 * schema. What Cog writes there by itself, `0.1.0` for every model and every version, is none.
 */
function tagOf(document: JsonObject[string] | undefined): string | undefined {
  const info = isObject(document) ? document['info'] : undefined
  if (!isObject(info) || typeof info['version'] !== 'string') return undefined
  const tag = /^v?(\d{1,9}\.\d{1,9}\.\d{1,9}(?:[-+][0-9A-Za-z.+-]{1,64})?)$/.exec(info['version'])?.[1]
  return tag === '0.1.0' && info['title'] === 'Cog' ? undefined : tag
}

/** Of the link to the next page: the host that it names is not asked. */
function cursorIn(next: unknown): string | undefined {
  if (typeof next !== 'string' || !URL.canParse(next)) return undefined
  return new URL(next).searchParams.get('cursor') ?? undefined
}
