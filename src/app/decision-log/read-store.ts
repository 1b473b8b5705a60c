/** Reads the decisions of all runs of a store. */
import type { StoreError } from '../../domain/errors.ts'
import type { RunRecord, Store } from '../../state/store/contract.ts'
import { eventPages, isDamage, type JournalsWanted, runsBetween } from '../journals.ts'
import { RunDecisions } from './decisions-of.ts'
import type { LogEntry } from './entry.ts'

export interface ReadDecisions extends JournalsWanted {
  /** Only of this agent. */
  agent: string | undefined
  /** The journal of a run is damaged: its decisions are not in the result. */
  unreadable(run: RunRecord, error: StoreError): void
  /** A decision of another agent than the wanted one was left out. */
  other(agent: string): void
  /** A decision of which it is not known what came of it. */
  unsettled(): void
}

/** Runs with the latest first; of each, its decisions in order. */
export async function* readDecisions(store: Store, options: ReadDecisions): AsyncGenerator<LogEntry> {
  for await (const run of runsBetween(store, options)) yield* wantedOf(store, run, options)
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
    for await (const events of eventPages(store, run.run_id)) for (const event of events) decisions.take(event)
    return decisions
  } catch (error) {
    if (!isDamage(error)) throw error
    unreadable(run, error)
    return undefined
  }
}
