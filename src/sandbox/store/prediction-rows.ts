/** Predictions as rows: the few prepared statements that read and write them. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'

/** How a prediction ended; `aborted` means that its deadline passed before it began. */
export type TerminalStatus = 'succeeded' | 'failed' | 'canceled' | 'aborted'

export interface NewPrediction {
  id: string
  model: string
  /** The real one, also where the API shows `hidden`. */
  version: string
  deployment: string | null
  /** The model that a training makes a version of; null for a prediction. */
  destination: string | null
  input: string
  /** Hash of the canonical input, in which links to the sandbox's own files stand as hashes of their content. */
  input_key: string
  created_ms: number
  starts_ms: number
  ends_ms: number
  deadline_ms: number | null
  fault: string | null
  webhook: string | null
  webhook_events: string | null
  /** Estimated at first, exact once it has ended. */
  usd: number
}

export interface Outcome {
  status: TerminalStatus
  ended_ms: number
  output: string | null
  error: string | null
  logs: string
  metrics: string
  usd: number
}

export interface PredictionRow extends NewPrediction {
  seq: number
  canceled_ms: number | null
  /** Null until its outcome was written. */
  status: TerminalStatus | null
  ended_ms: number | null
  output: string | null
  error: string | null
  logs: string | null
  metrics: string | null
  removed_ms: number | null
}

export interface PredictionFilter {
  kind: 'prediction' | 'training'
  /** Only older ones than this `seq`. */
  before?: number
  /** Only newer ones than this `seq`, oldest of them first. */
  after?: number
  createdAfterMs?: number
  createdBeforeMs?: number
  limit: number
}

export interface Bill {
  predictions: number
  trainings: number
  /** Of both. */
  usd: number
  models: Record<string, { predictions: number; usd: number }>
}

