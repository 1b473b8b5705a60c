/** Runs something again each time that a file changes which it is made of; an outdated run is cancelled. Ctrl-C ends it. */
import { basename } from 'node:path'
import type { RunHandle } from '../../app/action.ts'
import { CancelledError } from '../../domain/errors.ts'
import { untilAborted } from '../../std/abort.ts'
import type { CommandContext } from './context.ts'
import { count } from './output/quantity.ts'
import { type StopSignal, stopCodes } from './surroundings.ts'
import { watchFiles } from './watch-files.ts'

export interface WatchedRun {
  /** What it is made of as it stands now, absolute paths. Throws when there is nothing to watch. */
  files(): Promise<readonly string[]>
  /** Runs it once; `driving` is told of the run. */
  run(driving: (run: RunHandle) => void): Promise<unknown>
}

type WatchContext = Pick<CommandContext, 'clock' | 'errorStyle' | 'note' | 'onStop' | 'report' | 'user'>

/** Gives the exit code of the signal that ended it. */
export async function watchRuns(context: WatchContext, watched: WatchedRun): Promise<number> {
  const over = new AbortController()
  let signal: StopSignal | undefined
  const stop = context.onStop((arrived) => {
    signal ??= arrived
    over.abort(new CancelledError('no longer watched', { code: 'interrupted' }))
  })
  const { dim } = context.errorStyle
  try {
    const watch = watchFiles({ clock: context.clock, signal: over.signal })
    for (;;) {
      const files = await watched.files()
      watch.set(files)
      const changed = watch.changed()
      await runUntil(changed, context, watched)
      if (signal !== undefined) return stopCodes[signal]
      context.note()
      context.note(dim(`watching ${count(files.length, 'file')}; Ctrl-C ends it`))
      const names = (await untilAborted(changed, over.signal)).map((path) => basename(path))
      context.note(dim(`${names.join(', ')} changed: running again`))
    }
  } catch (error) {
    if (signal === undefined) throw error
    return stopCodes[signal]
  } finally {
    stop()
    over.abort(new CancelledError('the watch is over'))
  }
}

/** Runs once. What it throws is shown: the next change may repair it. */
async function runUntil(changed: Promise<unknown>, context: WatchContext, watched: WatchedRun): Promise<void> {
  let state: 'current' | 'outdated' | 'over' = 'current'
  let run: RunHandle | undefined
  const outdate = () => {
    if (state !== 'current') return
    state = 'outdated'
    run?.cancel(context.user)
  }
  // A watch that ends says so to who waits for it next.
  changed.then(outdate, () => {})
  try {
    await watched.run((handle) => {
      run = handle
      if (state === 'outdated') handle.cancel(context.user)
    })
  } catch (error) {
    context.report(error)
  } finally {
    state = 'over'
  }
}
