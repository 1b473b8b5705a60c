/** Runs tests again when a file changes that they depend on: only those tests. Ctrl-C ends it. */
import { basename } from 'node:path'
import type { App } from '../../app/app.ts'
import { CancelledError } from '../../domain/errors.ts'
import { untilAborted } from '../../std/abort.ts'
import type { CommandContext } from './context.ts'
import { count } from './output/quantity.ts'
import { type StopSignal, stopCodes } from './surroundings.ts'
import { watchFiles } from './watch-files.ts'

/** A test file and what it depends on, absolute paths. */
interface Watched {
  file: string
  reads: readonly string[]
}

export interface WatchedTests {
  /** As typed: files, workflows, folders. */
  written: readonly string[]
  /** Runs these test files. */
  run(files: readonly string[], signal: AbortSignal): Promise<unknown>
}

/** Gives the exit code of the signal that ended it. */
export async function watchTests(context: CommandContext, app: App, tests: WatchedTests): Promise<number> {
  const over = new AbortController()
  let stopped: StopSignal | undefined
  const unsubscribe = context.onStop((signal) => {
    stopped ??= signal
    over.abort(new CancelledError('no longer watched', { code: 'interrupted' }))
  })
  const { dim } = context.errorStyle
  const { watchedTests } = await import('../../app/workflow-tests/watched.ts')
  try {
    const watch = watchFiles({ clock: context.clock, signal: over.signal })
    let known = new Map<string, Watched>()
    let changed: readonly string[] = []
    for (;;) {
      const { tests: now, folders } = await watchedTests(app, tests.written)
      const affected = affectedBy(changed, now, known)
      known = new Map(now.map((one) => [one.file, one]))
      const paths = new Set([...folders, ...now.flatMap(({ reads }) => reads)])
      watch.set(paths)
      const next = watch.changed()
      next.catch(() => {})
      if (affected.length > 0) {
        const names = changed.filter((path) => !folders.includes(path)).map((path) => basename(path))
        if (names.length > 0) context.note(dim(`${names.join(', ')} changed`))
        await tests.run(affected, over.signal).catch((error: unknown) => {
          // What is wrong now may be repaired by the next change.
          if (stopped === undefined) context.report(error)
        })
      }
      if (affected.length > 0 || known.size === 0)
        context.note(dim(`\nwatching ${count(known.size, 'test file')}; Ctrl-C ends it\n`))
      changed = await untilAborted(next, over.signal)
    }
  } catch (error) {
    if (stopped === undefined) throw error
    return stopCodes[stopped]
  } finally {
    unsubscribe()
    over.abort(new CancelledError('the watch is over'))
  }
}

/** At first all; then those that read a changed file, now or before, and those that are new. */
function affectedBy(
  changed: readonly string[],
  now: readonly Watched[],
  before: ReadonlyMap<string, Watched>,
): string[] {
  return now.flatMap(({ file, reads }) => {
    const known = before.get(file)
    const isAffected = !known || changed.some((path) => reads.includes(path) || known.reads.includes(path))
    return isAffected ? [file] : []
  })
}
