/** Models on Replicate: route → take up or create → follow → keep the files → say what it cost. */
import { CancelledError, isCalledOff, NotFoundError, ReplicateAgentError } from '../../domain/errors.ts'
import type { Rates } from '../../domain/price.ts'
import { abortReason } from '../../std/abort.ts'
import { defined } from '../../std/defined.ts'
import type { Json, JsonObject } from '../../std/json.ts'
import type { Candidate, Target, TargetContext, TargetResult } from '../target.ts'
import { cancelBounded, cancelPrediction } from './cancel.ts'
import { createPrediction } from './create.ts'
import { predictionFailure, spent, unanswered } from './failure.ts'
import { findModels } from './find-models.ts'
import { follow } from './follow.ts'
import { createInputFiles, type InputFiles } from './input-files.ts'
import type { ReplicateOptions } from './options.ts'
import { createOutputFiles, type OutputFiles } from './output-files.ts'
import { hasSucceeded, isLost, type Prediction } from './prediction.ts'
import { costOf, isMetered, likelyTokens, mostCost, tokensIn, usualCost } from './cost.ts'
import { createModels, type Models, parseReference, pinned, type Route } from './resolve.ts'
import { takeUp } from './take-up.ts'
import { wholeText } from './whole-text.ts'
import { type Api, createApi } from './transport.ts'

interface Parts {
  options: ReplicateOptions
  api: Api
  models: Models
  inputFiles: InputFiles
  outputFiles: OutputFiles
}

const defaultWaitSeconds = 1
const defaultMaxFileBytes = 2 * 1024 ** 3

/** Throws ConfigurationError `missing_token`. */
export function createReplicateTarget(options: ReplicateOptions): Target {
  const api = createApi(options)
  const parts: Parts = {
    options,
    api,
    models: createModels(api, options.versions),
    inputFiles: createInputFiles(api),
    outputFiles: createOutputFiles(api, options.max_file_bytes ?? defaultMaxFileBytes),
  }
  return {
    kind: 'replicate',
    versions: parts.models.versions,
    call(candidate, input, context) {
      const seenAs = (seen: TargetContext) => call(parts, candidate, input, seen)
      return options.wire?.during ? options.wire.during(context, seenAs) : seenAs(context)
    },
    async pin(candidate, context) {
      return pinned(await parts.models.route(candidate, context))
    },
    async estimate(candidate, input, { timeout_ms }) {
      return mostCost(options.prices.find(candidate)?.rates, input, timeout_ms)
    },
    async expect(candidate, input, { latency_ms }) {
      return usualCost(options.prices.find(candidate)?.rates, input, latency_ms)
    },
    tokens: (_candidate, input) => likelyTokens(input),
    async cancel(id, signal) {
      await cancelPrediction(api, id, signal)
    },
    async describe(model, signal) {
      const { model: name, version } = parseReference({ model, deployment: false })
      const known = await parts.models.get(name, signal)
      if (version === undefined) return known
      return { ...known, ...(await parts.models.version(name, version, signal)), official: known.official }
    },
    search: (query, limit, signal) => findModels(api, query, limit, signal),
    close: () => api.close(),
  }
}

/** A prediction on its way, and what was paid before for one whose data is gone. */
interface Course {
  prediction: Prediction | undefined
  before: number | null
  rates: Rates | undefined
}

async function call(
  parts: Parts,
  candidate: Candidate,
  input: JsonObject,
  context: TargetContext,
): Promise<TargetResult> {
  const route = await routeOf(parts, candidate, context)
  const course: Course = { prediction: undefined, before: 0, rates: parts.options.prices.find(candidate)?.rates }
  try {
    course.prediction = await takenUp(parts, route, context, course)
    course.prediction ??= await begin(parts, route, input, context)
    const ended = await endOf(parts, course.prediction, context, course.rates)
    const cost_usd = costOf(ended, course.rates)
    if (!hasSucceeded(ended)) throw predictionFailure(ended, cost_usd)
    if (isLost(ended)) {
      throw new NotFoundError(`what prediction ${ended.id} put out was removed`, {
        details: { cost_usd },
      })
    }
    const result = await resultOf(parts, route, ended, context, cost_usd)
    return { ...result, cost_usd: add(course.before, cost_usd) }
  } catch (error) {
    if (context.signal.aborted) throw await calledOff(parts, course, context, error)
    throw course.before === 0 ? error : spent(error, add(course.before, costIn(error)))
  }
}

