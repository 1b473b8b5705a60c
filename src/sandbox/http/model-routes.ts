/** Models and their versions. */
import type { JsonObject } from '../../std/json.ts'
import { type CatalogueModel, modelName, modelSchema, type ModelVersion } from '../catalogue/model.ts'
import type { SandboxContext } from '../context.ts'
import { notFound, ok, problem } from './answer.ts'
import { param, type SandboxRequest } from './request.ts'
import type { Route } from './route.ts'

export const modelRoutes: readonly Route[] = [
  { method: 'GET', path: '/v1/models', handle: listModels },
  {
    method: 'GET',
    path: '/v1/models/:owner/:name',
    handle(context, request) {
      const model = livingModel(context, request)
      return model ? ok(viewModel(context, model)) : notFound()
    },
  },
  {
    method: 'GET',
    path: '/v1/models/:owner/:name/versions',
    handle(context, request) {
      const model = livingModel(context, request)
      if (!model) return notFound()
      const results = context.catalogue.versions(model).map((version) => viewVersion(model, version))
      return ok({ next: null, previous: null, results })
    },
  },
  {
    method: 'GET',
    path: '/v1/models/:owner/:name/versions/:id',
    handle(context, request) {
      const model = livingModel(context, request)
      const version = model && context.catalogue.versions(model).find(({ id }) => id === param(request, 2))
      return model && version ? ok(viewVersion(model, version)) : notFound()
    },
  },
]

export function modelOf(context: SandboxContext, request: SandboxRequest): CatalogueModel | undefined {
  return context.catalogue.model(`${param(request, 0)}/${param(request, 1)}`)
}

/** A model, unless a fault has removed it. */
function livingModel(context: SandboxContext, request: SandboxRequest): CatalogueModel | undefined {
  const model = modelOf(context, request)
  return model && !context.injector.strike('model', modelName(model), '') ? model : undefined
}

function listModels(context: SandboxContext, request: SandboxRequest) {
  const sortBy = request.query.get('sort_by') ?? 'latest_version_created_at'
  const direction = request.query.get('sort_direction') ?? 'desc'
  if (!['model_created_at', 'latest_version_created_at'].includes(sortBy)) {
    return problem(400, 'sort_by must be one of: model_created_at, latest_version_created_at')
  }
  if (direction !== 'asc' && direction !== 'desc') return problem(400, 'sort_direction must be one of: asc, desc')
  const dateOf = (model: CatalogueModel): string => {
    const versions = context.catalogue.versions(model)
    return (sortBy === 'model_created_at' ? versions.at(-1) : versions[0])?.createdAt ?? ''
  }
  const sorted = context.catalogue.models.toSorted((a, b) => dateOf(a).localeCompare(dateOf(b)))
  if (direction === 'desc') sorted.reverse()
  return ok({ next: null, previous: null, results: sorted.map((model) => viewModel(context, model)) })
}

function viewModel(context: SandboxContext, model: CatalogueModel): JsonObject {
  const latest = context.catalogue.versions(model)[0]
  return {
    url: `https://replicate.com/${modelName(model)}`,
    owner: model.owner,
    name: model.name,
    description: model.description,
    visibility: 'public',
    is_official: model.official,
    github_url: model.githubUrl ?? null,
    paper_url: null,
    license_url: null,
    run_count: model.runCount,
    cover_image_url: null,
    default_example: null,
    latest_version: latest ? viewVersion(model, latest) : null,
  }
}

function viewVersion(model: CatalogueModel, version: ModelVersion): JsonObject {
  return { id: version.id, created_at: version.createdAt, cog_version: '0.16.8', openapi_schema: modelSchema(model) }
}
