/** Reads the decisions of all runs of a store, a page of runs and a page of events at a time. */
import { StoreError } from '../../domain/errors.ts'
import type { RunRecord, Store } from '../../state/store/contract.ts'
import { RunDecisions } from './decisions-of.ts'
import type { LogEntry } from './entry.ts'

export interface ReadDecisions {
  /** Epoch milliseconds: the first moment that counts, and the first that counts no more. */
  since: number
  until: number
  /** Only of this agent. */
  agent: string | undefined
  /** Of runs in the sandbox, or of real ones. Replays decide nothing, and are left out. */
  sandbox: boolean
  signal: AbortSignal
  /** The journal of a run is damaged: its decisions are not in the result. */
  unreadable(run: RunRecord, error: StoreError): void
  /** A decision of another agent than the wanted one was left out. */
  other(agent: string): void
  /** A decision of which it is not known what came of it. */
  unsettled(): void
}

const runsPerPage = 500
const eventsPerPage = 2_000

/** Runs with the latest first; of each, its decisions in order. */
export async function* readDecisions(store: Store, options: ReadDecisions): AsyncGenerator<LogEntry> {
  const { since, until, sandbox, signal } = options
  let after: RunRecord | undefined
  for (;;) {
    const page = await store.listRuns({
      ...{ nested: true, sandbox, touched_since: since, limit: runsPerPage },
      ...(after && { after }),
    })
    for (const run of page) {
      signal.throwIfAborted()
      if (run.created_at < until) yield* wantedOf(store, run, options)
    }
    after = page.at(-1)
    if (page.length < runsPerPage) return
  }
}

async function* wantedOf(store: Store, run: RunRecord, options: ReadDecisions): AsyncGenerator<LogEntry> {
  const { since, until, agent: wanted } = options
  const decisions = await decisionsOf(store, run, options)
  for (const { agent, time, entry } of decisions?.entries() ?? []) {
    if (time < since || time >= until) continue
    if (wanted !== undefined && agent !== wanted) options.other(agent)
    else if (entry) yield entry
    else options.unsettled()
  }
}

async function decisionsOf(
  store: Store,
  run: RunRecord,
  { unreadable }: ReadDecisions,
): Promise<RunDecisions | undefined> {
  const decisions = new RunDecisions()
  try {
    for (let seq = 0; ;) {
      const events = await store.readEvents(run.run_id, seq, eventsPerPage)
      for (const event of events) {
        if (event.type === 'run.created' && event.replay !== undefined) return undefined
        decisions.take(event)
      }
      if (events.length < eventsPerPage) return decisions
      seq = events.at(-1)?.seq ?? seq
    }
  } catch (error) {
    if (!(error instanceof StoreError && error.code === 'store_corrupt')) throw error
    unreadable(run, error)
    return undefined
  }
}
