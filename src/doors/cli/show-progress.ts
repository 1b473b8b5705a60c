/** One line on a terminal that says how far something is which takes more than a second. */
import type { CommandContext } from './context.ts'

export interface ShownProgress {
  to(this: void, done: number, whole: number): void
  /** Takes the line away. */
  end(): void
}

const patienceMs = 1_000
const betweenMs = 100

export function showProgress(
  { stderr, clock, errorStyle }: Pick<CommandContext, 'stderr' | 'clock' | 'errorStyle'>,
  what: string,
): ShownProgress {
  let next = clock.monotonic() + patienceMs
  let isShown = false
  return {
    to(done, whole) {
      if (stderr.isTTY !== true || clock.monotonic() < next) return
      next = clock.monotonic() + betweenMs
      isShown = true
      stderr.write(`\r\x1B[K${errorStyle.dim(`${done} of ${whole} ${what}`)}`)
    },
    end() {
      if (isShown) stderr.write('\r\x1B[K')
      isShown = false
    },
  }
}
