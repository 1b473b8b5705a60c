/** Why the cache of results answered a step of a run, or did not. */
import { z } from 'zod'
import { type CacheEntry, missReasons } from '../../../domain/cache.ts'
import { UsageError } from '../../../domain/errors.ts'
import type { EventOf, RunEvent } from '../../../domain/events.ts'
import type { Store } from '../../../state/store/contract.ts'
import { defined } from '../../../std/defined.ts'
import { defineAction } from '../../action.ts'
import { type Differences, nearestEntry } from '../../cache/nearest-entry.ts'
import { findRun } from '../../find-run.ts'
import { worldOfRecord } from '../../world-of.ts'
import { assertWorked } from '../../worked-step.ts'

const lookShape = z.object({
  index: z.number().optional(),
  round: z.number().optional(),
  at: z.iso.datetime(),
  outcome: z.enum(['hit', 'missed', 'off']).describe('off: the step called without looking into the cache'),
  model: z.string().optional().describe('owner/name'),
  version: z.string().optional(),
  key: z.string().optional(),
  reason: z
    .enum([...missReasons, 'other_version', 'other_input'])
    .optional()
    .describe('of a miss; absent: nothing like it was kept'),
  /** Of a hit: when the answer was kept, by which run, and what it saved. */
  kept_at: z.iso.datetime().optional(),
  kept_by: z.string().optional(),
  saved_usd: z.number().nullable().optional().describe('null: unknown'),
  saved_ms: z.number().optional(),
  /** Of a miss: what had been kept of the model until then that is most like it. */
  nearest: z
    .object({
      kept_at: z.iso.datetime(),
      kept_by: z.string().optional(),
      version: z.string().optional(),
      changed: z.array(z.string()),
      added: z.array(z.string()),
      removed: z.array(z.string()),
    })
    .optional()
    .describe('names of fields of the input; all empty with the same version: something secret differs'),
  /** Whether what would answer the same call is kept now. */
  kept_now: z.boolean().optional(),
})
export type CacheLook = z.output<typeof lookShape>

export const whyCached = defineAction({
  noun: 'cache',
  verb: 'why',
  summary: 'say why the cache answered a step of a run, or did not',
  input: z.object({
    run: z.string().describe('an id, a unique prefix of one, or last'),
    step: z.string().describe('the id of a step'),
    index: z.int().nonnegative().optional().describe('the index of an item of a foreach; all of them by default'),
  }),
  output: z.object({ run_id: z.string(), step: z.string(), looks: z.array(lookShape) }),
  async run(app, { run, step, index }) {
    const store = await app.store()
    const record = await findRun(store, run)
    const { run_id } = record
    const all = await store.readEvents(run_id)
    assertWorked(run_id, all, step, index)
    const events = all.filter((event) => 'step' in event && event.step === step && isOf(event, index))
    const scope = await app.cacheScope(await worldOfRecord(app, record))
    const looks = await Promise.all(looksIn(events).map((look) => explained(store, scope, events, look)))
    if (looks.length === 0) {
      throw new UsageError(`step "${step}" called no model`, {
        hint: 'what is computed, skipped, or answered by a person needs no cache',
      })
    }
    return { run_id, step, looks }
  },
})

type Look = RunEvent & EventOf<'cache.hit' | 'cache.missed' | 'call.intended' | 'step.settled'>

function isOf(event: RunEvent, index: number | undefined): boolean {
  return index === undefined || ('index' in event && event.index === index)
}

/** What the cache said, in order; and of work that did not ask it, its first call. */
function looksIn(events: readonly RunEvent[]): Look[] {
  const asked = new Set<string>()
  return events.filter((event): event is Look => {
    if (event.type === 'cache.hit' || event.type === 'cache.missed') {
      asked.add(placeOf(event))
      return true
    }
    const isFirst = event.type === 'call.intended' || (event.type === 'step.settled' && event.cached === true)
    if (!isFirst || asked.has(placeOf(event))) return false
    asked.add(placeOf(event))
    // A hit is journaled before the end of its step.
    return !events.some(({ type, ...other }) => type === 'cache.hit' && placeOf(other as Look) === placeOf(event))
  })
}

function placeOf(event: { index?: number; round?: number }): string {
  return `${event.index ?? ''}/${event.round ?? ''}`
}

async function explained(store: Store, scope: string, events: readonly RunEvent[], look: Look): Promise<CacheLook> {
  const place = defined({ index: look.index, round: look.round })
  const at = iso(look.time)
  switch (look.type) {
    case 'cache.hit':
      return { ...place, at, outcome: 'hit', ...hitOf(look, events), kept_now: await isKept(store, scope, look) }
    case 'cache.missed':
      return { ...place, at, outcome: 'missed', ...(await missOf(store, scope, look)) }
    case 'step.settled':
      return { ...place, at, outcome: 'hit', ...defined({ model: look.model, saved_usd: look.saved_usd }) }
    default:
      return { ...place, at, outcome: 'off', model: look.model }
  }
}

function hitOf(look: RunEvent & EventOf<'cache.hit'>, events: readonly RunEvent[]) {
  const { model, version, key, kept_by, saved_ms } = look
  const end = events.find(
    (event) =>
      event.seq > look.seq &&
      (event.type === 'step.settled' || event.type === 'round.settled') &&
      event.saved_usd !== undefined &&
      placeOf(event) === placeOf(look),
  ) as EventOf<'step.settled'> | undefined
  return {
    model,
    key,
    kept_at: iso(look.kept_at),
    ...defined({ version, kept_by, saved_ms, saved_usd: end?.saved_usd }),
  }
}

async function missOf(store: Store, scope: string, look: RunEvent & EventOf<'cache.missed'>) {
  const { model, version, key, reason, target } = look
  const entries = await store.cacheNear(scope, target, model, mostCompared)
  const found =
    reason === 'absent'
      ? nearestEntry(
          look,
          entries.filter((entry) => entry.created_at < look.time),
        )
      : undefined
  return {
    ...{ model, key, reason: found ? reasonOf(found.differences, found.entry, version) : reason },
    ...defined({ version }),
    ...(found && { nearest: nearestOf(found.entry, found.differences) }),
    kept_now: await isKept(store, scope, look),
  }
}

const mostCompared = 1_000

function reasonOf(
  differences: Differences,
  { version }: CacheEntry,
  asked: string | undefined,
): 'other_version' | 'other_input' {
  const isSameInput = Object.values(differences).flat().length === 0
  return isSameInput && version !== asked ? 'other_version' : 'other_input'
}

function nearestOf({ created_at, run_id, version }: CacheEntry, differences: Differences) {
  return { kept_at: iso(created_at), ...defined({ kept_by: run_id, version }), ...differences }
}

async function isKept(store: Store, scope: string, { key }: { key: string }): Promise<boolean> {
  const found = await store.cacheGet(scope, key)
  return found !== undefined && 'key' in found
}

function iso(moment: number): string {
  return new Date(moment).toISOString()
}
