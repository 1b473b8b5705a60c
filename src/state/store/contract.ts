/** What a store of runs must do; backends are siblings of this file, opened by URL in `open.ts`. */
import type {
  CacheBatch,
  CacheChoice,
  CacheCount,
  CacheEntry,
  CacheGone,
  CacheLimits,
  CachePool,
  CacheShare,
} from '../../domain/cache.ts'
import type { RunCommand, RunEvent } from '../../domain/events.ts'
import type { RunStatus } from '../../domain/run.ts'

/** The row of a run: enough to list it without reading its journal. Everything else is in the events. */
export interface RunRecord {
  run_id: string
  workflow: string
  version: string | undefined
  status: RunStatus
  waiting_for: 'approval' | 'resume' | undefined
  definition_hash: string
  parent_run_id: string | undefined
  sandbox: boolean
  /** `run.attempt`, from 1. */
  attempt: number
  cost_usd: number | null
  /** Epoch milliseconds. */
  created_at: number
  updated_at: number
  /** Of the last event. */
  seq: number
  /** When it was brought here from another store, epoch milliseconds. */
  imported_at?: number
}

export type RunRecordPatch = Partial<
  Pick<RunRecord, 'status' | 'waiting_for' | 'attempt' | 'cost_usd' | 'definition_hash'>
>

/** Who drives a run: enough for another process on the host to tell whether the holder still lives (ruling 24). */
export interface LeaseHolder {
  pid: number
  host: string
  /** The process's start time as the kernel counts it, and the boot it belongs to: a pid alone may be reused. */
  started: string
  boot: string
}

/** Proof of being the driver. Tokens only grow; a write under an older token is refused (`lease_lost`). */
export interface Lease {
  run_id: string
  token: number
}

export interface HeldLease extends Lease {
  holder: LeaseHolder
  /** Epoch milliseconds. */
  heartbeat_at: number
  expires_at: number
}

/** A run with the process that drives it. */
export interface DrivenRun {
  held: HeldLease
  /** Of the run, epoch milliseconds. */
  created_at: number
}

export interface ListRuns {
  status?: RunStatus
  workflow?: string
  /** Children of other runs are left out unless their parent is asked for, or `nested`: all of them. */
  parent_run_id?: string
  nested?: boolean
  sandbox?: boolean
  /** Only runs with an event at or after this moment, epoch milliseconds. */
  touched_since?: number
  limit?: number
  /** Only what comes after this run in the list: page by page, none is left out and none comes twice. */
  after?: Pick<RunRecord, 'created_at' | 'run_id'>
  /** Only runs created before this moment, epoch milliseconds. */
  before?: number
}

/**
 * Every method that writes is durable when it resolves (by the store's durability level) and throws StoreError.
 * Writes never block the event loop while another process holds the database: they wait asynchronously.
 */
export interface Store {
  /** Makes a run with its definition, first events and lease in one transaction; false when the id is taken. */
  createRun(
    record: RunRecord,
    definition: { hash: string; json: string },
    events: readonly RunEvent[],
    holder: LeaseHolder,
  ): Promise<Lease | false>
  getRun(runId: string): Promise<RunRecord | undefined>
  /** Ids that start with `prefix`, newest first; `last` is the caller's business. At most `limit`. */
  findRuns(prefix: string, limit: number): Promise<string[]>
  /** Newest first. */
  listRuns(filter: ListRuns): Promise<RunRecord[]>
  putDefinition(hash: string, json: string): Promise<void>
  getDefinition(hash: string): Promise<string | undefined>

  /** Appends in one transaction, fenced by the lease; events that are already there (same seq) are refused. */
  append(lease: Lease, events: readonly RunEvent[], patch?: RunRecordPatch): Promise<void>
  /** Events with seq > `after`, in order. */
  readEvents(runId: string, after?: number, limit?: number): Promise<RunEvent[]>

  /** Takes the lease when it is free, released or `mayTake(held)` says so; else gives who holds it. */
  acquireLease(
    runId: string,
    holder: LeaseHolder,
    mayTake: (held: HeldLease) => boolean,
  ): Promise<{ lease: Lease } | { held: HeldLease }>
  /** Extends the lease; false when it is no longer ours. */
  heartbeat(lease: Lease): Promise<boolean>
  releaseLease(lease: Lease): Promise<void>
  getLease(runId: string): Promise<HeldLease | undefined>

