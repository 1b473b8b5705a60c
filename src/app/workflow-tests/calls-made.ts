/** What the calls of a run were sent, by step, read from its journal: so that tests can look at prompts. */
import type { Spilled } from '../../domain/events.ts'
import type { ArtifactStore } from '../../state/artifacts/contract.ts'
import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import type { Observed } from './run-case.ts'

/** By step (`outer.inner` in a nested run), in the order in which they were made: `{model, input, index?}`. */
export async function callsMade(
  observed: readonly Observed[],
  artifacts: Pick<ArtifactStore, 'read'>,
  callers: readonly string[],
): Promise<Record<string, JsonObject[]>> {
  // Those that made none have an empty list.
  const calls = Object.fromEntries(callers.map((step): [string, JsonObject[]] => [step, []]))
  for (const { within, events } of observed) {
    for (const event of events) {
      if (event.type !== 'call.intended') continue
      const { step, index, model, target } = event
      const body = await valueOf(event.body, artifacts)
      const input = target === 'replicate' && isObject(body) ? (body['input'] as Json) : body
      const made = (calls[`${within}${step}`] ??= [])
      made.push({ model, input, ...(index !== undefined && { index }) })
    }
  }
  return calls
}

async function valueOf(body: Spilled, artifacts: Pick<ArtifactStore, 'read'>): Promise<Json> {
  if ('value' in body) return body.value
  return JSON.parse(new TextDecoder().decode(await artifacts.read(body.spilled.sha256))) as Json
}
