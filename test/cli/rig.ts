/** Runs the command line in-process, with streams, environment, folder and signals of its own. */
import { EventEmitter } from 'node:events'
import { mkdtemp, rm, writeFile, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { runCli } from '../../src/doors/cli/run-cli.ts'
import type { StopSignal, TextStream } from '../../src/doors/cli/surroundings.ts'
import { type Clock, systemClock } from '../../src/std/clock.ts'
import type { Json, JsonObject } from '../../src/std/json.ts'

export interface CliEnd {
  code: number
  stdout: string
  stderr: string
  /** Of stdout. */
  json(): JsonObject
  lines(): JsonObject[]
}

export interface RunOptions {
  stdin?: string
  env?: Record<string, string>
  tty?: boolean
  clock?: Clock
  /** Called with what was printed so far, on every write; may send signals. */
  watch?(printed: string, send: (signal: StopSignal) => void): void
}

export interface CliRig {
  /** The project folder, with a state folder beside it that is not there yet. */
  cwd: string
  home: string
  write(file: string, text: string): Promise<string>
  run(command: string | readonly string[], options?: RunOptions): Promise<CliEnd>
  close(): Promise<void>
}

export async function openCli(env: Record<string, string> = {}): Promise<CliRig> {
  const folder = await mkdtemp(join(tmpdir(), 'cli-'))
  const cwd = join(folder, 'project')
  const home = join(folder, 'state')
  await mkdir(cwd)
  return {
    cwd,
    home,
    async write(file, text) {
      const path = join(cwd, file)
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, text)
      return path
    },
    async run(command, options = {}) {
      let stdout = ''
      let stderr = ''
      const listeners = new Set<(signal: StopSignal) => void>()
      const send = (signal: StopSignal) => {
        for (const listener of listeners) listener(signal)
      }
      const said = () => options.watch?.(stdout + stderr, send)
      const isTTY = options.tty ?? false
      const code = await runCli(typeof command === 'string' ? words(command) : command, {
        stdin: textStream(options.stdin ?? ''),
        stdout: {
          isTTY,
          columns: 100,
          write(text) {
            stdout += text
            said()
          },
        },
        stderr: drawable({
          isTTY,
          columns: 100,
          write(text) {
            stderr += text
            said()
          },
        }),
        env: { REPLICATE_AGENT_HOME: home, XDG_CONFIG_HOME: join(folder, 'config'), ...env, ...options.env },
        cwd,
        clock: options.clock ?? systemClock,
        onStop(listener) {
          listeners.add(listener)
          return () => listeners.delete(listener)
        },
      })
      return {
        code,
        stdout,
        stderr,
        json: () => JSON.parse(stdout) as JsonObject,
        lines: () =>
          stdout
            .trimEnd()
            .split('\n')
            .map((line) => JSON.parse(line) as Json as JsonObject),
      }
    },
    async close() {
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A terminal that a live tree can be drawn on: it says what was written, and when it is resized, which it never is. */
function drawable({ write, ...stream }: TextStream): TextStream {
  return Object.assign(new EventEmitter(), stream, {
    write(text: string, written?: () => void) {
      write(text)
      written?.()
    },
  })
}

/** Splits at spaces, but not within single or double quotes. */
function words(command: string): string[] {
  return [...command.matchAll(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g)].map(([word]) =>
    word.replaceAll(/'([^']*)'|"([^"]*)"/g, '$1$2'),
  )
}

async function* textStream(text: string): AsyncIterable<string> {
  if (text !== '') yield text
}
