/** Trainings: create, get, list, cancel. Each makes a version of a model that the account owns. */
import { invalidFields } from '../catalogue/check-input.ts'
import { modelName } from '../catalogue/model.ts'
import { trainingLatency } from '../catalogue/training-fields.ts'
import type { SandboxContext } from '../context.ts'
import type { PredictionRow } from '../store/prediction-rows.ts'
import { type Answer, invalid, notFound, ok, problem } from './answer.ts'
import { drawTimes, inputKeyOf } from './create-prediction.ts'
import { refusal, spoiltAnswer } from './fault-answer.ts'
import { notAnObject, readJsonObject } from './json-body.ts'
import { listJobs } from './list-jobs.ts'
import { nameOf } from './model-routes.ts'
import { readWebhook, wrongWebhook } from './prediction-request.ts'
import { param, type SandboxRequest } from './request.ts'
import type { Route } from './route.ts'
import { showPrediction } from './show-prediction.ts'
import { isObject, type JsonObject } from '../../std/json.ts'

export const trainingRoutes: readonly Route[] = [
  { method: 'POST', path: '/v1/models/:owner/:name/versions/:id/trainings', handle: createTraining },
  { method: 'GET', path: '/v1/trainings', handle: (context, request) => listJobs(context, request, 'training') },
  {
    method: 'GET',
    path: '/v1/trainings/:id',
    async handle(context, request) {
      const row = await trainingOf(context, request)
      return row ? ok(await showPrediction(context, row)) : notFound()
    },
  },
  {
    method: 'POST',
    path: '/v1/trainings/:id/cancel',
    async handle(context, request) {
      const found = await trainingOf(context, request)
      const row = found && (await context.engine.cancel(found.id))
      return row ? ok(await showPrediction(context, row)) : notFound()
    },
  },
]

async function trainingOf(context: SandboxContext, request: SandboxRequest): Promise<PredictionRow | undefined> {
  const row = await context.engine.get(param(request, 0))
  return row && row.destination !== null ? row : undefined
}

async function createTraining(context: SandboxContext, request: SandboxRequest): Promise<Answer> {
  const version = param(request, 2)
  const model = context.catalogue.modelOfVersion(version)
  if (!model || modelName(model) !== nameOf(request)) return notFound()
  const body = readJsonObject(request)
  if (!body) return notAnObject()
  const wrong = wrongBody(context, body)
  if (wrong) return wrong
  if (!model.training) {
    return problem(422, `The version does not support training: it has no train() function`, {
      title: 'Invalid version or not permitted',
    })
  }
  const input = body['input'] as JsonObject
  const wrongInput = invalidFields(model.training, input)
  if (wrongInput.length > 0) return invalid(wrongInput)
  const inputKey = inputKeyOf(context, input)
  const fault = context.injector.strike('create', modelName(model), inputKey)
  const refused = fault && refusal(fault)
  if (refused) return refused
  const row = await context.engine.create({
    model: modelName(model),
    version,
    deployment: null,
    destination: String(body['destination']),
    input,
    inputKey,
    ...drawTimes(context, { latency: trainingLatency, version }, inputKey, fault),
    cancelAfterMs: undefined,
    fault,
    ...readWebhook(body),
  })
  if (row.webhook !== null) context.webhooks.follow(row.id)
  return (fault && spoiltAnswer(fault)) ?? ok(await showPrediction(context, row), 201)
}

function wrongBody(context: SandboxContext, body: JsonObject): Answer | undefined {
  const title = 'Input validation failed'
  if (!isObject(body['input'])) return problem(422, '- input is required, and must be an object\n', { title })
  const wrong = wrongWebhook(body)
  if (wrong) return problem(422, `- ${wrong}\n`, { title })
  const { destination } = body
  if (typeof destination !== 'string') return problem(422, '- destination is required\n', { title })
  if (context.ownModels.get(destination)) return undefined
  return problem(404, `The destination "${destination}" does not exist, or is not yours. Create the model first.`)
}
