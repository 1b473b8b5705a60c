/** Answers a call from the cache, else makes it and keeps what came of it; equal calls in flight are made once. */
import { untilAborted } from '../std/abort.ts'
import type { CallOutcome } from './contract.ts'
import { cacheKey, type CallCache, type KeptResult } from './resilience/cache.ts'
import { fitOutput } from './resilience/output-schema.ts'
import { aborted, tryTurn } from './tries.ts'
import type { Turn, Work } from './work.ts'

/** The outcome, or undefined when the next candidate is due. */
export async function throughCache(work: Work, turn: Turn, cache: CallCache): Promise<CallOutcome | undefined> {
  const policy = work.spec.cache ?? {}
  const { signal } = work.deadline
  const key = await keyOf(work, turn)
  // Its model could not be pinned: the attempt itself will say why.
  if (key === undefined) return tryTurn(work, turn)
  for (;;) {
    const kept = await cache.find(key, policy)
    const hit = kept && (await fromCache(work, kept))
    if (hit) return hit
    const flight = cache.inFlight(key)
    if (!flight) break
    try {
      const shared = await untilAborted(flight, signal)
      const same = shared && (await fromCache(work, shared))
      if (same) return same
    } catch {
      return aborted(work)
    }
  }
  const tell = cache.lead(key)
  let kept: KeptResult | undefined
  try {
    return await tryTurn(work, turn, async (result) => {
      kept = await cache.keep(key, policy, result)
    })
  } finally {
    tell(kept)
  }
}

async function keyOf(work: Work, { candidate, target, input }: Turn): Promise<string | undefined> {
  const { context, deadline } = work
  let broken: { error: unknown } | undefined
  const resolved = async (model: string, version: string): Promise<string> => {
    try {
      await context.record({ type: 'model.resolved', model, version })
    } catch (error) {
      broken = { error }
      throw error
    }
    return context.versionOf(model) ?? version
  }
  try {
    const model = target.pin
      ? await target.pin(candidate, { signal: deadline.signal, versionOf: (name) => context.versionOf(name), resolved })
      : candidate.model
    return cacheKey(candidate, model, input)
  } catch {
    if (broken) throw broken.error
    return undefined
  }
}

/** A hit costs nothing and counts as no attempt; undefined when its files are gone or it does not fit any more. */
async function fromCache({ spec, context, ledger }: Work, kept: KeptResult): Promise<CallOutcome | undefined> {
  try {
    for (const file of kept.files) await context.files.read(file.sha256)
    const output = fitOutput(kept.output, spec.output_schema)
    ledger.model = kept.model
    return ledger.fromCache(output, kept.files, kept.cost_usd)
  } catch {
    return undefined
  }
}
