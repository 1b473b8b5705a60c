/** `cost_cap`: refuses calls once a run, or this process, has spent so much, or would by their estimates. */
import { z } from 'zod'
import type { AgentContext, CallTools, Plugin } from '../plugin.ts'

const options = z.strictObject({
  max_usd: z.number({ error: 'must be a number of dollars' }).positive('must be more than 0 dollars'),
  per: z.enum(['run', 'process'], { error: 'must be run or process' }).default('run'),
  default_usd: z
    .number({ error: 'must be a number of dollars' })
    .min(0, 'must be 0 or more dollars')
    .optional()
    .describe('taken for a call whose price nobody knows; without it such a call is refused'),
})
type Options = z.output<typeof options>

/** What one run (with those nested in it) or this process has spent. */
interface Account {
  spent: number
  /** Estimates of calls on their way. */
  pending: Map<string, number>
  /** Runs whose earlier spending is counted. */
  known: Set<string>
}

type State = Map<string, Account>

/** Rounding errors of sums of prices are smaller than this. */
const dust = 1e-9
/** Runs that a long-lived process remembers. */
const mostAccounts = 10_000

export const costCap: Plugin<Options, State> = {
  name: 'cost_cap',
  description: 'refuses calls once a run (or this process) has spent so many dollars',
  options,
  hooks: {
    setup: () => new Map(),
    async agent_pre_execute(context, tools) {
      const { max_usd, per, default_usd } = tools.options
      const estimate = (await tools.estimate()) ?? default_usd
      if (estimate === undefined)
        return tools.refuse(
          `nobody knows what a call of ${context.models[0] ?? context.agent} costs, so ${money(max_usd)} can't be kept to`,
          `say it with \`prices set\`, or give the plugin a \`default_usd\``,
        )
      // From here on nothing is waited for: calls that come at the same time see each other's estimates.
      const account = accountOf(context, tools)
      for (const { run_id, cost_usd } of per === 'run' ? tools.earlier : []) {
        if (account.known.has(run_id)) continue
        if (cost_usd === null && default_usd === undefined)
          return tools.refuse('what the run has cost so far is not known', 'give the plugin a `default_usd`')
        account.known.add(run_id)
        account.spent += cost_usd ?? default_usd ?? 0
      }
      const pending = [...account.pending.values()].reduce((sum, usd) => sum + usd, 0)
      if (account.spent + pending + estimate > max_usd + dust) {
        const more = pending > dust ? `, ${money(pending)} may come of calls in flight` : ''
        const what = per === 'run' ? 'the run' : 'this process'
        return tools.refuse(
          `${what} has spent ${money(account.spent)} of ${money(max_usd)}${more}, and this call may cost ${money(estimate)}`,
          'raise `max_usd` of the plugin cost_cap, or make the call cheaper: a `timeout`, fewer tokens, another model',
        )
      }
      account.pending.set(context.call, estimate)
      return undefined
    },
    agent_post_execute(context, { spent_usd }, tools) {
      settle(context, tools, spent_usd)
    },
    agent_error(context, { spent_usd }, tools) {
      settle(context, tools, spent_usd)
    },
  },
}

function accountOf({ root_run_id }: AgentContext, { options: { per }, state }: CallTools<Options, State>): Account {
  const key = per === 'run' ? root_run_id : ''
  const account = state.get(key) ?? { spent: 0, pending: new Map(), known: new Set() }
  // The run that was used last is the last to be forgotten.
  state.delete(key)
  state.set(key, account)
  for (const [oldest, { pending }] of state) {
    if (state.size <= mostAccounts || pending.size > 0) break
    state.delete(oldest)
  }
  return account
}

/** A cost that nobody knows counts as its estimate, which is an upper bound. */
function settle(context: AgentContext, tools: CallTools<Options, State>, spent_usd: number | null): void {
  const account = accountOf(context, tools)
  const estimate = account.pending.get(context.call) ?? 0
  account.pending.delete(context.call)
  account.spent += spent_usd ?? estimate
}

function money(usd: number): string {
  return `$${usd.toFixed(usd > 0 && usd < 0.01 ? 6 : 4)}`
}
