/** What was spent: from the journals of all runs, by what the calls have in common. */
import { z } from 'zod'
import type { WorkflowDefinition } from '../../../domain/definition.ts'
import type { Store } from '../../../state/store/contract.ts'
import { defineAction } from '../../action.ts'
import { CostTable, costRowShape, costTotalShape } from '../../costs/cost-table.ts'
import { knownLately } from '../../costs/known-lately.ts'
import { momentOf } from '../../moment-of.ts'
import { readSpending, type SpendingOfRun } from '../../costs/read-spending.ts'

export const costParts = ['model', 'agent', 'workflow', 'day'] as const

export const costsOfRuns = defineAction({
  noun: 'runs',
  verb: 'costs',
  summary: 'what was spent, by model, agent, workflow or day',
  input: z.object({
    since: z.string().default('30d').describe('an age such as 7d or 12h, or a date such as 2026-11-01'),
    by: z.enum(costParts).default('model'),
    sandbox: z.boolean().default(false).describe('what runs in the sandbox would have cost, in place of real ones'),
  }),
  output: z.object({
    since: z.iso.datetime(),
    until: z.iso.datetime(),
    by: z.enum(costParts),
    sandbox: z.boolean(),
    /** That called anything, nested ones included. */
    runs: z.number(),
    /** Whose journals are damaged: what they cost is not counted. */
    unreadable_runs: z.array(z.string()),
    /** `key`: a model, agent, workflow, or day (UTC); null: a call without an agent. */
    rows: z.array(costRowShape),
    total: costTotalShape,
  }),
  async run(app, { since: written, by, sandbox }, context) {
    const until = app.clock.now()
    const since = momentOf(written, until)
    const store = await app.store()
    const keyOf = keysOf(store)[by]
    const table = new CostTable()
    const unreadable_runs: string[] = []
    let runs = 0
    let last = ''
    const entries = readSpending(store, {
      ...{ since, until, sandbox, signal: context.signal },
      unreadable({ run_id }, error) {
        unreadable_runs.push(run_id)
        context.warn(`what run ${run_id} cost is not all counted: ${error.message}`)
      },
    })
    for await (const spending of entries) {
      // Runs come one after the other.
      if (spending.run.run_id !== last) runs += 1
      last = spending.run.run_id
      table.add(await keyOf(spending), spending)
    }
    return {
      since: new Date(since).toISOString(),
      until: new Date(until).toISOString(),
      ...{ by, sandbox, runs, unreadable_runs },
      rows: table.rows(by === 'day'),
      total: table.total(),
    }
  },
})

type KeyOf = (spending: SpendingOfRun) => string | null | Promise<string | null>

const mostRemembered = 500

function keysOf(store: Store): Record<(typeof costParts)[number], KeyOf> {
  const agents = knownLately(mostRemembered, (hash) => agentsIn(store, hash))
  const workflows = knownLately(mostRemembered, (runId) => workflowOf(store, runId))
  return {
    model: ({ model }) => model ?? null,
    day: ({ time }) => new Date(time).toISOString().slice(0, 10),
    // As a run's own report counts: what is nested in it is part of it.
    workflow: ({ run }) => (run.parent_run_id === undefined ? run.workflow : workflows(run.parent_run_id)),
    agent: async ({ definition_hash, step }) => (await agents(definition_hash)).get(step) ?? null,
  }
}

/** The agents that steps call, by step. */
async function agentsIn(store: Store, hash: string): Promise<ReadonlyMap<string, string>> {
  const json = await store.getDefinition(hash)
  const agents = new Map<string, string>()
  if (json === undefined) return agents
  const { steps, finally: last } = JSON.parse(json) as WorkflowDefinition
  for (const [id, { action }] of Object.entries({ ...steps, ...last }))
    if (action.kind === 'agent') agents.set(id, action.agent)
  return agents
}

/** Of the run at the top. */
async function workflowOf(store: Store, runId: string): Promise<string | null> {
  let record = await store.getRun(runId)
  while (record?.parent_run_id !== undefined) record = (await store.getRun(record.parent_run_id)) ?? record
  return record?.workflow ?? null
}
