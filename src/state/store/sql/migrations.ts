/** The tables of a store, as numbered steps: a store at version n has had the first n of them. Never edit one that was released. */
import type { SqlDialect } from './port.ts'

type Migration = (dialect: SqlDialect) => readonly string[]

const runsAndJournals: Migration = ({ identity, clustered }) => [
  `create table meta (name text not null primary key, value text not null)`,
  `create table definitions (hash text not null primary key, body text not null)`,
  `create table runs (
    run_id text not null primary key,
    workflow text not null,
    version text,
    status text not null,
    waiting_for text,
    definition_hash text not null,
    parent_run_id text,
    sandbox integer not null,
    attempt integer not null,
    cost_usd double precision,
    created_at bigint not null,
    updated_at bigint not null,
    seq bigint not null
  )`,
  `create index runs_newest on runs (created_at, run_id)`,
  `create index runs_of_parent on runs (parent_run_id) where parent_run_id is not null`,
  `create table events (
    run_id text not null,
    seq bigint not null,
    body text not null,
    primary key (run_id, seq)
  ) ${clustered}`,
  // A released lease keeps its row, so that its token goes on counting; its holder's columns are null.
  `create table leases (
    run_id text not null primary key,
    token bigint not null,
    pid bigint,
    host text,
    started text,
    boot text,
    heartbeat_at bigint,
    expires_at bigint
  )`,
  `create table commands (id ${identity}, run_id text not null, body text not null, sent_at bigint not null, done_at bigint)`,
  `create index commands_pending on commands (run_id, id) where done_at is null`,
  `create table claims (prediction_id text not null primary key, owner text not null, claimed_at bigint not null)`,
  `create table cache (
    cache_key text not null primary key,
    value text not null,
    cost_usd double precision,
    created_at bigint not null,
    expires_at bigint
  )`,
  `create index cache_expiring on cache (expires_at) where expires_at is not null`,
]

const removal: Migration = () => [
  // Files that removed runs held, until it is settled whether anything else needs them.
  `create table released (sha256 text not null primary key, ended_at bigint not null)`,
]

const imports: Migration = () => [`alter table runs add column imported_at bigint`]

/** What was kept before belongs to nobody that is known, and counts as used when it was kept. */
const cacheLimits: Migration = () => [
  ...[
    `scope text not null default 'real'`,
    `agent text not null default '(unknown)'`,
    `target text not null default ''`,
    `model text not null default '(unknown)'`,
    'version text',
    `parts text not null default '{}'`,
    'bytes bigint not null default 0',
    'latency_ms double precision',
    'score double precision',
    'run_id text',
    'step text',
    'used_at bigint not null default 0',
    'uses bigint not null default 0',
  ].map((column) => `alter table cache add column ${column}`),
  `update cache set used_at = created_at, bytes = length(value)`,
  `update cache set scope = 'sandbox' where cache_key like 'sandbox %'`,
  // Holds all that sums and policies ask for, so that the values themselves are left alone.
  `create index cache_pools on cache (scope, agent, model, used_at, uses, created_at, expires_at, bytes, cache_key)`,
  // Why something is there no more, for a while.
  `create table cache_gone (cache_key text not null primary key, why text not null, gone_at bigint not null)`,
  `create index cache_gone_oldest on cache_gone (gone_at)`,
  `create table cache_counts (
    scope text not null,
    agent text not null,
    model text not null,
    hits bigint not null,
    misses bigint not null,
    saved_usd double precision not null,
    unknown_hits bigint not null,
    saved_ms double precision not null,
    primary key (scope, agent, model)
  )`,
]

export const migrations: readonly Migration[] = [runsAndJournals, removal, imports, cacheLimits]

/** The version of a store that this code reads and writes. */
export const storeVersion = migrations.length