export function openPredictionRows(database: DatabaseSync) {
  const insert = database.prepare(
    `insert into predictions (id, model, version, deployment, input, input_key, created_ms, starts_ms, ends_ms,
     deadline_ms, fault, webhook, webhook_events, usd, destination)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const get = database.prepare('select * from predictions where id = ?')
  const cancel = database.prepare(
    'update predictions set canceled_ms = ? where id = ? and canceled_ms is null and status is null and ends_ms > ?',
  )
  const settle = database.prepare(
    `update predictions set status = ?, ended_ms = ?, output = ?, error = ?, logs = ?, metrics = ?, usd = ?
     where id = ? and status is null and canceled_ms is ?`,
  )
  const remove = database.prepare(
    `update predictions set removed_ms = ?, input = '{}', output = null, logs = null, error = null
     where id = ? and removed_ms is null and status is not null and destination is null`,
  )
  const open = database.prepare('select id, ends_ms, deadline_ms from predictions where status is null')
  const stale = database.prepare(
    `select id from predictions where removed_ms is null and ended_ms < ? and destination is null
     order by ended_ms limit 1000`,
  )
  const ended = database.prepare(
    'select id from predictions where removed_ms is null and status is not null and destination is null',
  )
  const sums = database.prepare(
    `select model, sum(predictions) as predictions, sum(trainings) as trainings, sum(usd) as usd from (
       select model, sum(destination is null) as predictions, sum(destination is not null) as trainings,
         sum(usd) as usd from predictions group by model
       union all select model, predictions, trainings, usd from spent
     ) group by model`,
  )
  const trainingsBefore = database.prepare(
    'select count(*) as n from predictions where destination = ? and seq < (select seq from predictions where id = ?)',
  )
  const runsOf = database.prepare('select count(*) as n from predictions where model = ? and destination is null')
  const lastUse = database.prepare(
    'select max(coalesce(ended_ms, ends_ms)) as at from predictions where deployment = ?',
  )
  const ofVersion = database.prepare('select id from predictions where version = ? and destination is null')
  const trainsFrom = database.prepare(
    'select id from predictions where version = ? and destination is not null limit 1',
  )
  const keepSpent = database.prepare(
    `insert into spent select model, count(*), 0, sum(usd) from predictions where id = ? group by model
     on conflict (model) do update set predictions = predictions + excluded.predictions, usd = usd + excluded.usd`,
  )
  const forget = database.prepare('delete from predictions where id = ?')

  return {
    insert(row: NewPrediction): void {
      insert.run(
        row.id,
        row.model,
        row.version,
        row.deployment,
        row.input,
        row.input_key,
        row.created_ms,
        row.starts_ms,
        row.ends_ms,
        row.deadline_ms,
        row.fault,
        row.webhook,
        row.webhook_events,
        row.usd,
        row.destination,
      )
    },
    get: (id: string) => get.get(id) as unknown as PredictionRow | undefined,
    /** False when it had ended or was canceled before. */
    cancel: (id: string, now: number) => Number(cancel.run(now, id, now).changes) === 1,
    /** False when it was settled or canceled meanwhile. */
    settle(row: PredictionRow, outcome: Outcome): boolean {
      const { status, ended_ms, output, error, logs, metrics, usd } = outcome
      return (
        Number(settle.run(status, ended_ms, output, error, logs, metrics, usd, row.id, row.canceled_ms).changes) === 1
      )
    },
    remove: (id: string, now: number) => Number(remove.run(now, id).changes) === 1,
    open: () => open.all() as unknown as Pick<PredictionRow, 'id' | 'ends_ms' | 'deadline_ms'>[],
    endedBefore: (ms: number) => stale.all(ms).map((row) => row['id'] as string),
    ended: () => ended.all().map((row) => row['id'] as string),
    /** How many trainings of the same destination were asked for before this one. */
    trainingsBefore: (destination: string, id: string) => Number(trainingsBefore.get(destination, id)?.['n']),
    runsOf: (model: string) => Number(runsOf.get(model)?.['n']),
    /** When the last prediction of a deployment ended or is to end. */
    lastUseMs: (deployment: string) => Number(lastUse.get(deployment)?.['at'] ?? 0),
    ofVersion: (version: string) => ofVersion.all(version).map((row) => row['id'] as string),
    isTrainedFrom: (version: string) => trainsFrom.get(version) !== undefined,
    /** As if it had never been; what it cost stays on the bill. */
    forget(id: string): void {
      keepSpent.run(id)
      forget.run(id)
    },
    list(filter: PredictionFilter): PredictionRow[] {
      const conditions = [filter.kind === 'training' ? 'destination is not null' : 'destination is null']
      const values: SQLInputValue[] = []
      const add = (condition: string, value: number | undefined) => {
        if (value === undefined) return
        conditions.push(condition)
        values.push(value)
      }
      add('seq < ?', filter.before)
      add('seq > ?', filter.after)
      add('created_ms >= ?', filter.createdAfterMs)
      add('created_ms < ?', filter.createdBeforeMs)
      const where = conditions.join(' and ')
      const order = filter.after === undefined ? 'desc' : 'asc'
      const rows = database
        .prepare(`select * from predictions where ${where} order by seq ${order} limit ?`)
        .all(...values, filter.limit) as unknown as PredictionRow[]
      return filter.after === undefined ? rows : rows.reverse()
    },
    bill(): Bill {
      const bill: Bill = { predictions: 0, trainings: 0, usd: 0, models: {} }
      for (const row of sums.all()) {
        const predictions = Number(row['predictions'])
        const usd = roundUsd(Number(row['usd']))
        bill.models[String(row['model'])] = { predictions, usd }
        bill.predictions += predictions
        bill.trainings += Number(row['trainings'])
        bill.usd = roundUsd(bill.usd + usd)
      }
      return bill
    },
  }
}
export type PredictionRows = ReturnType<typeof openPredictionRows>

/** To a billionth of a dollar: sums of floats show no tails. */
export function roundUsd(usd: number): number {
  return Math.round(usd * 1e9) / 1e9
}
