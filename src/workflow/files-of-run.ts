/** The files that a run and the runs nested in it put out. */
import type { KeptFile } from '../domain/file.ts'
import type { Store } from '../state/store/contract.ts'
import { foldEvents } from './fold.ts'
import type { RunState, WorkState } from './state.ts'

export interface FileOfRun {
  /** The step; in a nested run with the way to it: `episode[2]/draw`. */
  step: string
  /** Of a foreach. */
  index?: number
  /** The nested run that has it. */
  child_run_id?: string
  file: KeptFile
}

/** By step, in order; what a nested run put out follows the step that it belongs to. */
export async function filesOfRun(store: Store, runId: string): Promise<FileOfRun[]> {
  const nested = new Map<string, string[]>()
  for (const { run_id } of await store.listRuns({ parent_run_id: runId })) {
    const { parent } = foldEvents(run_id, await store.readEvents(run_id, 0, 1))
    if (!parent) continue
    const at = placeOf(parent.step, parent.index)
    // Listed newest first.
    nested.set(at, [run_id, ...(nested.get(at) ?? [])])
  }
  const files: FileOfRun[] = []
  const state = foldEvents(runId, await store.readEvents(runId))
  for (const { step, index, work } of worksOf(state)) {
    for (const file of work.files) files.push({ step, ...(index !== undefined && { index }), file })
    for (const child of nested.get(placeOf(step, index)) ?? []) {
      for (const found of await filesOfRun(store, child))
        files.push({ child_run_id: child, ...found, step: `${placeOf(step, index)}/${found.step}` })
    }
  }
  return files
}

function* worksOf(state: RunState): Generator<{ step: string; index?: number; work: WorkState }> {
  for (const [step, work] of state.steps) {
    yield { step, work }
    for (const [index, item] of work.items) yield { step, index, work: item }
  }
}

function placeOf(step: string, index: number | undefined): string {
  return index === undefined ? step : `${step}[${index}]`
}
