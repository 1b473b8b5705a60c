/** Holds what a run came to against what a case expects: every difference, with what was expected and what came. */
import type { RunResult, StepResult } from '../../domain/run.ts'
import { formatDuration } from '../../std/duration.ts'
import { type Json, jsonEqual, type JsonObject } from '../../std/json.ts'
import { validateJson } from '../../std/json-schema.ts'
import type { Path } from '../../documents/yaml-places.ts'
import { differenceLines, shown } from './difference.ts'
import { evaluateExpected } from './expected-expression.ts'
import type { Place, TestCase } from './merged-case.ts'
import type { CaseRun } from './run-case.ts'
import type { Amount, ErrorExpectation, StepExpectation } from './spec.ts'

export interface Failure extends Place {
  message: string
  /** Where values differ, or what was read: a few lines. */
  details: string[]
  hint?: string
  expected?: Json
  actual?: Json
}

type RunError = NonNullable<RunResult['error']>

type Tell = (path: Path, failure: Omit<Failure, keyof Place | 'details'> & { details?: string[] }) => void

interface Judging {
  one: TestCase
  result: RunResult
  calls: CaseRun['calls']
  tell: Tell
}

/** `now`: for expressions that ask for it. Empty: all is as expected. */
export function judge(one: TestCase, { result, calls, timed_out_ms }: CaseRun, now: number): Failure[] {
  const failures: Failure[] = []
  const tell: Tell = (path, { details = [], ...failure }) =>
    failures.push({ ...one.placeOf(path), details, ...failure })
  const judging: Judging = { one, result, calls, tell }
  if (timed_out_ms !== undefined) {
    tell(['name'], tooLong(result, timed_out_ms))
    return failures
  }
  const { expect } = one
  judgeStatus(judging)
  // A run that went well where it should not has said so.
  if (expect.error !== undefined && (result.error || failures.length === 0))
    judgeError(judging, expect.error, rootError(result), 'the run', ['expect', 'error'])
  // What a run that went otherwise put out is told by how it went.
  if (failures.length === 0) judgeValues(judging, now)
  for (const [id, expected] of Object.entries(expect.steps ?? {})) judgeStep(judging, id, expected)
  if (expect.cost_usd !== undefined)
    judgeAmount(judging, expect.cost_usd, result.cost_usd, 'the cost in dollars', ['expect', 'cost_usd'])
  return failures.sort((a, b) => a.line - b.line || a.column - b.column)
}

function tooLong(result: RunResult, ms: number) {
  const open = Object.entries(result.steps).flatMap(([id, { status }]) => (status === 'running' ? [`"${id}"`] : []))
  const where = open.length > 0 ? `, while ${open.join(', ')} ran` : ''
  return {
    message: `it took longer than ${formatDuration(ms)}${where}`,
    hint: 'give the step a `timeout`, or the case a longer one',
  }
}

// ── the run ──

function judgeStatus({ one, result, tell }: Judging): void {
  const { expect } = one
  const expected = expect.status ?? (expect.error === undefined ? 'succeeded' : 'failed')
  if (result.status === expected) return
  const path: Path =
    expect.status !== undefined ? ['expect', 'status'] : expect.error !== undefined ? ['expect', 'error'] : ['name']
  const error = rootError(result)
  const details = error ? errorLines(error) : waitingLines(result)
  const unanswered = result.status === 'waiting' && result.waiting_for === 'approval'
  tell(path, {
    message: `the run ${statusText(result)}, not ${expected}`,
    ...{ details, expected, actual: result.status },
    ...(unanswered && { hint: 'answer it under `approvals:`, or expect `status: waiting`' }),
  })
}

/** Of a run that failed because a step did, the error of the step says why. */
function rootError({ error, steps }: RunResult): RunError | undefined {
  if (error?.code !== 'step_failed' || error.step === undefined) return error
  return (Object.hasOwn(steps, error.step) ? steps[error.step]?.error : undefined) ?? error
}

function statusText({ status, error }: RunResult): string {
  if (status === 'waiting') return error ? 'stopped, to be resumed' : 'is waiting'
  return status === 'running' ? 'is running' : status === 'cancelled' ? 'was cancelled' : status
}

function errorLines({ code, message, step, hint }: RunError): string[] {
  const where = step === undefined ? '' : `step "${step}": `
  return [`${code}: ${where}${message}`, ...(hint === undefined ? [] : [`help: ${hint}`])]
}

function waitingLines(result: RunResult): string[] {
  return Object.entries(result.steps).flatMap(([id, { status, reason }]) =>
    status === 'waiting' ? [`step "${id}" asks: ${reason ?? ''}`] : [],
  )
}

function judgeValues(judging: Judging, now: number): void {
  const { one, result, tell } = judging
  const { outputs, schema, that = [] } = one.expect
  for (const [at, text] of that.entries()) judgeExpression(judging, text, at, now)
  for (const [name, expected] of Object.entries(outputs ?? {}))
    judgeValue(tell, expected as Json, result.outputs[name], `output "${name}"`, ['expect', 'outputs', name])
  if (!schema) return
  const problems = validateJson(schema as JsonObject, result.outputs)
  if (problems.length > 0)
    tell(['expect', 'schema'], {
      message: 'the outputs do not fit the schema',
      details: problems,
      actual: result.outputs,
    })
}

