/** A run as everyone outside sees it: the `--json` object, made from the folded state (rulings 30, 31). */
import type { Crossing } from '../domain/budget.ts'
import type { FileRef, KeptFile } from '../domain/file.ts'
import { parseArtifactUri } from '../domain/file.ts'
import type { RunResult, StepResult } from '../domain/run.ts'
import { isObject, type Json } from '../std/json.ts'
import { outputOf } from './running/scope.ts'
import { type RunState, type StepState, unspill, type WorkState } from './state.ts'

export interface ViewParts {
  state: RunState
  loaded: ReadonlyMap<string, Json>
  /** Where a kept file lies; files stand as paths in what is shown. */
  pathOf(file: KeptFile): string
  /** It says `running` and nobody drives it. */
  interrupted: boolean
}

export function viewRun(parts: ViewParts): RunResult {
  const { state, loaded } = parts
  const outputs = withPaths(unspill(state.outputs, loaded) ?? {}, parts)
  const result: RunResult = {
    run_id: state.run_id,
    workflow: state.workflow,
    status: state.status,
    outputs: isObject(outputs) ? outputs : {},
    cost_usd: roundUsd(state.cost_usd),
    duration_ms: Math.round(state.active_ms),
    steps: Object.fromEntries([...state.steps].map(([id, step]) => [id, viewStep(parts, step)])),
  }
  if (state.waiting_for) result.waiting_for = state.waiting_for
  if (parts.interrupted) result.interrupted = true
  if (state.error) result.error = state.error
  if (state.crossed.length > 0) result.soft_budgets = state.crossed.map(shownCrossing)
  return result
}

function shownCrossing({ budget, soft_usd, spent_usd }: Crossing): Crossing {
  return { budget, soft_usd, spent_usd: roundUsd(spent_usd) ?? 0 }
}

function viewStep(parts: ViewParts, step: StepState): StepResult {
  const view: StepResult = viewWork(parts, step, outputOf(step, parts.loaded))
  if (step.count === undefined) return view
  view.items = [...step.items]
    .sort(([a], [b]) => a - b)
    .map(([index, item]) => ({ index, ...viewWork(parts, item, unspill(item.output, parts.loaded)) }))
  return view
}

function viewWork(parts: ViewParts, work: WorkState, output: Json): Omit<StepResult, 'items'> {
  const view: Omit<StepResult, 'items'> = {
    status: work.status,
    attempts: work.attempts,
    latency_ms: work.latency_ms,
    cost_usd: roundUsd(work.cost_usd),
  }
  if (work.settled_at !== undefined || work.status === 'succeeded') view.output = withPaths(output, parts)
  if (work.error) view.error = work.error
  const reason = work.reason ?? (work.approval && work.status === 'waiting' ? work.approval.message : undefined)
  if (reason !== undefined) view.reason = reason
  if (work.model !== undefined) view.model = work.model
  if (work.cached) view.cached = true
  if (work.saved_usd !== undefined) view.saved_usd = roundUsd(work.saved_usd)
  if (work.child_run_id !== undefined) view.child_run_id = work.child_run_id
  if (work.files.length > 0) view.files = work.files.map((file) => shownFile(parts, file))
  return view
}

function shownFile(parts: Pick<ViewParts, 'pathOf'>, file: KeptFile): FileRef {
  return {
    name: file.name,
    path: parts.pathOf(file),
    sha256: file.sha256,
    bytes: file.bytes,
    media_type: file.media_type,
  }
}

/** The value with the artifact URIs of this run's files replaced by paths. */
export function withPaths(value: Json, parts: Pick<ViewParts, 'state' | 'pathOf'>): Json {
  if (typeof value === 'string') {
    const uri = value.startsWith('artifact:') ? parseArtifactUri(value) : undefined
    const file = uri && parts.state.files.get(uri.sha256)
    return file ? parts.pathOf({ ...file, name: uri.name }) : value
  }
  if (Array.isArray(value)) return value.map((item) => withPaths(item, parts))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, withPaths(field, parts)]))
}

/** Money is added up in floating point; a tenth of a millionth of a dollar is more than anyone needs. */
export function roundUsd(usd: number | null): number | null {
  return usd === null ? null : Math.round(usd * 1e7) / 1e7
}
