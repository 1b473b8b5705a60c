/** Writes what was decided, and what came of it, as a log that other strategies can be judged by. */
import { resolve } from 'node:path'
import { z } from 'zod'
import { suggest } from '../../../std/suggest.ts'
import { defineAction } from '../../action.ts'
import { type LogEntry, logEntryShape } from '../../decision-log/entry.ts'
import { readDecisions } from '../../decision-log/read-store.ts'
import { writeLog } from '../../decision-log/write-log.ts'
import { momentOf } from '../../moment-of.ts'

export const logDecisions = defineAction({
  noun: 'router',
  verb: 'log',
  summary: 'write decisions and what came of them as a log, one JSON object a line',
  input: z.object({
    since: z.string().default('30d').describe('an age such as 7d or 12h, or a date such as 2026-11-01'),
    agent: z.string().optional().describe('only decisions of this agent'),
    sandbox: z.boolean().default(false).describe('of runs in the sandbox, in place of real ones'),
    file: z.string().optional().describe('where to; absent: the decisions are in the result'),
  }),
  output: z.object({
    since: z.iso.datetime(),
    until: z.iso.datetime(),
    decisions: z.number(),
    /** Calls that were not settled: what came of them is not known, and they are left out. */
    unsettled: z.number(),
    unreadable_runs: z.array(z.string()),
    file: z.string().optional(),
    entries: z.array(logEntryShape).optional(),
  }),
  async run(app, { since: written, agent, sandbox, file }, context) {
    const until = app.clock.now()
    const since = momentOf(written, until)
    const unreadable_runs: string[] = []
    const others = new Set<string>()
    let unsettled = 0
    const found = readDecisions(await app.store(), {
      ...{ since, until, agent, sandbox, signal: context.signal },
      unsettled: () => void (unsettled += 1),
      other: (name) => void others.add(name),
      unreadable({ run_id }, error) {
        unreadable_runs.push(run_id)
        context.warn(`what run ${run_id} decided is left out: ${error.message}`)
      },
    })
    const path = file === undefined ? undefined : resolve(app.cwd, file)
    const entries: LogEntry[] = []
    let decisions = 0
    async function* counted(): AsyncGenerator<LogEntry> {
      for await (const entry of found) {
        decisions += 1
        yield entry
      }
    }
    if (path === undefined) for await (const entry of counted()) entries.push(entry)
    else await writeLog(path, counted())
    if (agent !== undefined && decisions + unsettled === 0 && others.size > 0) {
      const near = suggest(agent, others)
      const there = `there are some of ${[...others].map((name) => `"${name}"`).join(', ')}`
      context.warn(`no decision is of an agent "${agent}": ${near === undefined ? there : `did you mean "${near}"?`}`)
    }
    return {
      since: new Date(since).toISOString(),
      until: new Date(until).toISOString(),
      ...{ decisions, unsettled, unreadable_runs },
      ...(path === undefined ? { entries } : { file: path }),
    }
  },
})
