/** Models as the API shows them: those of the sandbox and those that the account made. */
import type { JsonObject } from '../../std/json.ts'
import { type CatalogueModel, modelName, modelSchema } from '../catalogue/model.ts'
import type { SandboxContext } from '../context.ts'
import type { OwnModelRow } from '../store/model-rows.ts'

/** What is known of a model besides its versions. */
export interface ModelFacts {
  /** `owner/name`. */
  name: string
  description: string
  /** Set for one that the account made. */
  own?: OwnModelRow
  /** Set for one of the sandbox. */
  given?: CatalogueModel
}

export function findModel(context: SandboxContext, name: string): ModelFacts | undefined {
  const own = context.ownModels.get(name)
  if (own) return factsOfOwn(own)
  const given = context.catalogue.model(name)
  return given && factsOfGiven(given)
}

/** All that anyone may see, newest of the account last. */
export function publicModels(context: SandboxContext): ModelFacts[] {
  const own = context.ownModels.all().filter(({ visibility }) => visibility === 'public')
  return [...context.catalogue.models.map(factsOfGiven), ...own.map(factsOfOwn)]
}

export function viewModel(context: SandboxContext, { name, description, own, given }: ModelFacts): JsonObject {
  const [owner = '', bare = ''] = name.split('/')
  const latest = context.catalogue.versions(name)[0]
  return {
    url: `https://replicate.com/${name}`,
    owner,
    name: bare,
    visibility: own?.visibility ?? 'public',
    is_official: given?.official ?? false,
    github_url: given?.githubUrl ?? null,
    paper_url: null,
    license_url: null,
    run_count: given?.runCount ?? context.predictions.runsOf(name),
    cover_image_url: null,
    default_example: null,
    ...(own && (JSON.parse(own.facts) as JsonObject)),
    description,
    latest_version: latest ? viewVersion(context, latest.id) : null,
  }
}

/** Of a version that there is. */
export function viewVersion(context: SandboxContext, id: string): JsonObject {
  const model = context.catalogue.modelOfVersion(id)
  const created = model && context.catalogue.versions(modelName(model)).find((version) => version.id === id)?.createdAt
  return {
    id,
    created_at: created ?? '',
    cog_version: '0.16.8',
    openapi_schema: model ? modelSchema(model) : null,
  }
}

function factsOfOwn(row: OwnModelRow): ModelFacts {
  const { description } = JSON.parse(row.facts) as { description?: string }
  return { name: row.name, description: description ?? '', own: row }
}

function factsOfGiven(model: CatalogueModel): ModelFacts {
  return { name: modelName(model), description: model.description, given: model }
}
