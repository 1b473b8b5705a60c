/** `limits list`: what holds calls back, and how much of it is left. */
import { listLimits } from '../../../../app/actions/limits/list.ts'
import { configOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { flag } from '../../option.ts'
import { apart, bulkheadLines, limitLines } from '../../output/limit-lines.ts'

export const list = defineCommand({
  description:
    'Lists the limits of agents, models and Replicate: how many calls, tokens, dollars and other requests may go in a minute, how many of them at once, how many could go now, and what is waited for. Processes with the same state folder share them.',
  args: {},
  options: {
    ...configOptions,
    sandbox: flag('--sandbox', 'those of calls in the sandbox'),
    json: flag('--json', 'print {limits, bulkheads}'),
  },
  examples: [{ command: 'replicate-agent limits list', what: 'all of them' }],
  async run(context, given) {
    const app = await context.app(given)
    const found = await context.call(app, listLimits, {})
    if (context.json) return context.printJson(found)
    const lines = apart([limitLines(found.limits, context), bulkheadLines(found.bulkheads, context)])
    if (lines.length === 0) context.note(`nothing holds calls back${given.sandbox ? ' in the sandbox' : ''}`)
    for (const line of lines) context.print(line)
    return undefined
  },
})
