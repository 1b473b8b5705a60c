/** `router log`: what was decided, and what came of it, one JSON object a line. */
import { logDecisions } from '../../../../app/actions/router/log.ts'
import { defined } from '../../../../std/defined.ts'
import { appOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { flag, text } from '../../option.ts'
import { shortPath } from '../../output/problem.ts'
import { count } from '../../output/quantity.ts'

export const log = defineCommand({
  description:
    'Writes the decisions in the store as a log: what was chosen among what, how probable each candidate was, and what came of it, feedback included. `router replay` judges other strategies by it. With --sandbox: the decisions of runs in the sandbox.',
  args: {},
  options: {
    since: text('--since <when>', 'an age such as 7d or 12h, or a date such as 2026-11-01 (default: 30d)'),
    agent: text('--agent <name>', 'only decisions of this agent'),
    output: text('-o, --output <file>', 'where to (default: stdout)'),
    json: flag('--json', 'print {since, until, decisions, unsettled, unreadable_runs, file or entries}'),
    ...appOptions,
  },
  examples: [
    { command: 'replicate-agent router log --since 7d -o decisions.jsonl', what: 'of the last week, into a file' },
    { command: 'replicate-agent router log --agent writer', what: 'of one agent' },
  ],
  async run(context, given) {
    const app = await context.app(given)
    const { since, agent, sandbox, output: file } = given
    const written = await context.call(app, logDecisions, { sandbox, ...defined({ since, agent, file }) })
    if (context.json) return context.printJson(written)
    for (const entry of written.entries ?? []) context.print(JSON.stringify(entry))
    const left = written.unsettled === 0 ? '' : `; ${count(written.unsettled, 'call')} not settled, and left out`
    if (written.file === undefined) context.note(`${count(written.decisions, 'decision')}${left}`)
    else context.print(`${shortPath(written.file, context.cwd)}: ${count(written.decisions, 'decision')}${left}`)
    return undefined
  },
})
