/** Drives a run from a terminal: progress, signals, the result, and the exit code. */
import type { ActionContext, RunHandle } from '../../app/action.ts'
import type { App } from '../../app/app.ts'
import { CancelledError, StoreError, UsageError } from '../../domain/errors.ts'
import type { RunResult } from '../../domain/run.ts'
import { deferred } from '../../std/deferred.ts'
import type { JsonObject } from '../../std/json.ts'
import type { AnswerView } from './answer-view.ts'
import { type AppChoice, repeatedOptions } from './app-options.ts'
import type { CommandContext } from './context.ts'
import { errorObject } from './errors.ts'
import { exitCodeOfRun } from './exit-codes.ts'
import { withoutCommands } from './github/workflow-command.ts'
import { nextLines } from './next-command.ts'
import { flag, negatedFlag, text } from './option.ts'
import { errorLinesOf, fileLines, filesOf, headline, outputLines } from './output/run-summary.ts'
import { progressKind, type Progress, showProgress } from './progress.ts'
import { placesOf, type ReportChoice, reportsOf, type RunReport } from './run-report.ts'
import { type StopSignal, stopCodes } from './surroundings.ts'
import { checkWanted, printWanted } from './wanted-value.ts'

export const driveOptions = {
  json: flag('--json', 'print one JSON object at the end'),
  jsonl: flag('--jsonl', 'print a JSON line for every event; the last one has the result'),
  output: text('-o, --output <expression>', 'print only this value of the result, such as outputs.photo'),
  artifacts: text('--artifacts <folder>', 'copy the files of the run to this folder'),
  tui: negatedFlag('--no-tui', 'plain lines instead of the live tree'),
  quiet: flag('-q, --quiet', 'show no progress'),
  junit: text('--junit <file>', 'write what each step did to this file, as JUnit XML'),
}

export interface DriveChoice extends AppChoice, ReportChoice {
  json: boolean
  jsonl: boolean
  output: string | undefined
  tui: boolean
  quiet: boolean
  /** One answer is wanted, and no report: stdout gets nothing else. */
  answer?: AnswerView
}

/** Gives the exit code. `start` runs an action and passes the context on to it. */
export async function driveRun(
  context: CommandContext,
  app: App,
  choice: DriveChoice,
  start: (more: Partial<ActionContext>) => Promise<RunResult>,
): Promise<number> {
  assertOneOutput(choice)
  if (choice.output !== undefined) await checkWanted(context, app, choice.output)
  const report = await reportsOf(context, choice)
  await report?.prepare()
  let driven: Driven
  try {
    driven = await drive(context, app, choice, report, start)
  } catch (error) {
    await report?.failed(error)
    throw error
  }
  if ('left' in driven) {
    const error = errorOfLeft(driven.left, choice)
    await report?.failed(error)
    return leave(context, choice, driven.left, error)
  }
  const { result, last, signal } = driven
  const next = await nextLines(context, app, choice, result)
  try {
    await show(context, app, choice, { result, last, next })
  } finally {
    if (report) await report.ended({ result, next, places: await placesOf(app, result.run_id, choice.workflow) })
  }
  return result.status === 'cancelled' && signal !== undefined ? stopCodes[signal] : exitCodeOfRun(result)
}

interface Ended {
  result: RunResult
  /** The last event, for the closing JSON line. */
  last: JsonObject | undefined
  signal: StopSignal | undefined
}

type Driven = Ended | { left: Left }

async function drive(
  context: CommandContext,
  app: App,
  choice: DriveChoice,
  report: RunReport | undefined,
  start: (more: Partial<ActionContext>) => Promise<RunResult>,
): Promise<Driven> {
  const { jsonl, tui, quiet } = choice
  const own = showProgress(context, app, progressKind(context, { jsonl, tui, quiet }))
  const progress = choice.answer?.around(own) ?? own
  const signals = handleSignals(context, progress)
  const begin = (run: RunHandle) => {
    report?.begin?.(run)
    progress.begin(run)
  }
  try {
    const result = await Promise.race([
      start({ driving: (run) => signals.drives(run, () => begin(run)) }),
      signals.quit,
    ])
    return { result, last: await progress.end(), signal: signals.left()?.signal }
  } catch (error) {
    await progress.end()
    const left = signals.left()
    if (left === undefined || !(error instanceof CancelledError)) throw stoppedBy(error, signals.run(), choice)
    return { left }
  } finally {
    signals.stop()
  }
}

/** A run that its store stopped can be resumed: the error says how. */
function stoppedBy(error: unknown, run: RunHandle | undefined, choice: DriveChoice): unknown {
  if (!(error instanceof StoreError) || !run || run.following) return error
  const { code, message, hint, cause, details } = error
  if (code !== 'disk_full' && code !== 'store') return error
  return new StoreError(code, message, {
    hint: `${hint === undefined ? '' : `${hint} `}To go on: ${commandFor(run, choice)}`,
    cause,
    details: { ...details, run_id: run.run_id },
  })
}

