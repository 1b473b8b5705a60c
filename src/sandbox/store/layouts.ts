/** The tables of the sandbox's SQLite file, as the steps that lead from each layout to the next. */
const first = `
create table predictions (
  seq integer primary key autoincrement,
  id text not null unique,
  model text not null,
  version text not null,
  deployment text,
  input text not null,
  input_key text not null,
  created_ms integer not null,
  starts_ms integer not null,
  ends_ms integer not null,
  deadline_ms integer,
  fault text,
  webhook text,
  webhook_events text,
  canceled_ms integer,
  status text,
  ended_ms integer,
  output text,
  error text,
  logs text,
  metrics text,
  usd real not null,
  removed_ms integer
) strict;
create index predictions_open on predictions (ends_ms) where status is null;
create index predictions_kept on predictions (ended_ms) where removed_ms is null;
create table files (
  seq integer primary key autoincrement,
  id text not null unique,
  prediction text,
  name text not null,
  media_type text not null,
  bytes integer not null,
  sha256 text not null,
  metadata text not null,
  created_ms integer not null,
  expires_ms integer not null
) strict;
create index files_prediction on files (prediction) where prediction is not null;
create table log_outbox (
  seq integer primary key autoincrement,
  pid integer not null,
  path text not null,
  line text not null
) strict;
create table meta (name text primary key, value text not null) strict;
`

/** What an account owns, trainings, and webhooks still to be sent. */
const second = `
alter table predictions add column destination text;
create index predictions_trainings on predictions (seq) where destination is not null;
create table models (
  seq integer primary key autoincrement,
  name text not null unique,
  visibility text not null,
  hardware text not null,
  facts text not null,
  readme text not null,
  created_ms integer not null
) strict;
create table versions (
  seq integer primary key autoincrement,
  id text not null unique,
  model text not null,
  base text not null,
  training text not null,
  created_ms integer not null
) strict;
create index versions_model on versions (model);
create table deployments (
  seq integer primary key autoincrement,
  name text not null unique,
  number integer not null,
  model text not null,
  version text not null,
  hardware text not null,
  min_instances integer not null,
  max_instances integer not null,
  released_ms integer not null,
  online_ms integer not null
) strict;
create table spent (model text primary key, predictions integer not null, trainings integer not null, usd real not null) strict;
create table webhooks (
  prediction text primary key,
  holder text not null,
  begun integer not null,
  tries integer not null
) strict;
`

/** The nth leads to layout n + 1. */
export const layouts: readonly string[] = [first, second]
