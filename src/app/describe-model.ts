/** What Replicate, or the sandbox, says of a model. */
import { ReplicateAgentError } from '../domain/errors.ts'
import type { ModelInfo } from '../targets/target.ts'
import type { ActionContext } from './action.ts'
import type { App, World } from './app.ts'
import { missingToken } from './need-token.ts'

/** Throws `missing_token`, NotFoundError, and what the target throws. */
export async function describeModel(app: App, world: World, model: string, context: ActionContext): Promise<ModelInfo> {
  if (world === 'real' && !app.hasToken) throw missingToken()
  const target = await app.target('replicate', world)
  return (await target.describe?.(model, context.signal)) ?? { name: model }
}

/** The same, or undefined with a warning when it can't be asked. */
export async function tryDescribeModel(
  app: App,
  world: World,
  model: string,
  context: ActionContext,
): Promise<ModelInfo | undefined> {
  try {
    return await describeModel(app, world, model, context)
  } catch (error) {
    if (!(error instanceof ReplicateAgentError)) throw error
    context.warn(`${model} could not be looked up: ${error.message}`)
    return undefined
  }
}
