/** Models and their versions, to be read: list, get, search, readme, examples. */
import type { SandboxContext } from '../context.ts'
import { searchBy } from '../catalogue/search.ts'
import { type Answer, notFound, ok, plainText, problem } from './answer.ts'
import { exampleOf } from './examples.ts'
import { listPage } from './list-page.ts'
import { readmeOf } from './readme.ts'
import { param, type SandboxRequest } from './request.ts'
import type { Route } from './route.ts'
import { findModel, type ModelFacts, publicModels, viewModel, viewVersion } from './view-model.ts'

export const modelRoutes: readonly Route[] = [
  { method: 'GET', path: '/v1/models', handle: listModels },
  {
    method: 'QUERY',
    path: '/v1/models',
    handle(context, request) {
      const query = request.body.toString('utf8')
      const found = searchBy(publicModels(context), query, (model) => model)
      return listPage(context, request, found, ({ item }) => viewModel(context, item))
    },
  },
  {
    method: 'GET',
    path: '/v1/models/:owner/:name',
    handle: ofModel((context, _request, model) => ok(viewModel(context, model))),
  },
  {
    method: 'GET',
    path: '/v1/models/:owner/:name/versions',
    handle: ofModel((context, request, { name }) =>
      listPage(context, request, context.catalogue.versions(name), ({ id }) => viewVersion(context, id)),
    ),
  },
  {
    method: 'GET',
    path: '/v1/models/:owner/:name/versions/:id',
    handle: ofModel((context, request, { name }) => {
      const version = context.catalogue.versions(name).find(({ id }) => id === param(request, 2))
      return version ? ok(viewVersion(context, version.id)) : notFound()
    }),
  },
  {
    method: 'GET',
    path: '/v1/models/:owner/:name/readme',
    handle: ofModel((_context, _request, model) => plainText(readmeOf(model))),
  },
  {
    method: 'GET',
    path: '/v1/models/:owner/:name/examples',
    handle: ofModel((context, request, { given }) =>
      listPage(context, request, given ? [given] : [], (model) => exampleOf(context, model)),
    ),
  },
]

/** `owner/name` of the path. */
export function nameOf(request: SandboxRequest): string {
  return `${param(request, 0)}/${param(request, 1)}`
}

/** A model, unless there is none of that name or a fault has removed it. */
function ofModel(
  answer: (context: SandboxContext, request: SandboxRequest, model: ModelFacts) => Answer | Promise<Answer>,
): Route['handle'] {
  return (context, request) => {
    const model = findModel(context, nameOf(request))
    return model && !context.injector.strike('model', model.name, '') ? answer(context, request, model) : notFound()
  }
}

function listModels(context: SandboxContext, request: SandboxRequest): Answer | Promise<Answer> {
  const sortBy = request.query.get('sort_by') ?? 'latest_version_created_at'
  const direction = request.query.get('sort_direction') ?? 'desc'
  if (!['model_created_at', 'latest_version_created_at'].includes(sortBy)) {
    return problem(400, 'sort_by must be one of: model_created_at, latest_version_created_at')
  }
  if (direction !== 'asc' && direction !== 'desc') return problem(400, 'sort_direction must be one of: asc, desc')
  const dateOf = ({ name, own }: ModelFacts): string => {
    const versions = context.catalogue.versions(name)
    if (sortBy === 'latest_version_created_at') return versions[0]?.createdAt ?? ''
    return own ? new Date(own.created_ms).toISOString() : (versions.at(-1)?.createdAt ?? '')
  }
  const dated = publicModels(context).map((model) => ({ model, date: dateOf(model) }))
  dated.sort((a, b) => a.date.localeCompare(b.date))
  if (direction === 'desc') dated.reverse()
  return listPage(context, request, dated, ({ model }) => viewModel(context, model))
}
