/** How a run is taken from a process on another machine, which may be gone: waiting for its lease to end, and saying so. */
import type { TakeOptions } from '../workflow/running/hold.ts'
import type { ActionContext } from './action.ts'

export function awaitHolder({ signal, warn }: Pick<ActionContext, 'signal' | 'warn'>): TakeOptions {
  return {
    signal,
    waiting({ pid, host }, ms) {
      const seconds = Math.ceil(ms / 1_000)
      warn(`process ${pid} on ${host} was driving the run: waiting ${seconds} s to see whether it still does`)
    },
  }
}
