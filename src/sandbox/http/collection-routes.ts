/** Collections of models, and the search over models and collections. */
import type { JsonObject } from '../../std/json.ts'
import { type Collection, collectionsOf } from '../catalogue/collections.ts'
import { searchBy } from '../catalogue/search.ts'
import type { SandboxContext } from '../context.ts'
import { type Answer, notFound, ok, problem } from './answer.ts'
import { listPage } from './list-page.ts'
import { param, type SandboxRequest } from './request.ts'
import type { Route } from './route.ts'
import { findModel, publicModels, viewModel } from './view-model.ts'

export const collectionRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/collections',
    handle: (context, request) =>
      listPage(context, request, collectionsOf(context.catalogue.models), (each) => viewCollection(each)),
  },
  {
    method: 'GET',
    path: '/v1/collections/:slug',
    handle(context, request) {
      const found = collectionsOf(context.catalogue.models).find(({ slug }) => slug === param(request, 0))
      if (!found) return notFound()
      const models = found.models.flatMap((name) => findModel(context, name) ?? [])
      return ok({ ...viewCollection(found), models: models.map((model) => viewModel(context, model)) })
    },
  },
  { method: 'GET', path: '/v1/search', handle: search },
]

function viewCollection({ name, slug, description }: Collection): JsonObject {
  return { name, slug, description, full_description: null }
}

function search(context: SandboxContext, request: SandboxRequest): Answer {
  const query = request.query.get('query')?.trim() ?? ''
  if (query === '') return problem(400, 'The query parameter "query" is required.')
  const limit = Number(request.query.get('limit') ?? 20)
  if (!Number.isInteger(limit) || limit < 1 || limit > 50) return problem(400, 'limit must be from 1 to 50')
  const collections = collectionsOf(context.catalogue.models)
  const found = searchBy(publicModels(context), query, (model) => model).slice(0, limit)
  return ok({
    query,
    models: found.map(({ item, score }) => ({
      model: viewModel(context, item),
      metadata: {
        generated_description: item.description,
        tags: collections.filter(({ models }) => models.includes(item.name)).map(({ slug }) => slug),
        score,
      },
    })),
    collections: searchBy(collections, query, ({ name, description }) => ({ name, description })).map(({ item }) => ({
      name: item.name,
      slug: item.slug,
      description: item.description,
      models: [...item.models],
    })),
    pages: [],
  })
}
