/** What is told of a run beside its progress and result, for others to read: a file for CI, GitHub's pages. */
import type { RunHandle } from '../../app/action.ts'
import type { App } from '../../app/app.ts'
import type { StepPlaces } from '../../app/step-places.ts'
import { toErrorData } from '../../domain/errors.ts'
import type { RunResult } from '../../domain/run.ts'
import type { CommandContext } from './context.ts'

/** `places`: where its steps stand, if that is known; `next`: lines that say how to go on. */
export interface RunEnd {
  result: RunResult
  places: StepPlaces | undefined
  next: readonly string[]
}

export interface RunReport {
  /** Before anything is done: throws when the report can't be made later. */
  prepare?(): Promise<void>
  /** The run is known. */
  begin?(run: RunHandle): void
  /** It is over, or waits. */
  ended(end: RunEnd): Promise<void>
  /** It came to no result. */
  failed(error: unknown): Promise<void>
}

export interface ReportChoice {
  /** Where JUnit XML goes. */
  junit?: string | undefined
  /** What the workflow was asked for by. */
  workflow?: string | undefined
}

/** The reports that the options and the surroundings ask for, as one; undefined when they ask for none. */
export async function reportsOf(
  context: CommandContext,
  choice: ReportChoice,
): Promise<Required<RunReport> | undefined> {
  const reports: RunReport[] = []
  if (choice.junit !== undefined)
    reports.push((await import('./junit-report.ts')).junitReport(context, choice.junit, choice.workflow))
  if (context.github) reports.push((await import('./github/github-report.ts')).githubReport(context, context.github))
  if (reports.length === 0) return undefined
  return {
    async prepare() {
      for (const report of reports) await report.prepare?.()
    },
    begin(run) {
      for (const report of reports) report.begin?.(run)
    },
    async ended(end) {
      for (const report of reports) await report.ended(end)
    },
    async failed(error) {
      // The error itself matters more than that it could not be reported.
      for (const report of reports)
        await report.failed(error).catch((cause: unknown) => context.warn(toErrorData(cause).message))
    },
  }
}

/** Where the steps of the run stand; looked up only for a report. */
export async function placesOf(app: App, runId: string, workflow: string | undefined): Promise<StepPlaces | undefined> {
  const { stepPlaces } = await import('../../app/step-places.ts')
  return stepPlaces(app, runId, workflow)
}
