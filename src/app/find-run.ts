/** Run ids as people type them: whole, a unique prefix, `last`, or `last~2` for the second before it (ruling 33). */
import { UsageError } from '../domain/errors.ts'
import type { RunRecord, Store } from '../state/store/contract.ts'

/** Throws `unknown_run`, or a usage error that lists the candidates of an ambiguous prefix. */
export async function findRun(store: Store, written: string): Promise<RunRecord> {
  const back = /^last(?:~(\d{1,6}))?$/.exec(written)
  if (back) return lastRun(store, Number(back[1] ?? 0))
  const exact = await store.getRun(written)
  if (exact) return exact
  const all = written === '' ? [] : await store.findRuns(written, 50)
  // Nested runs begin with the id of the run that they are nested in.
  const found = written.includes('.') ? all : all.filter((id) => !id.includes('.'))
  const [only, ...others] = found
  if (only === undefined) {
    throw new UsageError(`there is no run "${written}"`, {
      code: 'unknown_run',
      hint: '`runs list` shows the runs of this store',
    })
  }
  if (others.length > 0) {
    const shown = found.slice(0, 5).join(', ')
    throw new UsageError(`"${written}" could be several runs`, {
      code: 'unknown_run',
      hint: `${shown}${found.length > 5 ? ', …' : ''}`,
    })
  }
  return (await store.getRun(only)) as RunRecord
}

/** The latest run, or the one that is so many before it. */
async function lastRun(store: Store, before: number): Promise<RunRecord> {
  const latest = await store.listRuns({ limit: before + 1 })
  const found = latest[before]
  if (found) return found
  if (latest.length > 0) {
    throw new UsageError(`there is no run "last~${before}": the store has ${latest.length}`, {
      code: 'unknown_run',
      hint: '`runs list` shows the runs of this store',
    })
  }
  throw new UsageError('there is no run yet', {
    code: 'unknown_run',
    hint: '`replicate-agent init` writes a first workflow',
  })
}