/** What was answered with its final output is looked at once more only for metrics that somebody needs. */
async function endOf(
  { api, options }: Parts,
  prediction: Prediction,
  context: TargetContext,
  rates: Rates | undefined,
): Promise<Prediction> {
  // Of a recording it is not known at what prices it will be replayed.
  const asks = isMetered(rates) || context.counts_tokens === true || options.wire !== undefined
  return prediction.whole && !asks ? { ...prediction, status: 'succeeded' } : follow(api, prediction, context)
}

async function takenUp(
  { api }: Parts,
  route: Route,
  context: TargetContext,
  course: Course,
): Promise<Prediction | undefined> {
  if (!context.open) return undefined
  const taken = await takeUp(api, route, context.open, context)
  if (taken.status === 'found') return taken.prediction
  if (taken.lost) course.before = costOf(taken.lost, course.rates)
  return undefined
}

/** What to throw once the signal has aborted; a prediction that was called off is canceled at Replicate first. */
async function calledOff(
  { api, options }: Parts,
  course: Course,
  context: TargetContext,
  error: unknown,
): Promise<unknown> {
  const reason = abortReason(context.signal)
  const id = course.prediction?.id ?? context.open?.id
  if (!isCalledOff(reason) || id === undefined) return error
  const ended = await cancelBounded(api, id, options.clock)
  const cost_usd = ended ? costNow(course, ended) : null
  // What may still run, or was done just now, is not to be made a second time.
  const open = ended && !hasSucceeded(ended) ? {} : { unanswered: true }
  const details = { prediction: id, cost_usd, ...open }
  return new CancelledError(`prediction ${id} was canceled`, { cause: reason, details })
}

function costNow({ before, rates }: Course, ended: Prediction): number | null {
  return add(before, costOf(ended, rates))
}

function routeOf(
  { models }: Parts,
  candidate: Candidate,
  { signal, versionOf, record }: TargetContext,
): Promise<Route> {
  return models.route(candidate, { signal, versionOf, resolved: (model, version) => record.resolved(model, version) })
}

async function begin(
  { api, inputFiles, options }: Parts,
  route: Route,
  input: JsonObject,
  context: TargetContext,
): Promise<Prediction> {
  const prepared = await inputFiles.prepare(input, context)
  return createPrediction(api, route, prepared, context, options.wait_seconds ?? defaultWaitSeconds)
}

async function resultOf(
  parts: Parts,
  route: Route,
  ended: Prediction,
  context: TargetContext,
  cost_usd: number | null,
): Promise<TargetResult> {
  try {
    const text = await wholeText(parts.models, route, ended, context.signal)
    const { output, files } = await parts.outputFiles.keep(text, context)
    const tokens = tokensIn(ended.metrics)
    return { output, files, cost_usd, model: modelOf(route, ended), ...defined({ tokens }), metrics: ended.metrics }
  } catch (error) {
    // Paid for: what could not be had now is asked for again, and not made again.
    const mayHelp = error instanceof ReplicateAgentError && error.retryable
    throw mayHelp ? unanswered(error, cost_usd) : spent(error, cost_usd)
  }
}

function modelOf(route: Route, ended: Prediction): string {
  return route.kind === 'deployment' ? (ended.model ?? route.model) : pinned(route)
}

function add(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b
}

function costIn(error: unknown): number | null {
  const cost: Json | undefined = error instanceof ReplicateAgentError ? error.details?.['cost_usd'] : undefined
  return cost === null || typeof cost === 'number' ? cost : 0
}