function judgeExpression({ result, calls, tell }: Judging, text: string, at: number, now: number): void {
  const truth = evaluateExpected(text, { ...(result as unknown as JsonObject), calls }, now)
  if (truth.holds) return
  const path = ['expect', 'that', at]
  if ('broken' in truth)
    return tell(path, {
      message: `${text.trim()}: ${truth.broken}`,
      ...(truth.hint !== undefined && { hint: truth.hint }),
    })
  const details = truth.read.map(({ name, value }) => `${name} is ${shown(value)}`)
  const message = `${text.trim()} is ${truth.value === false ? 'false' : shown(truth.value)}`
  tell(path, { message, details, expected: true, actual: truth.value })
}

// ── steps ──

function judgeStep(judging: Judging, id: string, written: string | StepExpectation): void {
  const { result, tell } = judging
  const expected = typeof written === 'string' ? { status: written } : written
  const path = ['expect', 'steps', id]
  const step = Object.hasOwn(result.steps, id) ? result.steps[id] : undefined
  const status = step?.status ?? 'not_run'
  if (expected.status !== undefined && status !== expected.status) {
    const why = step?.error ? errorLines(step.error) : step?.reason === undefined ? [] : [step.reason]
    tell(typeof written === 'string' ? path : [...path, 'status'], {
      message: step
        ? `step "${id}" is ${status}, not ${expected.status}`
        : `step "${id}" was never begun; expected is ${expected.status}`,
      ...{ details: why, expected: expected.status, actual: status },
    })
  }
  if (step) judgeFields(judging, id, step, expected)
  else if (expected.status === undefined)
    tell(path, { message: `step "${id}" was never begun`, expected: written as Json, actual: 'not_run' })
}

function judgeFields(judging: Judging, id: string, step: StepResult, expected: StepExpectation): void {
  const { tell } = judging
  const path = ['expect', 'steps', id]
  const of = (what: string) => `${what} of step "${id}"`
  if (Object.hasOwn(expected, 'output'))
    judgeValue(tell, expected.output as Json, step.output, of('the output'), [...path, 'output'])
  if (expected.error !== undefined) judgeError(judging, expected.error, step.error, `step "${id}"`, [...path, 'error'])
  const amounts = {
    attempts: { actual: step.attempts, what: 'the number of attempts' },
    items: { actual: step.items?.length ?? null, what: 'the number of items' },
    cost_usd: { actual: step.cost_usd, what: 'the cost in dollars' },
  } as const
  for (const [name, { actual, what }] of Object.entries(amounts)) {
    const amount = expected[name as keyof typeof amounts]
    if (amount !== undefined) judgeAmount(judging, amount, actual, of(what), [...path, name])
  }
  const { model, cached } = expected
  if (model !== undefined && ![step.model, step.model?.split(':')[0]].includes(model))
    judgeValue(tell, model, step.model, of('the model'), [...path, 'model'])
  if (cached !== undefined) judgeValue(tell, cached, step.cached ?? false, of('`cached`'), [...path, 'cached'])
}

// ── values ──

function judgeValue(tell: Tell, expected: Json, actual: Json | undefined, what: string, path: Path): void {
  if (actual !== undefined && jsonEqual(expected, actual)) return
  const isLarge = typeof expected === 'object' && expected !== null && typeof actual === 'object' && actual !== null
  const message = isLarge ? `${what} is not as expected` : `${what} is ${shown(actual)}, not ${shown(expected)}`
  const details = isLarge ? differenceLines(expected, actual) : []
  tell(path, { message, details, expected, ...(actual !== undefined && { actual }) })
}

/** Sums of dollars are compared to a tenth of a millionth. */
const tolerance = 5e-8

function judgeAmount({ tell }: Judging, expected: Amount, actual: number | null, what: string, path: Path): void {
  const { min, max } = typeof expected === 'number' ? { min: expected, max: expected } : expected
  const fits =
    actual !== null &&
    (min === undefined || actual >= min - tolerance) &&
    (max === undefined || actual <= max + tolerance)
  if (fits) return
  const is = actual === null ? 'unknown' : String(actual)
  tell(path, { message: `${what} is ${is}, not ${amountText(expected)}`, expected: expected as Json, actual })
}

function amountText(expected: Amount): string {
  if (typeof expected === 'number') return String(expected)
  const { min, max } = expected
  if (min === undefined) return `at most ${max ?? 'anything'}`
  return max === undefined ? `at least ${min}` : `from ${min} to ${max}`
}

function judgeError(
  { tell }: Judging,
  written: string | ErrorExpectation,
  actual: RunError | undefined,
  whose: string,
  path: Path,
): void {
  const expected: ErrorExpectation = typeof written === 'string' ? { code: written } : written
  const place = (field: string) => (typeof written === 'string' ? path : [...path, field])
  if (!actual) return tell(path, { message: `${whose} has no error`, expected: written as Json })
  const { code, step, message } = expected
  const details = errorLines(actual)
  if (code !== undefined && actual.code !== code)
    tell(place('code'), {
      message: `the error of ${whose} is ${actual.code}, not ${code}`,
      details,
      expected: code,
      actual: actual.code,
    })
  if (step !== undefined && actual.step !== step)
    tell(place('step'), {
      message: `the error is of step ${shown(actual.step)}, not "${step}"`,
      details,
      expected: step,
      actual: actual.step ?? null,
    })
  if (message !== undefined && !actual.message.includes(message))
    tell(place('message'), {
      message: `the error of ${whose} does not say "${message}"`,
      details,
      expected: message,
      actual: actual.message,
    })
}
