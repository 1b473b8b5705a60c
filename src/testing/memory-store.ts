/** A store that keeps everything in memory: the contract without a disk, for tests of what stands on it. */
import { StoreError } from '../domain/errors.ts'
import type { RunCommand, RunEvent } from '../domain/events.ts'
import {
  type CacheEntry,
  type HeldLease,
  type Lease,
  leaseTtlMs,
  type RunRecord,
  type Store,
} from '../state/store/contract.ts'
import type { Clock } from '../std/clock.ts'

interface Kept {
  record: RunRecord
  events: RunEvent[]
  commands: { id: number; command: RunCommand }[]
  token: number
  held: HeldLease | undefined
}

export function memoryStore(clock: Clock): Store {
  const runs = new Map<string, Kept>()
  const definitions = new Map<string, string>()
  const claims = new Map<string, string>()
  const cache = new Map<string, CacheEntry>()
  let commandId = 0

  function kept(runId: string): Kept {
    const run = runs.get(runId)
    if (!run) throw new StoreError('store', `there is no run ${runId}`)
    return run
  }
  function holding(lease: Lease): Kept {
    const run = kept(lease.run_id)
    if (run.held?.token !== lease.token) throw new StoreError('lease_lost', `the lease of run ${lease.run_id} is lost`)
    return run
  }
  function take(run: Kept, holder: HeldLease['holder']): Lease {
    const now = clock.now()
    run.token += 1
    run.held = { run_id: run.record.run_id, token: run.token, holder, heartbeat_at: now, expires_at: now + leaseTtlMs }
    return { run_id: run.record.run_id, token: run.token }
  }

  return {
    async createRun(record, definition, events, holder) {
      if (runs.has(record.run_id)) return false
      definitions.set(definition.hash, definition.json)
      const run: Kept = {
        record: { ...record },
        events: structuredClone([...events]),
        commands: [],
        token: 0,
        held: undefined,
      }
      runs.set(record.run_id, run)
      return take(run, holder)
    },
    async getRun(runId) {
      const run = runs.get(runId)
      return run && { ...run.record }
    },
    async findRuns(prefix, limit) {
      return newestFirst([...runs.values()])
        .map((run) => run.record.run_id)
        .filter((id) => id.startsWith(prefix))
        .slice(0, limit)
    },
    async listRuns(filter) {
      return newestFirst([...runs.values()])
        .map((run) => run.record)
        .filter((record) => record.parent_run_id === filter.parent_run_id)
        .filter((record) => filter.status === undefined || record.status === filter.status)
        .filter((record) => filter.workflow === undefined || record.workflow === filter.workflow)
        .filter((record) => filter.before === undefined || record.created_at < filter.before)
        .slice(0, filter.limit ?? Number.POSITIVE_INFINITY)
        .map((record) => ({ ...record }))
    },
    async putDefinition(hash, json) {
      definitions.set(hash, json)
    },
    async getDefinition(hash) {
      return definitions.get(hash)
    },
    async append(lease, events, patch) {
      const run = holding(lease)
      const last = run.events.at(-1)?.seq ?? 0
      if (events.some((event, at) => event.seq !== last + 1 + at))
        throw new StoreError('store', 'an event is there already')
      run.events.push(...structuredClone([...events]))
      Object.assign(run.record, patch, {
        seq: last + events.length,
        updated_at: events.at(-1)?.time ?? run.record.updated_at,
      })
    },
    async readEvents(runId, after = 0, limit = Number.POSITIVE_INFINITY) {
      const events = runs.get(runId)?.events.filter((event) => event.seq > after) ?? []
      return structuredClone(events.slice(0, limit))
    },
    async acquireLease(runId, holder, mayTake) {
      const run = kept(runId)
      if (run.held && !mayTake(run.held)) return { held: run.held }
      return { lease: take(run, holder) }
    },
    async heartbeat(lease) {
      const run = kept(lease.run_id)
      if (run.held?.token !== lease.token) return false
      const now = clock.now()
      run.held = { ...run.held, heartbeat_at: now, expires_at: now + leaseTtlMs }
      return true
    },
    async releaseLease(lease) {
      const run = kept(lease.run_id)
      if (run.held?.token === lease.token) run.held = undefined
    },
    async getLease(runId) {
      return runs.get(runId)?.held
    },
    async sendCommand(runId, command) {
      commandId += 1
      kept(runId).commands.push({ id: commandId, command: structuredClone(command) })
    },
    async pendingCommands(runId) {
      return [...(runs.get(runId)?.commands ?? [])]
    },
    async finishCommands(runId, ids) {
      const run = kept(runId)
      run.commands = run.commands.filter(({ id }) => !ids.includes(id))
    },
    async claimPrediction(predictionId, owner) {
      const claimed = claims.get(predictionId)
      if (claimed === undefined) claims.set(predictionId, owner)
      return claimed === undefined || claimed === owner
    },
    async cacheGet(key, now) {
      const entry = cache.get(key)
      return entry && (entry.expires_at === undefined || entry.expires_at > now) ? entry : undefined
    },
    async cachePut(entry) {
      cache.set(entry.key, entry)
    },
    async secretKey() {
      return new Uint8Array(32).fill(7)
    },
    async close() {},
  }
}

function newestFirst(runs: Kept[]): Kept[] {
  return runs.sort((a, b) => b.record.created_at - a.record.created_at || (a.record.run_id < b.record.run_id ? 1 : -1))
}
