/** The options of verbs that look into the audit log. */
import { filterFields } from '../../app/audit/filter.ts'
import { defined } from '../../std/defined.ts'
import { appOptions, configOptions } from './app-options.ts'
import { choice, flag, type OptionValues, text } from './option.ts'

/** For all of them. */
export const auditOptions = {
  sandbox: flag('--sandbox', 'the log of calls in the sandbox'),
  ...configOptions,
  checkpointDir: appOptions.checkpointDir,
}

/** For those that take a part of it. */
export const auditFilterOptions = {
  since: text('--since <when>', 'an age such as 7d or 12h, or a date such as 2026-11-01 (default: 30d)'),
  until: text('--until <when>', 'only what was over before then'),
  agent: text('--agent <name>', 'only calls of this agent'),
  model: text('--model <owner/name>', 'only calls in which this model was called'),
  run: text('--run <id>', 'only calls of this run'),
  status: choice('--status <status>', 'only calls that ended so', filterFields.status.unwrap().options),
}

export function auditFilterOf(given: OptionValues<typeof auditFilterOptions> & { sandbox: boolean }) {
  const { since, until, agent, model, run, status, sandbox } = given
  return { sandbox, ...defined({ since, until, agent, model, run, status }) }
}
