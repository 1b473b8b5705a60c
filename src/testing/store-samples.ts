/** Small runs and events for the suite of stores. */
import assert from 'node:assert/strict'
import { StoreError } from '../domain/errors.ts'
import type { CacheBatch, CacheEntry } from '../domain/cache.ts'
import type { RunEvent } from '../domain/events.ts'
import type { Lease, LeaseHolder, RunRecord, Store } from '../state/store/contract.ts'
import type { eagerClock } from './eager-clock.ts'

/** A promise of the contract, tried on an empty store. */
export type StorePromise = (parts: {
  store: Store
  another: () => Promise<Store>
  clock: ReturnType<typeof eagerClock>
}) => Promise<void>

export const ada: LeaseHolder = { pid: 11, host: 'one', started: '100', boot: 'a' }
export const bob: LeaseHolder = { pid: 22, host: 'two', started: '200', boot: 'b' }

export function record(runId: string, more: Partial<RunRecord> = {}): RunRecord {
  return {
    run_id: runId,
    workflow: 'photo',
    version: undefined,
    status: 'running',
    waiting_for: undefined,
    definition_hash: 'hash',
    parent_run_id: undefined,
    sandbox: true,
    attempt: 1,
    cost_usd: 0,
    created_at: 1_000,
    updated_at: 1_000,
    seq: 1,
    ...more,
  }
}

export function event(seq: number, by = 'test', time = 1_000 + seq): RunEvent {
  return { seq, time, type: 'run.pausing', by }
}

export async function make(store: Store, runId: string, more: Partial<RunRecord> = {}, holder = ada): Promise<Lease> {
  const made = await store.createRun(record(runId, more), { hash: 'hash', json: '{}' }, [event(1)], holder)
  assert.notEqual(made, false)
  return made as Lease
}

export function refusedWith(code: StoreError['code']): (error: unknown) => boolean {
  return (error) => error instanceof StoreError && error.code === code
}

export const seqs = (events: readonly RunEvent[]): number[] => events.map(({ seq }) => seq)

/** A result of a call, as it stands in the cache. */
export function cached(key: string, more: Partial<CacheEntry> = {}): CacheEntry {
  return {
    ...{ key, agent: 'writer', target: 'replicate', model: 'acme/x', version: undefined, parts: { prompt: 'abc' } },
    ...{ value: '{"output":1,"files":[],"model":"acme/x"}', bytes: 40, cost_usd: null, latency_ms: null, score: null },
    ...{ run_id: undefined, step: undefined, created_at: 1, expires_at: undefined, used_at: 1, uses: 0 },
    ...more,
  }
}

export const emptyBatch: CacheBatch = { put: [], used: [], dropped: [], counts: [] }

export async function cache(store: Store, ...put: CacheEntry[]): Promise<void> {
  await store.cacheWrite('real', { ...emptyBatch, put }, 1)
}
