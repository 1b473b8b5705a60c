/** What earlier calls of models took and cost on average, for estimates. */
import { nameOf } from '../executor/routing/arm-key.ts'
import { meanOf } from '../executor/routing/statistics.ts'
import { type App, replayFolder, type World } from './app.ts'

/** Over all versions of a model, whichever agents called it. */
export interface ModelMeans {
  /** Settled calls that say something of the model, and how many of them failed. */
  calls: number
  failures: number
  /** Of scores in [0, 1]; null: nothing was scored. */
  quality: number | null
  /** Calls of which the cost is known. */
  paid: number
  /** null: not known. */
  usd: number | null
  ms: number | null
}

/** Looked up once; `model` with or without its version. */
export async function meansOfModels(app: App, world: World): Promise<(model: string) => ModelMeans> {
  // What a recording answers was learned when it was made.
  const state = await app.routerState(replayFolder(world) === undefined ? world : 'real')
  return (model) => {
    const { calls, failures, quality, cost, latency } = state.model(nameOf(model))
    return { calls, failures, quality: meanOf(quality), paid: cost.n, usd: meanOf(cost), ms: meanOf(latency) }
  }
}
