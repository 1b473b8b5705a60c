/** A case with the defaults of its file, ready to run: what it says itself comes first. */
import { dirname } from 'node:path'
import { parseDuration } from '../../std/duration.ts'
import type { Json, JsonObject } from '../../std/json.ts'
import type { Path, Places } from '../../documents/yaml-places.ts'
import type { AnswerSpec, ApprovalAnswerSpec, CaseDefaults, CaseSpec, ExpectSpec } from './spec.ts'

export interface Place {
  file: string
  line: number
  column: number
  source?: string
}

export interface TestCase {
  name: string
  /** Where the case is in its file's data. */
  path: Path
  /** What paths are relative to. */
  folder: string
  inputs: JsonObject
  env: Readonly<Record<string, string>>
  seed: number
  latency: string
  faults: readonly Json[]
  answers: Readonly<Record<string, AnswerSpec>>
  approvals: Readonly<Record<string, ApprovalAnswerSpec | ApprovalAnswerSpec[]>>
  budget_usd?: number
  max_concurrency?: number
  timeout_ms: number
  /** As written. */
  now?: string
  /** Why it is left out. */
  skip?: string
  expect: ExpectSpec
  /** The path, below the case or below `defaults`, where it is written. */
  pathOf(path: Path): Path
  placeOf(path: Path): Place
}

const defaultTimeoutMs = 60_000

export function mergedCase(spec: CaseSpec, defaults: CaseDefaults, index: number, places: Places): TestCase {
  const both = { ...defaults, ...spec }
  const path = ['tests', index]
  const pathOf = (below: Path): Path => {
    const own = [...path, ...below]
    return !places.has(own) && places.has(['defaults', ...below]) ? ['defaults', ...below] : own
  }
  const placeOf: TestCase['placeOf'] = (below) => {
    const { file, line, column, source } = places.problem(pathOf(below), { code: '', message: '' })
    return { file, line, column, ...(source !== undefined && { source }) }
  }
  return {
    ...{ name: spec.name, path, pathOf, placeOf },
    folder: dirname(placeOf([]).file),
    inputs: { ...defaults.inputs, ...spec.inputs } as JsonObject,
    env: { ...defaults.env, ...spec.env },
    seed: both.seed ?? 1,
    latency: String(both.latency ?? 0),
    faults: (both.faults ?? []) as Json[],
    answers: { ...defaults.answers, ...spec.answers },
    approvals: { ...defaults.approvals, ...spec.approvals },
    timeout_ms: parseDuration(both.timeout ?? '') ?? defaultTimeoutMs,
    ...(both.budget_usd !== undefined && { budget_usd: both.budget_usd }),
    ...(both.max_concurrency !== undefined && { max_concurrency: both.max_concurrency }),
    ...(both.now !== undefined && { now: both.now }),
    ...skipOf(both.skip),
    expect: mergedExpectations(spec.expect ?? {}, defaults.expect ?? {}),
  }
}

function skipOf(skip: boolean | string | undefined): { skip?: string } {
  if (skip === undefined || skip === false) return {}
  return { skip: skip === true ? '' : skip }
}

/** Outputs and steps are merged by name, everything else is the case's own where it says it. */
function mergedExpectations(own: ExpectSpec, shared: ExpectSpec): ExpectSpec {
  const merged = { ...shared, ...own }
  if (own.outputs && shared.outputs) merged.outputs = { ...shared.outputs, ...own.outputs }
  if (own.steps && shared.steps) merged.steps = { ...shared.steps, ...own.steps }
  return merged
}
