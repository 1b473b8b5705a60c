/** `limits show`: what one agent, model or provider is held to, and who has places. */
import { showLimits } from '../../../../app/actions/limits/show.ts'
import { configOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { flag, required } from '../../option.ts'
import { apart, bulkheadLines, limitLines, placeLines } from '../../output/limit-lines.ts'

export const show = defineCommand({
  description:
    'Shows what an agent, a model or Replicate is held to, how much of it is left, and which processes have calls under way.',
  args: { name: required('an agent, owner/name, or replicate') },
  options: {
    ...configOptions,
    sandbox: flag('--sandbox', 'of calls in the sandbox'),
    json: flag('--json', 'print {name, limits, bulkheads}'),
  },
  examples: [
    { command: 'replicate-agent limits show replicate', what: 'creates and other requests' },
    { command: 'replicate-agent limits show writer', what: 'of an agent' },
  ],
  async run(context, given) {
    const app = await context.app(given)
    const found = await context.call(app, showLimits, { name: given.name })
    if (context.json) return context.printJson(found)
    const tables = [limitLines(found.limits, context), bulkheadLines(found.bulkheads, context)]
    for (const line of apart([...tables, placeLines(found.bulkheads, context)])) context.print(line)
    return undefined
  },
})
