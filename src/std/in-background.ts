/** Work that may as well be done later: the wait for it keeps no process alive. */

/** Calls `work` after `ms`; the function given back calls it off. */
export type InBackground = (ms: number, work: () => void) => () => void

export const inBackground: InBackground = (ms, work) => {
  const timer = setTimeout(work, ms)
  timer.unref()
  return () => clearTimeout(timer)
}
