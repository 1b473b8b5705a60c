/** The real process as the program sees it. */
import { writeSync } from 'node:fs'
import { systemClock } from '../../std/clock.ts'
import { exitCodeOfError } from './exit-codes.ts'
import { type StopSignal, stopCodes, type Surroundings } from './surroundings.ts'

/** Two SIGINT within this time are one: a terminal sends it to the whole group, and a launcher may send it again. */
const sameSignalMs = 250

export interface ProcessSurroundings extends Surroundings {
  /** Whether a signal arrived. */
  stopped(): boolean
  /** Whether all that was printed has reached the operating system. */
  flushed(): boolean
}

export function processSurroundings(): ProcessSurroundings {
  const listeners = new Set<(signal: StopSignal) => void>()
  const attached = new Map<StopSignal, () => void>()
  const lastAt = new Map<StopSignal, number>()

  function arrived(signal: StopSignal): void {
    const now = systemClock.monotonic()
    const before = lastAt.get(signal)
    if (before !== undefined && now - before < sameSignalMs) return
    lastAt.set(signal, now)
    for (const listener of listeners) listener(signal)
  }

  function attach(): void {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      const handler = () => arrived(signal)
      attached.set(signal, handler)
      process.on(signal, handler)
    }
  }

  function detach(): void {
    for (const [signal, handler] of attached) process.removeListener(signal, handler)
    attached.clear()
  }

  for (const [name, stream] of Object.entries({ stdout: process.stdout, stderr: process.stderr })) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') return unwritable(name, error)
      // Without work in hand there is nobody left to tell anything.
      if (listeners.size === 0) process.exit(stopCodes.EPIPE)
      arrived('EPIPE')
    })
  }

  return {
    // Opened by the few commands that read it.
    get stdin() {
      return process.stdin
    },
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    clock: systemClock,
    stopped: () => lastAt.size > 0,
    flushed: () => [process.stdout, process.stderr].every((stream) => stream.writableLength === 0 && !isBroken(stream)),
    onStop(listener) {
      if (listeners.size === 0) attach()
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
        if (listeners.size === 0) detach()
      }
    },
  }
}

/** Its `error` is still to be told. */
function isBroken({ errored }: NodeJS.WriteStream): boolean {
  return errored !== null && (errored as NodeJS.ErrnoException).code !== 'EPIPE'
}

/** Ends the process: a result that nobody can have is no success. A run in hand stays as it is, to be resumed. */
function unwritable(name: string, error: Error): void {
  try {
    // In one piece, and also where the stream itself is the one that is broken.
    writeSync(2, `error: ${name} can't be written: ${error.message}\n`)
  } catch {
    // There is no place left to say it.
  }
  process.exit(exitCodeOfError.store)
}