  /** Leaves a command for the driver of a run, now or later. */
  sendCommand(runId: string, command: RunCommand): Promise<void>
  /** Commands not yet taken, oldest first. */
  pendingCommands(runId: string): Promise<{ id: number; command: RunCommand }[]>
  /** Marks commands as done; called in the same turn as the events they led to were appended. */
  finishCommands(runId: string, ids: readonly number[]): Promise<void>

  /** Claims a remote prediction for one piece of work; false when another one has it (ruling 23). */
  claimPrediction(predictionId: string, owner: string): Promise<boolean>

  // ── results of calls, kept for the same call made again; `scope`: the world they belong to ──

  /** Also one that has expired by now; of one that is there no more, why, as long as that is remembered. */
  cacheGet(scope: string, key: string): Promise<CacheEntry | CacheGone | undefined>
  cacheWrite(scope: string, batch: CacheBatch, now: number): Promise<void>
  /**
   * Removes what has expired, then what is too much for each pool, by its policy, then what is too much for all, by when
   * it was used last. At most `most` of each; gives how many went.
   */
  cacheEvict(scope: string, pools: readonly CachePool[], all: CacheLimits, now: number, most: number): Promise<number>
  /** Removes what fits the choice, unless `dry`; gives what it was. */
  cacheClear(scope: string, choice: CacheChoice, now: number, dry: boolean): Promise<CacheShare[]>
  cacheShares(scope: string): Promise<CacheShare[]>
  cacheCounts(scope: string): Promise<CacheCount[]>
  /** The newest entries of a model, without their values. */
  cacheNear(scope: string, target: string, model: string, limit: number): Promise<CacheEntry[]>

  /**
   * Adds runs from elsewhere with their definitions in one transaction, held by nobody. Gives an id that is taken;
   * then nothing was added.
   */
  addRuns(
    runs: readonly { record: RunRecord; events: readonly RunEvent[] }[],
    definitions: readonly { hash: string; json: string }[],
  ): Promise<string | undefined>

  // ── making room ──

  /** Names of kept files that may stand in events with seq > `after`: all words of 64 hex digits; and the bytes of these events. */
  hashesIn(runId: string, after?: number): Promise<{ seq: number; bytes: number; hashes: string[] }>
  /** The same of what is in no journal: commands that wait, and cached results that did not expire before `now`. */
  hashesBesides(now: number): Promise<string[]>
  /**
   * Removes a run and those nested in it in one transaction, when `mayRemove` agrees to each with who holds it; `files`
   * become released. False: it is not there, or was kept.
   */
  removeRun(
    runId: string,
    files: readonly string[],
    mayRemove: (run: RunRecord, held: HeldLease | undefined) => boolean,
  ): Promise<boolean>
  /** Hashes of files that removed runs held and that were not dropped since, with the moment when the last of these runs had ended. */
  releasedFiles(): Promise<Map<string, number>>
  /**
   * Calls `work` while nobody, in no process, can commit: with those of `hashes` that no journal and no waiting command
   * names, and with who drives what. `seen` says up to which event each journal is known to name none of them. What
   * `work` gives back, and what is named after all, is released no longer. `work` must be quick, and may run twice.
   */
  dropFiles(
    hashes: readonly string[],
    seen: ReadonlyMap<string, number>,
    work: (unnamed: string[], driven: DrivenRun[]) => Promise<string[]>,
  ): Promise<void>
  /** Removes cached results that expired, and, when `mayRemove` says of every held lease that it does not matter, definitions that no run has. */
  removeStale(now: number, mayRemove: (held: HeldLease) => boolean): Promise<{ cached: number; definitions: number }>
  /** Gives the disk back what was removed; lets others in between. Bytes before and after. */
  shrink(): Promise<{ before: number; after: number }>

  /** The key under which secrets are hashed; made once per store. */
  secretKey(): Promise<Uint8Array>
  close(): Promise<void>
}

/** Milliseconds that a lease lasts without a heartbeat, and how often the driver sends one. */
export const leaseTtlMs = 15_000
export const heartbeatEveryMs = 3_000
