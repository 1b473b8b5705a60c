/** Answers a call from the cache, else makes it and keeps what came of it; equal calls in flight are made once. */
import { StoreError } from '../domain/errors.ts'
import type { CacheEntry, MissReason } from '../domain/cache.ts'
import type { CachePolicy } from '../domain/definition.ts'
import type { KeptFile } from '../domain/file.ts'
import { untilAborted } from '../std/abort.ts'
import { isObject, type Json } from '../std/json.ts'
import type { TargetResult } from '../targets/target.ts'
import type { CallOutcome } from './contract.ts'
import { type CallCache, remember, type Wanted } from './resilience/cache/cache.ts'
import { cacheKey, inputParts } from './resilience/cache/key.ts'
import { fitOutput } from './resilience/output-schema.ts'
import { aborted, type Made, tryTurn } from './tries.ts'
import type { Turn, Work } from './work.ts'

/** The outcome, or undefined when the next candidate is due. */
export async function throughCache(
  work: Work,
  turn: Turn,
  cache: CallCache,
  policy: CachePolicy,
): Promise<CallOutcome | undefined> {
  const { signal } = work.deadline
  const wanted = await wantedBy(work, turn, policy)
  // Its model could not be pinned: the attempt itself will say why.
  if (!wanted) return tryTurn(work, turn)
  let refused: CacheEntry | undefined
  let why: MissReason | undefined
  for (;;) {
    let entry = cache.near(wanted.key)
    if (!entry || entry === refused) {
      const flight = cache.inFlight(wanted.key)
      // From the look that found nothing up to here nothing was waited for: nobody else leads.
      if (!flight) return lead(work, turn, cache, wanted, why)
      try {
        entry = await untilAborted(flight, signal)
      } catch {
        return aborted(work)
      }
    }
    if (!entry || entry === refused) continue
    const hit = await readHit(work, turn, cache, wanted, entry)
    if ('output' in hit) return answer(work, cache, wanted, entry, hit)
    refused = entry
    why = hit.refused
  }
}

/** `why`: what was found near did not do. */
async function lead(
  work: Work,
  turn: Turn,
  cache: CallCache,
  wanted: Wanted,
  why: MissReason | undefined,
): Promise<CallOutcome | undefined> {
  const { signal } = work.deadline
  const tell = cache.lead(wanted.key)
  let kept: CacheEntry | undefined
  try {
    let hit: Hit | undefined
    const fits = async (entry: CacheEntry): Promise<MissReason | undefined> => {
      const read = await readHit(work, turn, cache, wanted, entry)
      if (!('output' in read)) return read.refused
      hit = read
      return undefined
    }
    let found: Awaited<ReturnType<CallCache['find']>>
    try {
      found = await cache.find(wanted, fits, signal)
    } catch (error) {
      if (signal.aborted) return aborted(work)
      throw error
    }
    if ('entry' in found && hit) {
      kept = found.entry
      return answer(work, cache, wanted, kept, hit)
    }
    if ('missing' in found) noteMiss(turn, cache, wanted, why ?? found.missing)
    return await tryTurn(work, turn, (result, made) => {
      kept = entryOf(work, wanted, result, made)
      cache.keep(kept, wanted.policy)
    })
  } finally {
    tell(kept)
  }
}

// ── what is asked for ──

async function wantedBy(
  work: Work,
  { candidate, target, input }: Turn,
  policy: CachePolicy,
): Promise<Wanted | undefined> {
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
    const pinned = target.pin
      ? await target.pin(candidate, { signal: deadline.signal, versionOf: (name) => context.versionOf(name), resolved })
      : candidate.model
    const [model = pinned, version] = pinned.split(':')
    return {
      key: cacheKey(candidate, pinned, input),
      ...{ agent: candidate.name, target: candidate.target, model, version, policy },
      parts: once(() => inputParts(context.mask(input))),
    }
  } catch {
    if (broken) throw broken.error
    return undefined
  }
}

function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}

function noteMiss(turn: Turn, cache: CallCache, wanted: Wanted, reason: MissReason): void {
  const { key, target, model, version } = wanted
  cache.missed(wanted)
  const parts = wanted.parts()
  turn.missed = { type: 'cache.missed', key, reason, target, model, parts, ...(version !== undefined && { version }) }
}

// ── what is kept ──

interface Hit {
  output: Json
  files: KeptFile[]
  model: string
}

