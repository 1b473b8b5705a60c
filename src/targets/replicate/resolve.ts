/** What a candidate's `model` means: an official model, a version, or a deployment (ruling 19). */
import { NetworkError, NotFoundError, ValidationError } from '../../domain/errors.ts'
import { untilAborted } from '../../std/abort.ts'
import { officialVersion, type ModelVersions, type VersionChooser } from '../../domain/version-pin.ts'
import { isObject, type Json } from '../../std/json.ts'
import type { Candidate, PinContext } from '../target.ts'
import { type KnownModel, modelFacts, type ModelReader } from './model-facts.ts'
import type { Api } from './transport.ts'
import { createVersions, versionFacts } from './versions.ts'

export type Route =
  | { kind: 'official'; model: string }
  | { kind: 'version'; model: string; version: string }
  | { kind: 'deployment'; model: string }

const reference = /^([A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*)(?::([0-9a-f]{64}))?$/

export interface Models extends ModelReader {
  versions: ModelVersions
  route(candidate: Candidate, context: PinContext): Promise<Route>
}

/** `chooser`: decides on versions that a run does not have; without one, the current version is taken. */
export function createModels(api: Api, chooser?: VersionChooser): Models {
  // Asked for once per process; those who wait for the same answer share it.
  const asked = new Map<string, Promise<KnownModel>>()
  const known = new Set<string>()
  function once(key: string, ask: () => Promise<KnownModel>, signal: AbortSignal): Promise<KnownModel> {
    let answer = asked.get(key)
    if (!answer) {
      answer = ask()
      asked.set(key, answer)
      answer.then(
        () => known.add(key),
        () => asked.delete(key),
      )
    }
    // Every call looks its model up: what is here already is not waited for.
    return known.has(key) && !signal.aborted ? answer : untilAborted(answer, signal)
  }

  const asking: Pick<Models, 'get' | 'version'> = {
    get: (model, signal) => once(model, () => readModel(api, model), signal),
    version: (model, version, signal) =>
      once(
        `${model}:${version}`,
        async () => {
          const latest = await asked.get(model)
          return latest?.version === version ? latest : readVersion(api, model, version)
        },
        signal,
      ),
  }
  const versions = createVersions(api, asking)
  const first = async ({ version_pin: pin = 'latest' }: Candidate, model: string, signal: AbortSignal) =>
    chooser ? chooser.choose(model, pin, versions, signal) : (await versions.current(model, signal)).version
  return {
    ...asking,
    versions,
    async route(candidate, context) {
      const { model, version } = parseReference(candidate)
      if (candidate.deployment) return { kind: 'deployment', model }
      if (version !== undefined) return { kind: 'version', model, version }
      const fixed =
        context.versionOf(model) ?? (await context.resolved(model, await first(candidate, model, context.signal)))
      return fixed === officialVersion ? { kind: 'official', model } : { kind: 'version', model, version: fixed }
    },
  }
}

/** Throws ValidationError when it is no reference. */
export function parseReference(candidate: Pick<Candidate, 'model' | 'deployment'>): {
  model: string
  version: string | undefined
} {
  const match = reference.exec(candidate.model)
  if (!match || (candidate.deployment && match[2] !== undefined)) {
    throw new ValidationError(
      `"${candidate.model}" names no ${candidate.deployment ? 'deployment' : 'model'} of Replicate`,
      {
        hint: candidate.deployment
          ? 'write owner/name'
          : 'write owner/name or owner/name:version, the version being 64 hex digits',
      },
    )
  }
  return { model: match[1] as string, version: match[2] }
}

/** `owner/name`, with its version where it has one: what results are kept under. */
export function pinned(route: Route): string {
  return route.kind === 'version' ? `${route.model}:${route.version}` : route.model
}

async function readModel(api: Api, model: string): Promise<KnownModel> {
  let body: Json
  try {
    body = await api.json('GET', `/models/${model}`)
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error
    throw new NotFoundError(`there is no model ${model}, or this token may not see it`, {
      cause: error,
      hint: 'check the spelling of owner/name; `agents search` finds models',
    })
  }
  if (!isObject(body)) throw new NetworkError(`GET /models/${model}: the answer is no model`)
  const latest = isObject(body['latest_version']) ? body['latest_version'] : {}
  return { ...modelFacts(model, body), ...versionFacts(latest) }
}

async function readVersion(api: Api, model: string, version: string): Promise<KnownModel> {
  const body = await api.json('GET', `/models/${model}/versions/${version}`)
  return { name: model, official: false, version, ...versionFacts(isObject(body) ? body : {}) }
}
