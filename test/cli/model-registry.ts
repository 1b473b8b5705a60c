/** Replicate's API for models whose versions a test publishes and takes away; each prediction says which version made it. */
import { sha256 } from '../../src/std/hash.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { type ScriptedAnswer, type SeenRequest, startScriptedServer } from '../../src/testing/scripted-server.ts'

export interface Published {
  id: string
  created_at: string
  tag?: string
  inputs: JsonObject
  required: string[]
}

export interface Registry {
  /** As REPLICATE_BASE_URL. */
  url: string
  /** Publishes a version; gives its id. */
  publish(model: string, version?: Partial<Omit<Published, 'id'>>): string
  makeOfficial(model: string, isOfficial?: boolean): void
  /** Takes a version away. */
  remove(model: string, id: string): void
  /** Answers the next requests with 500. */
  fail(times: number): void
  /** Answers nothing more until the function is called that it gives. */
  hold(): () => void
  /** Methods and paths, without `/v1`. */
  asked(): string[]
  forgetAsked(): void
  /** Versions that predictions were made of, or names of official models. */
  predicted(): string[]
  close(): Promise<void>
}

const text: JsonObject = { prompt: { type: 'string', title: 'Prompt' } }
const pageSize = 2

export async function startRegistry(): Promise<Registry> {
  const models = new Map<string, { versions: Published[]; official: boolean }>()
  const predictions = new Map<string, JsonObject>()
  const asked: string[] = []
  const predicted: string[] = []
  let published = 0

  const modelOf = (name: string) => {
    const model = models.get(name) ?? { versions: [], official: false }
    models.set(name, model)
    return model
  }

  let failures = 0
  let held = Promise.resolve()
  const server = await startScriptedServer(async (request) => {
    await held
    if (failures > 0) {
      failures -= 1
      return { status: 500, body: { detail: 'busy' } }
    }
    asked.push(`${request.method} ${request.path.replace('/v1', '')}`)
    return answer(request)
  })
  const url = `${server.origin}/v1`

  function answer({ method, path, body, query }: SeenRequest): ScriptedAnswer {
    const made = /^\/v1\/(?:models\/([^/]+\/[^/]+)\/)?predictions$/.exec(path)
    if (made && method === 'POST') return create(made[1], JSON.parse(body) as JsonObject)
    if (made) return { body: { next: null, previous: null, results: [] } }
    const prediction = predictions.get(path.replace('/v1/predictions/', ''))
    if (prediction) return { body: prediction }
    const named = /^\/v1\/models\/([^/]+\/[^/]+)(?:\/(versions)(?:\/(\w+))?)?$/.exec(path)
    const model = models.get(named?.[1] ?? '')
    if (!named || !model) return { status: 404, body: { detail: 'The requested resource could not be found.' } }
    const [, name = '', versions, id] = named
    if (id !== undefined) {
      const found = model.versions.find((version) => version.id === id)
      return found ? { body: viewOf(found) } : { status: 404, body: { detail: 'No version matches the given query.' } }
    }
    if (versions !== undefined) return page(name, Number(query.get('cursor') ?? 0))
    const [owner, bare] = name.split('/') as [string, string]
    const [latest] = model.versions
    const facts = { owner, name: bare, is_official: model.official, latest_version: latest ? viewOf(latest) : null }
    return { body: facts }
  }

  function page(name: string, from: number): ScriptedAnswer {
    const { versions } = modelOf(name)
    const more = from + pageSize < versions.length
    return {
      body: {
        // A client that follows the link instead of its cursor ends nowhere.
        next: more ? `http://127.0.0.1:1/v1/models/${name}/versions?cursor=${from + pageSize}` : null,
        results: versions.slice(from, from + pageSize).map(viewOf),
      },
    }
  }

  function create(name: string | undefined, { version, input }: JsonObject): ScriptedAnswer {
    const what = name ?? String(version)
    predicted.push(what)
    const id = `p${predicted.length}`
    const prediction: JsonObject = {
      ...{ id, version: name === undefined ? what : 'hidden', input: input ?? {}, output: what, error: null, logs: '' },
      ...{ status: 'succeeded', metrics: { predict_time: 0.1 }, model: name ?? 'any/any' },
      ...{ created_at: '2026-01-01T00:00:00Z', started_at: '2026-01-01T00:00:00Z' },
      ...{ completed_at: '2026-01-01T00:00:01Z', urls: { get: `${url}/predictions/${id}` } },
    }
    predictions.set(id, prediction)
    return { status: 201, body: prediction }
  }

  return {
    url,
    publish(name, { created_at, tag, inputs = text, required = ['prompt'] } = {}) {
      published += 1
      const id = sha256(`${name} ${published}`)
      const day = new Date(Date.UTC(2026, 0, published)).toISOString()
      modelOf(name).versions.unshift({
        ...{ id, inputs, required, created_at: created_at ?? day },
        ...(tag !== undefined && { tag }),
      })
      return id
    },
    makeOfficial: (name, isOfficial = true) => void (modelOf(name).official = isOfficial),
    remove(name, id) {
      const model = modelOf(name)
      model.versions = model.versions.filter((version) => version.id !== id)
    },
    fail: (times) => void (failures = times),
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>()
      held = promise
      return resolve
    },
    asked: () => [...asked],
    forgetAsked: () => void asked.splice(0),
    predicted: () => [...predicted],
    close: () => server.close(),
  }
}

function viewOf({ id, created_at, tag, inputs, required }: Published): JsonObject {
  return {
    id,
    created_at,
    cog_version: '0.16.8',
    openapi_schema: {
      openapi: '3.0.2',
      info: { title: 'Cog', version: tag ?? '0.1.0' },
      components: {
        schemas: {
          Input: { type: 'object', title: 'Input', properties: inputs, required },
          Output: { type: 'string', title: 'Output' },
        },
      },
    },
  }
}
