/** Removes runs that are no longer wanted, and everything that only they needed. */
import { z } from 'zod'
import { UsageError } from '../../../domain/errors.ts'
import { runStatuses } from '../../../domain/run.ts'
import { defined } from '../../../std/defined.ts'
import { isDriven } from '../../../workflow/running/hold.ts'
import { defineAction } from '../../action.ts'
import { type Choice, chooseRuns } from '../../gc/choose-runs.ts'
import { removeRuns } from '../../gc/remove-runs.ts'
import { type Holding, surveyStore } from '../../gc/survey-store.ts'

const goneShape = z.object({
  run_id: z.string(),
  workflow: z.string(),
  status: z.enum(runStatuses),
  /** Its last event. */
  updated_at: z.iso.datetime(),
  nested: z.number().describe('runs nested in it, which go with it'),
  bytes: z.number().describe('of its journals, and of the files that nothing else needs'),
})

export const gcRuns = defineAction({
  noun: 'runs',
  verb: 'gc',
  summary: 'remove old runs, their files and what else nothing needs any more',
  input: z.object({
    older_than_ms: z.number().nonnegative().optional().describe('only runs without an event for so long'),
    max_bytes: z.number().nonnegative().optional().describe('the oldest first, until journals and files take no more'),
    keep: z.number().int().nonnegative().optional().describe('leave so many of the newest'),
    statuses: z.array(z.enum(runStatuses)).nonempty().optional().describe('default: runs that are over'),
    workflow: z.string().optional(),
    runs: z.array(z.string()).optional().describe('only these, by their whole ids'),
    dry_run: z.boolean().default(false),
  }),
  output: z.object({
    dry_run: z.boolean(),
    removed: z.array(goneShape),
    /** They would have gone, but somebody drives them, or went on with them in the meantime. */
    held: z.array(z.string()),
    files: z.object({
      removed: z.number(),
      bytes: z.number(),
      left: z.number().describe('nothing names them yet, but a process that is at work may be about to'),
    }),
    cached: z.number().describe('expired results of calls that were removed'),
    freed_bytes: z.number().describe('journals and files'),
    store_bytes: z.object({ before: z.number(), after: z.number() }).optional().describe('of the database'),
  }),
  async run(app, { dry_run, ...given }) {
    const criteria = defined(given)
    if (Object.keys(criteria).length === 0) {
      throw new UsageError('say which runs may go: without that, gc removes nothing', {
        hint: 'by age (--older-than 30d), number (--keep 100), size (--max-bytes 5GB), --status or --workflow; --dry-run only shows them',
      })
    }
    const parts = await app.engine('real')
    const { store, artifacts, clock } = parts
    const survey = await surveyStore(store, artifacts, clock.now())
    const driven = new Set<string>()
    for (const { seqs } of survey.holdings)
      for (const runId of seqs.keys()) if (isDriven(parts, await store.getLease(runId))) driven.add(runId)
    const isHeld = ({ seqs }: Holding): boolean => [...seqs.keys()].some((runId) => driven.has(runId))
    const { chosen, held } = chooseRuns(survey, criteria, clock.now(), isHeld)
    const heldIds = held.map(({ root }) => root.run_id)
    if (dry_run) {
      const journals = sum(chosen.map(({ holding }) => holding.bytes))
      const freed = sum(chosen.map(({ bytes }) => bytes))
      const files = { removed: countFiles(chosen, survey.holdings, survey.besides), bytes: freed - journals, left: 0 }
      return { dry_run, removed: chosen.map(gone), held: heldIds, files, cached: 0, freed_bytes: freed }
    }
    const {
      removed,
      changed,
      files,
      cached,
      store: size,
    } = await removeRuns({ ...parts, cells: (sandbox) => app.cells(sandbox ? 'sandbox' : 'real') }, survey, chosen)
    return {
      dry_run,
      removed: removed.map(gone),
      held: [...heldIds, ...changed.map(({ root }) => root.run_id)],
      files: { removed: files.files, bytes: files.bytes, left: files.left },
      cached,
      freed_bytes: sum(removed.map(({ holding }) => holding.bytes)) + files.bytes,
      store_bytes: size,
    }
  },
})

function gone({ holding: { root, seqs }, bytes }: Choice): z.input<typeof goneShape> {
  const { run_id, workflow, status, updated_at } = root
  return {
    ...{ run_id, workflow, status, bytes, nested: seqs.size - 1 },
    updated_at: new Date(updated_at).toISOString(),
  }
}

/** Files that only the chosen runs name. */
function countFiles(chosen: readonly Choice[], all: readonly Holding[], besides: ReadonlySet<string>): number {
  const going = new Set(chosen.map(({ holding }) => holding))
  const stay = new Set(all.filter((holding) => !going.has(holding)).flatMap(({ files }) => [...files]))
  const files = new Set([...going].flatMap((holding) => [...holding.files]))
  return [...files].filter((hash) => !stay.has(hash) && !besides.has(hash)).length
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
