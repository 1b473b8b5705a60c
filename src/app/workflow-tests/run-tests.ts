/** Runs the cases of test files side by side, and puts together what came of them. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pLimit from 'p-limit'
import { CancelledError, toErrorData } from '../../domain/errors.ts'
import { abortReason } from '../../std/abort.ts'
import type { App } from '../app.ts'
import { type Coverage, createCoverer, type Coverer } from './coverage.ts'
import { judge } from './judge.ts'
import type { TestFile } from './load.ts'
import type { TestCase } from './merged-case.ts'
import type { TestedCase, TestedFile, TestReport } from './report.ts'
import { runCase } from './run-case.ts'

export interface TestOptions {
  /** Cases at once. */
  jobs: number
  /** Only cases whose name holds this text. */
  name?: string | undefined
  /** Begin nothing more after the first failure. */
  bail: boolean
  /** Keep the state folders. */
  keep: boolean
  signal: AbortSignal
  /** Told of each case, in order, once it and those before it are done. */
  tested?(one: TestedCase, file: string): void
}

interface Testing {
  app: App
  options: TestOptions
  coverer: Coverer
  folder: string
  /** Aborts when nothing more is to begin. */
  ended: AbortController
  made: number
}

export async function runTests(app: App, files: readonly TestFile[], options: TestOptions): Promise<TestReport> {
  const began = app.clock.monotonic()
  const folder = await mkdtemp(join(tmpdir(), 'replicate-agent-test-'))
  const testing: Testing = { app, options, folder, coverer: createCoverer(), ended: new AbortController(), made: 0 }
  const limit = pLimit(options.jobs)
  const running: { file: TestFile; cases: Promise<TestedCase>[] }[] = []
  try {
    for (const { workflow } of files) await testing.coverer.expect(workflow)
    for (const file of files)
      running.push({ file, cases: chosenOf(file, options).map((one) => limit(() => testCase(testing, file, one))) })
    // What one of them rejects with is told when its turn comes.
    for (const { cases } of running) for (const one of cases) one.catch(() => {})
    const tested: TestedFile[] = []
    for (const { file, cases } of running) tested.push(await testedFile(file, cases, options))
    // Of a part of the tests, coverage says nothing.
    const whole = options.name === undefined && !testing.ended.signal.aborted
    const coverage = whole ? await testing.coverer.report() : undefined
    return reportOf(tested, Math.round(app.clock.monotonic() - began), coverage)
  } finally {
    testing.ended.abort(new CancelledError('the tests are over'))
    // What was called off still closes its store.
    await Promise.allSettled(running.flatMap(({ cases }) => cases))
    if (!options.keep) await rm(folder, { recursive: true, force: true })
  }
}

function reportOf(files: TestedFile[], duration_ms: number, coverage: Coverage | undefined): TestReport {
  const count = (...statuses: TestedCase['status'][]) =>
    files.reduce((sum, { cases }) => sum + cases.filter(({ status }) => statuses.includes(status)).length, 0)
  return {
    ...{ passed: count('passed'), failed: count('failed', 'error'), skipped: count('skipped') },
    ...{ not_run: count('not_run'), duration_ms, files },
    ...(coverage && { coverage }),
  }
}

function chosenOf({ cases }: TestFile, { name }: TestOptions): TestCase[] {
  return cases.filter((one) => name === undefined || one.name.toLowerCase().includes(name.toLowerCase()))
}

async function testedFile(
  { file, workflow }: TestFile,
  running: readonly Promise<TestedCase>[],
  { tested }: TestOptions,
): Promise<TestedFile> {
  const cases: TestedCase[] = []
  for (const one of running) {
    cases.push(await one)
    tested?.(await one, file)
  }
  return {
    ...{ file, workflow: workflow.definition.name, workflow_file: workflow.file },
    duration_ms: cases.reduce((sum, one) => sum + one.duration_ms, 0),
    cases,
  }
}

async function testCase(testing: Testing, file: TestFile, one: TestCase): Promise<TestedCase> {
  const { options, ended, app } = testing
  const { line, column } = one.placeOf(['name'])
  const tested: TestedCase = { name: one.name, line, column, status: 'passed', duration_ms: 0, failures: [] }
  if (one.skip !== undefined) return { ...tested, status: 'skipped', ...(one.skip !== '' && { reason: one.skip }) }
  if (options.signal.aborted) throw abortReason(options.signal)
  if (ended.signal.aborted) return { ...tested, status: 'not_run' }
  testing.made += 1
  const home = join(testing.folder, String(testing.made))
  const began = app.clock.monotonic()
  await judgeCase(testing, file, one, home, tested)
  tested.duration_ms = Math.round(app.clock.monotonic() - began)
  if (options.keep) tested.home = home
  else await rm(home, { recursive: true, force: true })
  if (options.bail && tested.failures.length > 0) ended.abort(new CancelledError('a case failed'))
  return tested
}

async function judgeCase(testing: Testing, file: TestFile, one: TestCase, home: string, tested: TestedCase) {
  const { app, coverer, options } = testing
  try {
    const ran = await runCase(app, one, { workflow: file.workflow, home, signal: options.signal })
    coverer.saw(ran.observed)
    tested.failures = judge(one, ran, app.clock.now())
    if (tested.failures.length > 0) tested.status = 'failed'
  } catch (error) {
    if (options.signal.aborted) throw abortReason(options.signal)
    const { code, message, hint } = toErrorData(error)
    tested.status = 'error'
    tested.failures = [
      { ...one.placeOf(['name']), message: `${code}: ${message}`, details: [], ...(hint !== undefined && { hint }) },
    ]
  }
}
