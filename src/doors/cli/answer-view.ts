/** The answer of one call, alone on stdout: text as it comes where somebody watches, else as a whole at the end. */
import type { App } from '../../app/app.ts'
import type { RunResult } from '../../domain/run.ts'
import type { Json } from '../../std/json.ts'
import type { CommandContext } from './context.ts'
import { printable } from './output/printable.ts'
import { shortPath } from './output/problem.ts'
import { filesOf } from './output/run-summary.ts'
import type { Progress } from './progress.ts'

export interface AnswerView {
  /** The progress that is shown until the first words come. */
  around(progress: Progress): Progress
  /** Of a run that succeeded: what of its answer has not been shown. */
  print(result: RunResult): void
}

/** `stream`: false waits for the end. */
export function createAnswerView(context: CommandContext, app: App, { stream }: { stream: boolean }): AnswerView {
  const isTerminal = context.stdout.isTTY === true
  const write = (text: string) => context.stdout.write(isTerminal ? printable(text) : text)
  const streamed = stream && isTerminal ? streamText(context, app, write) : undefined
  return {
    around: (progress) => streamed?.around(progress) ?? progress,
    print(result) {
      const whole = textOf(result.outputs['output'] ?? null, result, context)
      const shown = streamed?.shown() ?? ''
      const isBegun = shown !== '' && whole.startsWith(shown)
      // What was shown is of an attempt that failed, or was put out otherwise than it came.
      if (shown !== '' && !isBegun) write('\n')
      write(isBegun ? whole.slice(shown.length) : whole)
      if (!whole.endsWith('\n')) write('\n')
    },
  }
}

function streamText(context: CommandContext, app: App, write: (text: string) => void) {
  let shown = ''
  let call: number | undefined
  let inner: Progress | undefined
  let ended: ReturnType<Progress['end']> | undefined
  const pieces: string[] = []
  const stop = app.subscribe(({ event }) => {
    if (event.type !== 'call.progress' || event.text === undefined || event.text === '') return
    if (call !== undefined && event.call !== call) {
      pieces.push('\n')
      context.note(context.errorStyle.dim('once more, from the beginning'))
      shown = ''
    }
    call = event.call
    shown += event.text
    pieces.push(event.text)
    // A tree that is being drawn and text would tear each other.
    ended ??= inner?.end()
    void (ended ?? Promise.resolve()).then(flush)
  })
  const flush = () => {
    for (const piece of pieces.splice(0)) write(piece)
  }
  return {
    shown: () => shown,
    around(progress: Progress): Progress {
      inner = progress
      return {
        begin: (run) => progress.begin(run),
        say: (text) => progress.say(text),
        async end() {
          stop()
          ended ??= progress.end()
          const last = await ended
          flush()
          return last
        },
      }
    },
  }
}

/** Text as it is, a list of texts one a line, files as their paths, all else as JSON. */
function textOf(value: Json, result: RunResult, { stdout, cwd }: CommandContext): string {
  const files = new Set(filesOf(result).map(({ path }) => path))
  const one = (text: string) => (stdout.isTTY && files.has(text) ? shortPath(text, cwd) : text)
  if (typeof value === 'string') return one(value)
  const isLines = Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === 'string')
  if (isLines) return value.map(one).join('\n')
  return JSON.stringify(value, null, stdout.isTTY ? 2 : undefined)
}
