/** Takes answers out of the cache of results. */
import { z } from 'zod'
import { UsageError } from '../../../domain/errors.ts'
import { defined } from '../../../std/defined.ts'
import { defineAction } from '../../action.ts'
import { findRun } from '../../find-run.ts'

export const clearCache = defineAction({
  noun: 'cache',
  verb: 'clear',
  summary: 'take answers out of the cache of results: all of them, or those that fit',
  input: z.object({
    agent: z.string().optional().describe('only answers that this agent, or model as it was named, paid for'),
    model: z.string().optional().describe('owner/name for every version, or owner/name:version'),
    older_than_ms: z.number().nonnegative().optional().describe('only what was kept so long ago'),
    run: z.string().optional().describe('only what a run kept: an id, a unique prefix of one, or last'),
    step: z.string().optional().describe('with `run`: only what this step of it kept'),
    dry_run: z.boolean().default(false),
  }),
  output: z.object({
    dry_run: z.boolean(),
    cleared: z.array(z.object({ agent: z.string(), model: z.string(), entries: z.number(), bytes: z.number() })),
    entries: z.number(),
    bytes: z.number().describe('files included, which `runs gc` removes once nothing else needs them'),
  }),
  async run(app, { dry_run, older_than_ms, run, step, ...given }) {
    if (step !== undefined && run === undefined)
      throw new UsageError(`the step "${step}" is of which run?`, { hint: 'name the run as well' })
    const [store, scope, now] = [await app.store(), await app.cacheScope(app.world), app.clock.now()]
    const run_id = run === undefined ? undefined : (await findRun(store, run)).run_id
    const before = older_than_ms === undefined ? undefined : now - older_than_ms
    const cleared = await store.cacheClear(scope, defined({ ...given, before, run_id, step }), now, dry_run)
    const sum = (what: 'entries' | 'bytes') => cleared.reduce((total, share) => total + share[what], 0)
    return { dry_run, cleared, entries: sum('entries'), bytes: sum('bytes') }
  },
})