function assertOneOutput({ json, jsonl, output }: DriveChoice): void {
  const asked = [json ? '--json' : '', jsonl ? '--jsonl' : '', output === undefined ? '' : '--output'].filter(Boolean)
  if (asked.length > 1) throw new UsageError(`give ${asked.join(' or ')}, not both: stdout has one form`)
}

// ── signals ──

interface Left {
  signal: StopSignal
  /** Absent: none had begun. */
  run: RunHandle | undefined
}

/** The first SIGINT or SIGTERM cancels the run, the second leaves it at once; what closes the terminal leaves it, too. */
function handleSignals(context: CommandContext, progress: Progress) {
  let run: RunHandle | undefined
  let first: StopSignal | undefined
  const quit = deferred<never>()
  quit.promise.catch(() => {})
  const arrived = (signal: StopSignal) => {
    const again = first !== undefined
    first ??= signal
    if (!run) return quit.reject(new CancelledError('nothing was started', { code: 'interrupted' }))
    const gone = signal === 'SIGHUP' || signal === 'EPIPE'
    if (again || gone || run.following) {
      const why = run.following ? 'detached from the run' : gone ? 'the terminal was closed' : 'stopped at once'
      return run.abandon(new CancelledError(`${why}: it can be resumed`, { code: 'interrupted' }))
    }
    progress.say(
      'cancelling: what is in flight is cancelled, `finally` runs; once more stops at once and leaves the run resumable',
    )
    return run.cancel(context.user)
  }
  const stop = context.onStop(arrived)
  return {
    stop,
    drives(handle: RunHandle, begin: () => void) {
      run = handle
      begin()
    },
    quit: quit.promise,
    run: () => run,
    left: (): Left | undefined => (first === undefined ? undefined : { signal: first, run }),
  }
}

function errorOfLeft({ run }: Left, choice: DriveChoice): CancelledError {
  return new CancelledError(whatIsLeft(run), { code: 'interrupted', hint: run && commandFor(run, choice) })
}

/** What goes on with a run that was left. */
function commandFor(run: RunHandle, choice: DriveChoice): string {
  return `replicate-agent runs ${run.following ? 'watch' : 'resume'} ${run.run_id}${repeatedOptions(choice)}`
}

function leave(context: CommandContext, choice: DriveChoice, { signal, run }: Left, error: CancelledError): number {
  const object = { ...errorObject(error), ...(run && { run_id: run.run_id }) }
  if (choice.json) context.printJson(object)
  if (choice.jsonl) context.stdout.write(`${JSON.stringify({ v: 1, type: 'error', ...object })}\n`)
  context.note(error.message)
  if (error.hint !== undefined) context.note(`  ${error.hint}`)
  return stopCodes[signal]
}

function whatIsLeft(run: RunHandle | undefined): string {
  if (!run) return 'nothing was started'
  return run.following ? `run ${run.run_id} goes on without this terminal` : `run ${run.run_id} was left as it is`
}

// ── the result ──

async function show(
  context: CommandContext,
  app: App,
  choice: DriveChoice,
  { result, last, next }: Pick<Ended, 'result' | 'last'> & { next: readonly string[] },
): Promise<void> {
  if (choice.jsonl) {
    const { seq = 0, time = new Date(context.clock.now()).toISOString() } = last ?? {}
    context.stdout.write(`${JSON.stringify({ v: 1, seq, time, type: 'run.settled', ...result })}\n`)
    return
  }
  if (choice.json) return context.printJson(result)
  if (result.status === 'succeeded') {
    if (choice.output !== undefined) return printWanted(context, app, choice.output, result)
    if (choice.answer) return showAnswer(context, choice, choice.answer, result)
  }
  showReport(context, result, next)
}

function showReport(context: CommandContext, result: RunResult, next: readonly string[]): void {
  const { stdout, stderr, cwd } = context
  const err = { style: context.errorStyle, cwd, columns: stderr.columns ?? 100 }
  const out = { style: context.style, cwd, columns: stdout.columns ?? 100 }
  context.note(headline(result, err))
  const files = filesOf(result)
  for (const line of [...outputLines(result, out), ...fileLines(files, out)])
    context.print(context.github ? withoutCommands(line) : line)
  for (const line of [...errorLinesOf(result, err), ...next]) context.note(line)
}

function showAnswer(context: CommandContext, { quiet }: DriveChoice, answer: AnswerView, result: RunResult): void {
  answer.print(result)
  const { errorStyle: style, cwd, stderr } = context
  if (!quiet) context.note(headline(result, { style, cwd, columns: stderr.columns ?? 100 }))
}
