/** Predictions: create, get, list, cancel. */
import { modelName } from '../catalogue/model.ts'
import type { SandboxContext } from '../context.ts'
import type { PredictionRow } from '../store/prediction-rows.ts'
import { type Answer, notFound, ok, problem } from './answer.ts'
import { createPrediction, type CreateTarget } from './create-prediction.ts'
import { exampleOf, modelOfExample } from './examples.ts'
import { refusal, spoiltAnswer, strikeOn } from './fault-answer.ts'
import { listJobs } from './list-jobs.ts'
import { nameOf } from './model-routes.ts'
import { param, type SandboxRequest } from './request.ts'
import type { Route } from './route.ts'
import { showPrediction } from './show-prediction.ts'

export const predictionRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/predictions',
    handle: (context, request) =>
      createPrediction(context, request, (body) => targetOfVersion(context, body['version'])),
  },
  {
    method: 'POST',
    path: '/v1/models/:owner/:name/predictions',
    handle(context, request) {
      const name = nameOf(request)
      const model = context.catalogue.model(name)
      // community models are not found here: they need a version
      if (!model?.official) return notFound()
      const version = context.catalogue.versions(name)[0]?.id ?? ''
      return createPrediction(context, request, () => ({ model, version, deployment: null }))
    },
  },
  {
    method: 'GET',
    path: '/v1/predictions',
    handle: (context, request) => listJobs(context, request, 'prediction'),
  },
  {
    method: 'GET',
    path: '/v1/predictions/:id',
    async handle(context, request) {
      const row = await predictionOf(context, request)
      if (!row) return exampleAnswer(context, param(request, 0))
      const fault = strikeOn(context, 'get', row)
      const struck = fault && (refusal(fault) ?? spoiltAnswer(fault))
      return struck ?? ok(await showPrediction(context, row))
    },
  },
  {
    method: 'POST',
    path: '/v1/predictions/:id/cancel',
    async handle(context, request) {
      const found = context.predictions.get(param(request, 0))
      if (!found || found.destination !== null) return notFound()
      const fault = strikeOn(context, 'cancel', found)
      const refused = fault && refusal(fault)
      if (refused) return refused
      const row = (await context.engine.cancel(found.id)) ?? found
      return (fault && spoiltAnswer(fault)) ?? ok(await showPrediction(context, row))
    },
  },
]

/** Trainings are no predictions here. */
async function predictionOf(context: SandboxContext, request: SandboxRequest): Promise<PredictionRow | undefined> {
  const row = await context.engine.get(param(request, 0))
  return row?.destination === null ? row : undefined
}

async function exampleAnswer(context: SandboxContext, id: string): Promise<Answer> {
  const model = modelOfExample(context, id)
  return model ? ok(await exampleOf(context, model)) : notFound()
}

/** `64hex`, `owner/name:64hex`, or `owner/name` of an official model. */
function targetOfVersion(context: SandboxContext, written: unknown): CreateTarget | Answer {
  const { catalogue } = context
  const match = typeof written === 'string' ? /^(?:([^/:]+\/[^/:]+))?:?([0-9a-f]{64})?$/.exec(written) : null
  const [, name, hex] = match ?? []
  const model = hex === undefined ? catalogue.model(name ?? '') : catalogue.modelOfVersion(hex)
  const version = hex ?? (model?.official ? catalogue.versions(modelName(model))[0]?.id : undefined)
  const isNamed = name === undefined || (model !== undefined && name === modelName(model))
  if (!model || version === undefined || !isNamed) return noVersion()
  return { model, version, deployment: null, gone: noVersion() }
}

function noVersion(): Answer {
  return problem(422, "The specified version does not exist (or perhaps you don't have permission to use it?)", {
    title: 'Invalid version or not permitted',
  })
}
