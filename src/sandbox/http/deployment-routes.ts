/** Deployments: two that are always there, so that the third way to create predictions can be tried. */
import type { JsonObject } from '../../std/json.ts'
import { modelName } from '../catalogue/model.ts'
import type { SandboxContext } from '../context.ts'
import { account } from './account-routes.ts'
import { notFound, ok } from './answer.ts'
import { createPrediction, type CreateTarget } from './create-prediction.ts'
import { param, type SandboxRequest } from './request.ts'
import type { Route } from './route.ts'

const deployments = [
  { owner: 'sandbox', name: 'pictures', model: 'black-forest-labs/flux-schnell' },
  { owner: 'sandbox', name: 'writer', model: 'meta/meta-llama-3-8b-instruct' },
] as const
type Deployment = (typeof deployments)[number]

export const deploymentRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/deployments',
    handle: (context) =>
      ok({ next: null, previous: null, results: deployments.map((each) => viewDeployment(context, each)) }),
  },
  {
    method: 'GET',
    path: '/v1/deployments/:owner/:name',
    handle(context, request) {
      const deployment = deploymentOf(request)
      return deployment ? ok(viewDeployment(context, deployment)) : notFound()
    },
  },
  {
    method: 'POST',
    path: '/v1/deployments/:owner/:name/predictions',
    handle(context, request) {
      const deployment = deploymentOf(request)
      const target = deployment && targetOf(context, deployment)
      return target ? createPrediction(context, request, () => target) : notFound()
    },
  },
]

function deploymentOf(request: SandboxRequest): Deployment | undefined {
  return deployments.find(({ owner, name }) => owner === param(request, 0) && name === param(request, 1))
}

function targetOf(context: SandboxContext, deployment: Deployment): CreateTarget | undefined {
  const model = context.catalogue.model(deployment.model)
  const version = model && context.catalogue.versions(model)[0]?.id
  return model && version ? { model, version, deployment: `${deployment.owner}/${deployment.name}` } : undefined
}

function viewDeployment(context: SandboxContext, deployment: Deployment): JsonObject {
  const target = targetOf(context, deployment)
  return {
    owner: deployment.owner,
    name: deployment.name,
    current_release: {
      number: 1,
      model: target ? modelName(target.model) : deployment.model,
      version: target?.version ?? '',
      created_at: '2026-01-15T09:00:00.000Z',
      created_by: account,
      configuration: { hardware: target?.model.hardware ?? 'cpu', min_instances: 0, max_instances: 5 },
    },
  }
}
