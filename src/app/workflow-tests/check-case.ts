/** Holds a case against its workflow: names that it does not have, inputs that do not fit, expressions that can't be read. */
import { errorCodes } from '../../domain/errors.ts'
import type { JsonObject } from '../../std/json.ts'
import { checkInputs } from '../../workflow/inputs.ts'
import type { LoadedWorkflow } from '../../workflow/load.ts'
import type { Loading } from '../../documents/loading.ts'
import type { Path } from '../../documents/yaml-places.ts'
import { checkExpectedExpression } from './expected-expression.ts'
import type { TestCase } from './merged-case.ts'
import {
  answerWords,
  type AnswerSpec,
  type ApprovalAnswerSpec,
  type ErrorExpectation,
  expectedRunStatuses,
  expectedStepStatuses,
  replyErrors,
  type ReplySpec,
} from './spec.ts'
import { type NamedApproval, namesIn, type WorkflowNames } from './workflow-names.ts'

interface Checking {
  one: TestCase
  workflow: LoadedWorkflow
  names: WorkflowNames
  loading: Loading
  /** `path`: below the case. */
  tell(path: Path, code: string, message: string, hint?: string, at?: 'key'): void
}

export function checkCase(one: TestCase, workflow: LoadedWorkflow, loading: Loading): void {
  const checking: Checking = {
    ...{ one, workflow, loading, names: namesIn(workflow.definition) },
    tell: (path, code, message, hint, at) =>
      loading.report(one.pathOf(path), { code, message, hint, ...(at && { at }) }),
  }
  checkGiven(checking)
  if (one.now !== undefined && Number.isNaN(Date.parse(one.now)))
    checking.tell(['now'], 'bad_time', `"${one.now}" is no time`, 'write it as "2026-01-31T12:00:00Z"')
  for (const [key, answer] of Object.entries(one.answers)) checkAnswer(checking, key, answer)
  for (const [step, answer] of Object.entries(one.approvals)) checkApproval(checking, step, answer)
  checkExpectations(checking)
}

// ── what is given ──

function checkGiven({ one, workflow, tell, loading }: Checking): void {
  const { inputs, env } = workflow.definition
  for (const name of Object.keys(one.env)) {
    if (env.includes(name)) continue
    const hint = loading.didYouMean(name, env, 'names under `env` of the workflow')
    tell(['env', name], 'unknown_env', `the workflow does not declare the variable "${name}"`, hint, 'key')
  }
  // Whether bad inputs are refused may be what is tested.
  if (codeOf(one.expect.error) === 'invalid_input') return
  const checked = checkInputs(inputs, one.inputs)
  if (checked.ok) return
  for (const { name, message, hint } of checked.problems) {
    const given = Object.hasOwn(one.inputs, name)
    const add = `give it under \`inputs:\`, or expect \`error: invalid_input\``
    const at = Object.hasOwn(inputs, name) ? undefined : 'key'
    if (given) tell(['inputs', name], 'bad_input', `input "${name}" ${message}`, hint, at)
    else tell(['name'], 'missing_input', `input "${name}" ${message}`, add)
  }
}

function checkAnswer({ names, tell, loading }: Checking, key: string, answer: AnswerSpec): void {
  const place = ['answers', key]
  const known = [...names.callers, ...names.models]
  if (!known.includes(key)) {
    const hint = loading.didYouMean(key, known, 'steps and models that are called')
    const what = names.steps.includes(key)
      ? `step "${key}" makes no call`
      : `the workflow has no step or model "${key}"`
    return tell(place, 'unknown_step', what, hint, 'key')
  }
  const check = (reply: ReplySpec, path: Path) => checkReply(reply, path, { tell, loading })
  const checkTurns = (turns: ReplySpec | ReplySpec[] | null, path: Path) => {
    if (Array.isArray(turns)) turns.forEach((reply, at) => check(reply, [...path, at]))
    else if (turns) check(turns, path)
  }
  if (Array.isArray(answer) || answer.items === undefined) return checkTurns(answer, place)
  const { items, ...rest } = answer
  if (Object.keys(rest).length > 0)
    tell(place, 'bad_answer', 'beside `items`, an answer has nothing else', 'give each item its own reply')
  items.forEach((turns, at) => checkTurns(turns, [...place, 'items', at]))
}

const replyKinds = ['output', 'file', 'files', 'error'] as const

function checkReply(reply: ReplySpec, path: Path, { tell, loading }: Pick<Checking, 'tell' | 'loading'>): void {
  const kinds = replyKinds.filter((kind) => Object.hasOwn(reply, kind))
  if (kinds.length !== 1) {
    const message =
      kinds.length === 0 ? 'this reply says nothing' : `a reply is one of ${kinds.join(' and ')}, not both`
    tell(path, 'bad_answer', message, `give one of ${replyKinds.join(', ')}`)
  }
  const code = typeof reply.error === 'string' ? reply.error : reply.error?.code
  if (code === undefined || (replyErrors as readonly string[]).includes(code)) return
  const place = typeof reply.error === 'string' ? [...path, 'error'] : [...path, 'error', 'code']
  tell(place, 'unknown_error', `a call can not fail with "${code}"`, known(code, replyErrors, loading))
}

