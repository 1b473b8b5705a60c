/** What is known of a model: as it was read lately, else as Replicate (or the sandbox) says now. */
import { NotFoundError, ReplicateAgentError } from '../../domain/errors.ts'
import type { ModelInfo } from '../../targets/target.ts'
import type { ActionContext } from '../action.ts'
import { type App, replayFolder, type World } from '../app.ts'
import { missingToken } from '../need-token.ts'
import { keepKnownModel, type KnownModel, readKnownModel } from './model-cache.ts'

export interface Discovered extends KnownModel {
  /** Asked just now. */
  asked: boolean
  /** Why it could not be asked again, though it was time. */
  failure?: ReplicateAgentError
}

/**
 * `refresh`: asks, however new what is known is. Where nobody can be asked, what is known is given, however old, with
 * the failure. Throws `missing_token`, NotFoundError, and what the target throws, when nothing is known.
 */
export async function discoverModel(
  app: App,
  world: World,
  model: string,
  context: Pick<ActionContext, 'signal'>,
  { refresh = false }: { refresh?: boolean } = {},
): Promise<Discovered> {
  const known = await readKnownModel(app.home, world, model)
  const age = known === undefined ? Number.POSITIVE_INFINITY : app.clock.now() - known.read_at
  // A clock that was set back makes no age.
  if (known && !refresh && age >= 0 && age < (await app.config()).discoveryTtlMs) return { ...known, asked: false }
  try {
    return { ...(await ask(app, world, model, context)), asked: true }
  } catch (error) {
    // It is gone: what was known of it is wrong now.
    if (!(error instanceof ReplicateAgentError) || error instanceof NotFoundError || !known) throw error
    return { ...known, asked: false, failure: error }
  }
}

/** The same, or undefined with a warning when nothing is known and nobody can be asked. */
export async function tryDiscoverModel(
  app: App,
  world: World,
  model: string,
  context: Pick<ActionContext, 'signal' | 'warn'>,
  options: { refresh?: boolean } = {},
): Promise<Discovered | undefined> {
  try {
    return await discoverModel(app, world, model, context, options)
  } catch (error) {
    if (!(error instanceof ReplicateAgentError)) throw error
    // A recording has what its run asked for, which need not be this.
    if (replayFolder(world) === undefined) context.warn(`${model} could not be looked up: ${error.message}`)
    return undefined
  }
}

/** Asks, and keeps the answer. */
async function ask(
  app: App,
  world: World,
  model: string,
  { signal }: Pick<ActionContext, 'signal'>,
): Promise<KnownModel> {
  if (world === 'real' && !app.hasToken) throw missingToken()
  const target = await app.target('replicate', world)
  const info: ModelInfo = (await target.describe?.(model, signal)) ?? { name: model }
  const known = { read_at: app.clock.now(), info }
  await keepKnownModel(app.home, world, model, known)
  return known
}