/** Secrets are masked: what is kept outlives the run (ruling 27). */
function entryOf(
  { clock, context }: Work,
  wanted: Wanted,
  { output, files, model, cost_usd }: TargetResult,
  made: Made,
): CacheEntry {
  const { policy, parts, ...what } = wanted
  const value = JSON.stringify({ output: context.mask(output), files, model })
  const now = clock.now()
  const { run_id, step } = context.labels
  return {
    ...what,
    parts: parts(),
    ...{ value, cost_usd, latency_ms: made.latency_ms, score: made.quality?.score ?? null, run_id, step },
    bytes: Buffer.byteLength(value) + files.reduce((sum, file) => sum + file.bytes, 0),
    ...{
      created_at: now,
      expires_at: policy.ttl_ms === undefined ? undefined : now + policy.ttl_ms,
      used_at: now,
      uses: 0,
    },
  }
}

/** What is kept, when it does for this call: read anew for each, so that nobody's changes reach another. */
async function readHit(
  work: Work,
  turn: Turn,
  cache: CallCache,
  { policy }: Wanted,
  entry: CacheEntry,
): Promise<Hit | { refused: MissReason }> {
  const { clock, spec } = work
  const now = clock.now()
  if (entry.expires_at !== undefined && entry.expires_at <= now) return { refused: 'expired' }
  if (policy.ttl_ms !== undefined && entry.created_at + policy.ttl_ms <= now) return { refused: 'expired' }
  const kept = keptIn(entry.value)
  if (!kept) {
    cache.warn(
      'an answer in the cache is damaged and is asked for anew',
      new StoreError('store_corrupt', `${entry.model}, kept of "${entry.agent}"`),
    )
    cache.drop(entry, 'damaged')
    return { refused: 'damaged' }
  }
  for (const { sha256 } of kept.files) {
    if (await isThere(work, cache, sha256)) continue
    cache.drop(entry, 'file_gone')
    return { refused: 'file_gone' }
  }
  let output: Json
  try {
    output = fitOutput(kept.output, spec.output_schema)
  } catch {
    return { refused: 'misfit' }
  }
  const hit = { ...kept, output }
  return (await isGoodEnough(work, turn, entry, hit)) ? hit : { refused: 'not_good_enough' }
}

function keptIn(text: string): Hit | undefined {
  try {
    const { output, files, model } = JSON.parse(text) as Partial<Hit>
    const isWhole = output !== undefined && typeof model === 'string' && Array.isArray(files)
    return isWhole && files.every((file) => isObject(file) && /^[0-9a-f]{64}$/.test(file.sha256))
      ? { output, files, model }
      : undefined
  } catch {
    return undefined
  }
}

/** It counts as put now, since the run is about to name it. Its bytes are read once. */
async function isThere({ context }: Work, cache: CallCache, sha256: string): Promise<boolean> {
  if (!(await context.files.renew(sha256))) return false
  if (cache.verified.has(sha256)) return true
  try {
    await context.files.read(sha256)
  } catch {
    return false
  }
  remember(cache.verified, sha256)
  return true
}

/** Against the bar of whoever asks: an expression is free; what a judge once said counts, and it is not asked again. */
async function isGoodEnough({ context, deadline }: Work, turn: Turn, entry: CacheEntry, hit: Hit): Promise<boolean> {
  const { candidate, input, pupil } = turn
  const { quality, strategy } = pupil.policy
  // A cascade takes the last answer as it is.
  if (quality?.accept === undefined || (strategy === 'cascade' && turn.alone)) return true
  if (quality.expression === undefined || !context.score) return entry.score === null || entry.score >= quality.accept
  const { output, files, model } = hit
  const past = { latency_ms: entry.latency_ms ?? 0, cost_usd: entry.cost_usd }
  const answered = { agent: candidate.name, call: 0, model, input, output, files, ...past }
  return (await context.score(answered, deadline.signal))?.accepted !== false
}

/** A hit costs nothing and counts as no attempt. */
function answer({ context, ledger }: Work, cache: CallCache, wanted: Wanted, entry: CacheEntry, hit: Hit): CallOutcome {
  const { key, target, model, version } = wanted
  cache.hit(wanted, entry)
  context.recordLast?.({
    ...{ type: 'cache.hit', key, target, model, kept_at: entry.created_at },
    ...(version !== undefined && { version }),
    ...(entry.run_id !== undefined && { kept_by: entry.run_id }),
    ...(entry.latency_ms !== null && { saved_ms: entry.latency_ms }),
  })
  ledger.model = hit.model
  return ledger.fromCache(hit.output, hit.files, entry.cost_usd)
}