// ── approvals ──

function checkApproval(checking: Checking, step: string, answer: ApprovalAnswerSpec | ApprovalAnswerSpec[]): void {
  const { names, tell, loading } = checking
  const place = ['approvals', step]
  const asked = names.approvals.filter(({ id }) => id === step)
  if (asked.length === 0) {
    const hint = loading.didYouMean(step, [...new Set(names.approvals.map(({ id }) => id))], 'approvals')
    return tell(place, 'unknown_step', `the workflow has no approval "${step}"`, hint, 'key')
  }
  const answers: [ApprovalAnswerSpec, Path][] = Array.isArray(answer)
    ? answer.map((one: ApprovalAnswerSpec, at) => [one, [...place, at]])
    : [[answer, place]]
  for (const [one, path] of answers) checkPersonsAnswer(checking, one, path, asked)
}

function checkPersonsAnswer(
  { tell, loading }: Checking,
  answer: ApprovalAnswerSpec,
  path: Path,
  asked: readonly NamedApproval[],
): void {
  if (typeof answer === 'string') {
    if (!(answerWords as readonly string[]).includes(answer))
      tell(path, 'bad_answer', `nobody can answer "${answer}"`, known(answer, answerWords, loading))
    if (answer === 'timeout' && asked.every(({ approval }) => approval.timeout_ms === undefined))
      tell(path, 'bad_answer', 'this approval has no `timeout`: it waits for ever')
    return
  }
  if (typeof answer === 'boolean' || !answer.approved || !answer.inputs) return
  for (const { approval } of asked) {
    const checked = checkInputs(approval.inputs, answer.inputs as JsonObject)
    if (checked.ok) return
    for (const { name, message, hint } of checked.problems)
      tell(
        [...path, 'inputs', name],
        'bad_input',
        `input "${name}" of the approval ${Object.hasOwn(approval.inputs, name) ? message : 'is not asked for'}`,
        hint,
      )
  }
}

// ── what is expected ──

function checkExpectations({ one, workflow, names, loading, tell }: Checking): void {
  const { expect } = one
  const checkError = (error: string | ErrorExpectation | undefined, path: Path) => {
    const code = codeOf(error)
    if (code !== undefined && !(errorCodes as readonly string[]).includes(code))
      tell(
        typeof error === 'string' ? path : [...path, 'code'],
        'unknown_error',
        `there is no error code "${code}"`,
        known(code, errorCodes, loading),
      )
  }
  const checkStatus = (status: string | undefined, statuses: readonly string[], path: Path) => {
    if (status !== undefined && !statuses.includes(status))
      tell(path, 'unknown_status', `there is no status "${status}"`, known(status, statuses, loading))
  }
  checkStatus(expect.status, expectedRunStatuses, ['expect', 'status'])
  checkError(expect.error, ['expect', 'error'])
  if (expect.error !== undefined && expect.status === 'succeeded')
    tell(['expect', 'error'], 'contradiction', 'a run that succeeds has no error', 'leave `status: succeeded` out')
  const outputs = Object.keys(workflow.definition.outputs)
  for (const name of Object.keys(expect.outputs ?? {})) {
    if (outputs.includes(name)) continue
    const hint = loading.didYouMean(name, outputs, 'outputs')
    tell(['expect', 'outputs', name], 'unknown_output', `the workflow has no output "${name}"`, hint, 'key')
  }
  for (const [id, expected] of Object.entries(expect.steps ?? {})) {
    const path = ['expect', 'steps', id]
    if (!names.own.includes(id)) {
      const hint = loading.didYouMean(id, names.own, 'steps')
      tell(path, 'unknown_step', `the workflow has no step "${id}"`, hint, 'key')
    }
    if (typeof expected === 'string') checkStatus(expected, expectedStepStatuses, path)
    else {
      checkStatus(expected.status, expectedStepStatuses, [...path, 'status'])
      checkError(expected.error, [...path, 'error'])
    }
  }
  for (const [at, text] of (expect.that ?? []).entries())
    for (const { offset, ...parts } of checkExpectedExpression(text, workflow.definition, names))
      loading.report(one.pathOf(['expect', 'that', at]), { ...parts, at: offset })
}

function codeOf(error: string | ErrorExpectation | undefined): string | undefined {
  return typeof error === 'string' ? error : error?.code
}

function known(written: string, all: readonly string[], loading: Loading): string {
  const near = loading.suggest(written, all)
  return near === undefined ? `known are ${all.join(', ')}` : `did you mean ${near}?`
}
