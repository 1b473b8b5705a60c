/** Starts a local server that speaks Replicate's HTTP API: no token, no cost, the same answers every time. */
import { randomBytes } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { type Clock, systemClock } from '../std/clock.ts'
import { type Random, systemRandom } from '../std/random.ts'
import { createCatalogue } from './catalogue/catalogue.ts'
import { models } from './catalogue/models.ts'
import type { SandboxContext } from './context.ts'
import { deploymentsAtStart } from './deployments-at-start.ts'
import { createInjector } from './faults/injector.ts'
import type { FaultInput } from './faults/rules.ts'
import { faultRules } from './faults/scenario.ts'
import { routes } from './http/routes.ts'
import { createSandboxServer, listen } from './http/server.ts'
import { showPrediction } from './http/show-prediction.ts'
import { parseLatency } from './latency.ts'
import { createChanges } from './predictions/changes.ts'
import { createDueQueue } from './predictions/due-queue.ts'
import { PredictionEngine } from './predictions/engine.ts'
import { createBatchWriter } from './store/batch-writer.ts'
import { openContent } from './store/content.ts'
import { openDeploymentRows } from './store/deployment-rows.ts'
import { openFileRows } from './store/file-rows.ts'
import { openModelRows } from './store/model-rows.ts'
import { openDatabase } from './store/open-database.ts'
import { type Bill, openPredictionRows } from './store/prediction-rows.ts'
import { openRequestLog } from './store/request-log.ts'
import { openWebhookRows } from './store/webhook-rows.ts'
import { openHolder } from './webhooks/holders.ts'
import { createWebhooks } from './webhooks/webhooks.ts'

export interface SandboxOptions {
  /** Default 127.0.0.1. */
  host?: string
  /** Default 0: a free one. */
  port?: number
  /** Where predictions, files and the bill are kept durably; without it, in memory. Several processes may share it. */
  dataDir?: string
  /** Default 1. Answers and faults are a function of it and the requests. */
  seed?: number
  /** `0`, `250`, `uniform:100,500`, `lognormal:300,0.5`; default: a few hundred ms, by kind of model. */
  latency?: string
  /** What goes wrong: rules such as `'owner/name:0.3'`, or fields (docs/sandbox.md lists them). The first that strikes decides. */
  faults?: readonly FaultInput[]
  /** Gets a JSON line for every prediction that it was asked for. */
  logFile?: string
  /** How long data of ended predictions is kept. Default an hour, as on Replicate. */
  dataLifetimeMs?: number
  /** Deliver webhooks to any host; by default only to this machine. */
  webhooksAnywhere?: boolean
  /** Is told what people would not expect, such as a webhook that is not sent. */
  notice?: (text: string) => void
  clock?: Clock
  random?: Random
}

export interface Sandbox {
  /** Ends in `/v1`. */
  url: string
  port: number
  /** What was charged so far; what still runs counts as estimated. */
  bill(): Bill
  /** Removes the data of ended predictions now (of one, given its id), as Replicate does after an hour. */
  expire(id?: string): Promise<number>
  close(): Promise<void>
}

/** Throws UsageError for options that can't be read, StoreError for a folder, and the socket's error for a taken port. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const clock = options.clock ?? systemClock
  const seed = options.seed ?? 1
  const host = options.host ?? '127.0.0.1'
  const latency = options.latency === undefined ? undefined : parseLatency(options.latency)
  const injector = createInjector(faultRules(options.faults ?? []), { seed, clock })
  const closing = new AbortController()
  const database = openDatabase(options.dataDir)
  const holder = openHolder()
  try {
    const log = openRequestLog(database, options.logFile)
    const writer = createBatchWriter(database, {
      clock,
      random: options.random ?? systemRandom,
      committed: log.committed,
    })
    const secret = await readSecret(database, writer.write)
    const ownModels = openModelRows(database)
    const catalogue = createCatalogue(models, ownModels)
    const deployments = openDeploymentRows(database)
    await fillOnce(database, writer.write, () => {
      for (const deployment of deploymentsAtStart(catalogue)) deployments.insert(deployment)
    })
    const webhookRows = openWebhookRows(database, holder.name)
    const changes = createChanges(clock)
    const parts = {
      clock,
      seed,
      secret,
      catalogue,
      injector,
      latency,
      writer,
      predictions: openPredictionRows(database),
      files: openFileRows(database),
      content: openContent(options.dataDir),
      changes,
      ownModels,
      deployments,
    }
    const engine = new PredictionEngine({
      ...parts,
      log,
      webhooks: webhookRows,
      dataLifetimeMs: options.dataLifetimeMs ?? 3_600_000,
      dueQueue: (due) => createDueQueue(clock, due),
      modelOfVersion: catalogue.modelOfVersion,
    })
    let origin = ''
    const webhooks = createWebhooks({
      clock,
      secret,
      rows: webhookRows,
      writer,
      changes,
      anywhere: options.webhooksAnywhere ?? false,
      notice: options.notice ?? (() => {}),
      get: (id) => engine.get(id),
      show: (row, shown) => showPrediction(context, row, shown),
    })
    const context: SandboxContext = { ...parts, engine, webhooks, origin: () => origin }
    const server = createSandboxServer(context, routes, closing.signal)
    const port = await listen(server, host, options.port ?? 0)
    origin = `http://${nameForLinks(host)}:${port}`
    await webhooks.takeUp()
    const sweeping = sweep(engine, clock, closing.signal)
    return {
      url: `${origin}/v1`,
      port,
      bill: () => parts.predictions.bill(),
      expire: (id) => engine.removeData(id, true),
      async close() {
        closing.abort()
        server.close()
        server.closeAllConnections()
        await sweeping
        await webhooks.close()
        await engine.close()
        await writer.close()
        log.close()
        holder.close()
        database.close()
      },
    }
  } catch (error) {
    holder.close()
    database.close()
    throw error
  }
}

/** Deletes what has expired, now and every ten minutes; views hide it to the second. */
async function sweep(engine: PredictionEngine, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    // on a full disk the next round, or the next start, does it
    await engine.removeData().catch(() => {})
    await clock.sleep(600_000, signal).catch(() => {})
  }
}

/** What a new data folder begins with; once, so that what is deleted stays deleted. */
async function fillOnce(
  database: DatabaseSync,
  write: <T>(job: () => T) => Promise<T>,
  fill: () => void,
): Promise<void> {
  await write(() => {
    const { changes } = database.prepare("insert into meta values ('filled', '1') on conflict (name) do nothing").run()
    if (Number(changes) === 1) fill()
  })
}

/** Made once for a data folder, so that links stay the same across restarts. */
async function readSecret(database: DatabaseSync, write: <T>(job: () => T) => Promise<T>): Promise<string> {
  const stored = () => database.prepare("select value from meta where name = 'secret'").get()?.['value']
  if (stored() === undefined) {
    const made = `whsec_${randomBytes(32).toString('base64')}`
    await write(() => {
      database.prepare("insert into meta values ('secret', ?) on conflict (name) do nothing").run(made)
    })
  }
  return String(stored())
}

function nameForLinks(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}
