/** A run as JUnit XML: a case for each step, and for each item of a foreach. */
import { mkdir } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { StepPlaces } from '../../app/step-places.ts'
import { toErrorData } from '../../domain/errors.ts'
import { ProblemsError } from '../../domain/problem.ts'
import type { RunResult, StepResult } from '../../domain/run.ts'
import type { CommandContext } from './context.ts'
import { errorLines } from './errors.ts'
import { type JunitCase, type JunitReport, junitXml } from './output/junit.ts'
import { cannotWrite, writeWhole } from './output/write-whole.ts'
import { shortPath } from './output/problem.ts'
import type { RunReport } from './run-report.ts'

export function junitReport(context: CommandContext, path: string, workflow: string | undefined): RunReport {
  const file = resolve(context.cwd, path)
  const write = (report: JunitReport) => writeWhole(file, junitXml(report))
  return {
    async prepare() {
      // Better now than after everything has been paid for.
      await mkdir(dirname(file), { recursive: true }).catch((error: unknown) => {
        throw cannotWrite(file, error)
      })
    },
    ended: ({ result, places }) => write(runAsJunit(result, places, context.cwd)),
    failed: (error) => write(errorAsJunit(error, workflow ?? 'run', context)),
  }
}

export function runAsJunit(run: RunResult, places: StepPlaces | undefined, cwd: string): JunitReport {
  const file = places && shortPath(places.file, cwd)
  const cases = Object.entries(run.steps).flatMap(([id, step]) => casesOf(run, id, step, places?.of(id)?.line, file))
  // What no step stands for: a timeout of the run, outputs that can't be evaluated.
  if (run.error && !cases.some(({ outcome }) => outcome === 'failed')) cases.push(runCase(run))
  const suite = { name: run.run_id, time_s: run.duration_ms / 1_000, cases }
  return { name: run.workflow, suites: [file === undefined ? suite : { ...suite, file }] }
}

function casesOf(
  run: RunResult,
  id: string,
  step: StepResult,
  line: number | undefined,
  file: string | undefined,
): JunitCase[] {
  const place = { ...(file !== undefined && { file }), ...(line !== undefined && { line }) }
  if (!step.items?.length) return [{ ...caseOf(run, id, step), ...place }]
  return step.items.map((item) => ({ ...caseOf(run, `${id}[${item.index}]`, item), ...place }))
}

type Settled = Omit<StepResult, 'items'>

function caseOf(run: RunResult, name: string, step: Settled): JunitCase {
  const about = { name, classname: run.workflow, time_s: step.latency_ms / 1_000 }
  if (step.status === 'succeeded') return { ...about, outcome: 'passed' }
  const message = step.error?.message ?? step.reason ?? step.status
  if (step.status !== 'failed') return { ...about, outcome: 'skipped', message: `${step.status}: ${message}` }
  // As an expected failure in other tools: the workflow says what happens then, and it did.
  if (run.status === 'succeeded')
    return { ...about, outcome: 'skipped', message: `failed, which the workflow allows: ${message}` }
  return { ...about, outcome: 'failed', message, text: textOf(step.error) }
}

function runCase(run: RunResult): JunitCase {
  const about = { name: 'run', classname: run.workflow, time_s: run.duration_ms / 1_000 }
  return { ...about, outcome: 'error', message: run.error?.message ?? run.status, text: textOf(run.error) }
}

function textOf(error: StepResult['error']): string {
  if (!error) return ''
  return [`${error.code}: ${error.message}`, error.cause, error.hint].filter(Boolean).join('\n')
}

function errorAsJunit(error: unknown, workflow: string, { cwd, errorStyle, debug }: CommandContext): JunitReport {
  const text = errorLines(error, { style: errorStyle, cwd, debug }).join('\n')
  const [problem] = error instanceof ProblemsError ? error.problems : []
  const message = problem?.message ?? toErrorData(error).message
  const place = problem && { file: shortPath(problem.file, cwd), line: problem.line }
  const cases: JunitCase[] = [
    { name: 'run', classname: workflow, time_s: 0, outcome: 'error', message, text, ...place },
  ]
  return { name: workflow, suites: [{ name: workflow, time_s: 0, cases }] }
}
