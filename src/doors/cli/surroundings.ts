/** What the program sees of its process: streams, environment, folder, signals. Passed in, so that tests run it in-process. */
import type { Clock } from '../../std/clock.ts'

export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'EPIPE'

/** The part of a writable stream that the program uses. */
export interface TextStream {
  write(text: string): unknown
  isTTY?: boolean | undefined
  columns?: number | undefined
}

export interface Surroundings {
  stdin: AsyncIterable<Uint8Array | string>
  stdout: TextStream
  stderr: TextStream
  env: Readonly<Record<string, string | undefined>>
  cwd: string
  clock: Clock
  /** Calls the listener for every signal, and when a reader of the output has gone, until the returned function is called. */
  onStop(listener: (signal: StopSignal) => void): () => void
}

/** Exit codes of a process that a signal ended: 128 and its number, as shells count. */
export const stopCodes: Record<StopSignal, number> = { SIGHUP: 129, SIGINT: 130, EPIPE: 141, SIGTERM: 143 }
