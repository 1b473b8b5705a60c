/** A journal and a definition from elsewhere, checked so far that they can be trusted as our own. */
import { StoreError } from '../../domain/errors.ts'
import { z } from 'zod'
import type { WorkflowDefinition } from '../../domain/definition.ts'
import { eventProblem, plainText } from '../../domain/event-shapes.ts'
import type { RunEvent } from '../../domain/events.ts'
import type { RunRecord } from '../../state/store/contract.ts'
import { type Json, nestsDeeper } from '../../std/json.ts'
import { foldEvents } from '../../workflow/fold.ts'
import { hashDefinition, planOf } from '../../workflow/plan.ts'
import type { RunState } from '../../workflow/state.ts'
import type { Manifest } from './manifest.ts'

type Entry = Manifest['runs'][number]

/** No value of a run is so deep; recursion has an end somewhere above. */
const deepest = 1_000

/** The row of the run follows from its journal. Throws an Error that says what is wrong. */
export function checkJournal(entry: Entry, text: string): { record: RunRecord; events: RunEvent[] } {
  const events = parseEvents(entry, text)
  const state = foldEvents(entry.run_id, events)
  if (state.workflow !== entry.workflow) throw wrong(entry, 'it is of another workflow than the manifest says')
  if (state.parent?.run_id !== entry.parent_run_id) throw wrong(entry, 'it is nested elsewhere than the manifest says')
  if (state.definition_hash !== entry.definition_hash)
    throw wrong(entry, 'it has another definition than the manifest says')
  return { record: recordOf(state), events }
}

function parseEvents(entry: Entry, text: string): RunEvent[] {
  const lines = text.split('\n')
  if (lines.pop() !== '' || lines.length !== entry.events || lines.length === 0)
    throw wrong(entry, `it should have ${entry.events} events`)
  return lines.map((line, at) => {
    const where = `event ${at + 1}`
    let event: unknown
    try {
      event = JSON.parse(line)
    } catch {
      throw wrong(entry, `${where} is not JSON`)
    }
    if (nestsDeeper(event as Json, deepest)) throw wrong(entry, `${where} is nested too deeply`)
    const problem = eventProblem(event)
    if (problem !== undefined) throw wrong(entry, `${where}: ${problem}`)
    const { seq, type } = event as RunEvent
    if (seq !== at + 1) throw wrong(entry, `${where} is numbered ${seq}`)
    if ((type === 'run.created') !== (at === 0)) throw wrong(entry, `${where} is ${type}`)
    return event as RunEvent
  })
}

function recordOf(state: RunState): RunRecord {
  const { run_id, workflow, version, status, waiting_for, definition_hash, sandbox, attempt, cost_usd } = state
  const { created_at, updated_at, seq, parent } = state
  return {
    ...{ run_id, workflow, version, status, waiting_for, definition_hash, sandbox, attempt, cost_usd },
    ...{ created_at, updated_at, seq, parent_run_id: parent?.run_id },
  }
}

function wrong({ run_id }: Entry, what: string): StoreError {
  return new StoreError('store_corrupt', `the journal of run ${run_id}: ${what}`)
}

// ── definitions ──

const json = z.custom<Json>((value) => value !== undefined, 'is missing')
const names = z.array(plainText)
const step = z.looseObject({
  action: z.looseObject({ kind: z.enum(['agent', 'model', 'workflow', 'value', 'approval']) }),
  needs: names,
  input: z.record(z.string(), json),
  on_error: z.enum(['fail', 'continue']),
  fallback: names,
})
const definition = z.looseObject({
  name: plainText,
  env: names,
  inputs: z.record(plainText, z.looseObject({ type: z.string(), required: z.boolean(), secret: z.boolean() })),
  agents: z.record(plainText, z.looseObject({ target: z.string(), models: names, fallback: names })),
  steps: z.record(plainText, step),
  finally: z.record(plainText, step),
  outputs: z.record(plainText, json),
  max_concurrency: z.number().int().positive(),
  get workflows() {
    return z.record(plainText, definition)
  },
})

/** Throws a StoreError that says what is wrong: it must be what its hash says, and a plan must come of it. */
export function checkDefinition(hash: string, text: string): void {
  const where = `the definition ${hash.slice(0, 8)}`
  let parsed: WorkflowDefinition
  try {
    parsed = JSON.parse(text) as WorkflowDefinition
    if (nestsDeeper(parsed as unknown as Json, deepest))
      throw new StoreError('store_corrupt', 'it is nested too deeply')
    const checked = definition.safeParse(parsed)
    if (!checked.success) {
      const [issue] = checked.error.issues
      throw new StoreError('store_corrupt', `"${issue?.path.join('.')}" ${issue?.message}`)
    }
    plan(parsed)
  } catch (error) {
    throw new StoreError('store_corrupt', `${where}: ${(error as Error).message}`, { cause: error })
  }
  if (hashDefinition(parsed) !== hash) throw new StoreError('store_corrupt', `${where} is not what its hash says`)
}

/** Nested ones, too. */
function plan(parsed: WorkflowDefinition): void {
  planOf(parsed)
  for (const nested of Object.values(parsed.workflows)) plan(nested)
}
