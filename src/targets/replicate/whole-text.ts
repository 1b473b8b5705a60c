/** Language models give their text as a list of pieces: one text again, where the model says that they belong together. */
import type { Json, JsonObject } from '../../std/json.ts'
import { NotFoundError, ValidationError } from '../../domain/errors.ts'
import type { Prediction } from './prediction.ts'
import type { Models, Route } from './resolve.ts'

/** The output, joined when the model's output schema says `x-cog-array-display: concatenate`. */
export async function wholeText(models: Models, route: Route, ended: Prediction, signal: AbortSignal): Promise<Json> {
  const { output } = ended
  if (!Array.isArray(output) || !output.every((piece) => typeof piece === 'string')) return output
  if (output.some((piece) => /^(?:https?|data):\S+$/.test(piece))) return output
  const schema = await outputSchema(models, route, ended, signal)
  // Where the API does not tell, what streams is text.
  const belongs = schema ? schema['x-cog-array-display'] === 'concatenate' : ended.stream !== undefined
  return belongs ? output.join('') : output
}

async function outputSchema(
  models: Models,
  route: Route,
  ended: Prediction,
  signal: AbortSignal,
): Promise<JsonObject | undefined> {
  try {
    if (route.kind === 'version') return (await models.version(route.model, route.version, signal)).output_schema
    const model = route.kind === 'official' ? route.model : ended.model
    return model === undefined ? undefined : (await models.get(model, signal)).output_schema
  } catch (error) {
    if (error instanceof NotFoundError || error instanceof ValidationError) return undefined
    throw error
  }
}
