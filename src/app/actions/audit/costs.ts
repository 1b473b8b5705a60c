/** What calls cost, by the audit log. */
import { z } from 'zod'
import { type AuditSpending, spendingOf } from '../../audit/spending-of.ts'
import { filterFields, openCallLog } from '../../audit/filter.ts'
import { defineAction } from '../../action.ts'
import { costRowShape, CostTable, costTotalShape } from '../../costs/cost-table.ts'

export const auditCostParts = ['model', 'agent', 'workflow', 'run', 'user', 'day'] as const

export const auditCosts = defineAction({
  noun: 'audit',
  verb: 'costs',
  summary: 'what calls cost, by model, agent, workflow, run, user or day',
  input: z.object({ ...filterFields, by: z.enum(auditCostParts).default('model') }),
  output: z.object({
    since: z.iso.datetime(),
    until: z.iso.datetime(),
    by: z.enum(auditCostParts),
    sandbox: z.boolean(),
    rows: z.array(costRowShape),
    total: costTotalShape,
    unreadable_lines: z.array(z.string()),
  }),
  async run(app, { by, ...filter }, context) {
    const log = openCallLog(app, filter, context)
    const table = new CostTable()
    for await (const spending of spendingOf(log)) table.add(keyOf[by](spending), spending)
    return {
      since: new Date(log.since).toISOString(),
      until: new Date(log.until).toISOString(),
      ...{ by, sandbox: filter.sandbox },
      rows: table.rows(by === 'day'),
      total: table.total(),
      unreadable_lines: log.unreadable,
    }
  },
})

const keyOf: Record<(typeof auditCostParts)[number], (spending: AuditSpending) => string | null> = {
  model: ({ model }) => model,
  // A model that is called without an agent has a slash in its name.
  agent: ({ call: { agent } }) => (agent.includes('/') ? null : agent),
  workflow: ({ call }) => call.workflow,
  run: ({ call }) => call.run,
  user: ({ call: { who } }) => `${who.user}@${who.host}`,
  day: ({ time }) => new Date(time).toISOString().slice(0, 10),
}
