/** Run ids as people type them: whole, a unique prefix, or `last` (ruling 33). */
import { UsageError } from '../domain/errors.ts'
import type { RunRecord, Store } from '../state/store/contract.ts'

/** Throws `unknown_run`, or a usage error that lists the candidates of an ambiguous prefix. */
export async function findRun(store: Store, written: string): Promise<RunRecord> {
  if (written === 'last') return lastRun(store)
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

async function lastRun(store: Store): Promise<RunRecord> {
  const [last] = await store.listRuns({ limit: 1 })
  if (last) return last
  throw new UsageError('there is no run yet', {
    code: 'unknown_run',
    hint: '`replicate-agent init` writes a first workflow',
  })
}
