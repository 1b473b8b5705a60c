/** What the calls of a run were sent, by step, read from its journal: so that tests can look at prompts. */
import type { Spilled } from '../../domain/events.ts'
import type { ArtifactStore } from '../../state/artifacts/contract.ts'
import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import type { Observed } from './run-case.ts'

interface MadeCall {
  step: string
  /** Indexes of the items that it belongs to, outermost first. */
  items: readonly number[]
  call: JsonObject
}

/**
 * By step (`outer.inner` in a nested run): `{model, input, index?}`, item by item, in the order in which they were
 * made. Items that run at once journal their calls in any order, so that order says nothing.
 */
export async function callsMade(
  observed: readonly Observed[],
  artifacts: Pick<ArtifactStore, 'read'>,
  callers: readonly string[],
): Promise<Record<string, JsonObject[]>> {
  const made: MadeCall[] = []
  for (const one of observed) made.push(...(await callsOf(one, artifacts)))
  made.sort((a, b) => compareItems(a.items, b.items))
  // Those that made none have an empty list.
  const calls = Object.fromEntries(callers.map((step): [string, JsonObject[]] => [step, []]))
  for (const { step, call } of made) (calls[step] ??= []).push(call)
  return calls
}

async function callsOf(
  { within, items, events }: Observed,
  artifacts: Pick<ArtifactStore, 'read'>,
): Promise<MadeCall[]> {
  const made: MadeCall[] = []
  for (const event of events) {
    if (event.type !== 'call.intended') continue
    const { step, index, model, target } = event
    const body = await valueOf(event.body, artifacts)
    const input = target === 'replicate' && isObject(body) ? (body['input'] as Json) : body
    const call = { model, input, ...(index !== undefined && { index }) }
    made.push({ step: `${within}${step}`, items: [...items, index ?? 0], call })
  }
  return made
}

async function valueOf(body: Spilled, artifacts: Pick<ArtifactStore, 'read'>): Promise<Json> {
  if ('value' in body) return body.value
  return JSON.parse(new TextDecoder().decode(await artifacts.read(body.spilled.sha256))) as Json
}

function compareItems(a: readonly number[], b: readonly number[]): number {
  for (const [at, index] of a.entries()) {
    const difference = index - (b[at] ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}
