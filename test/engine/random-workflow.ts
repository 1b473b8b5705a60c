/** Random workflows as plain data, the text that the engine is given of them, and what their models answer. */
import fc from 'fast-check'
import type { Json, JsonObject } from '../../src/std/json.ts'

/** Steps are named by their position; what they refer to comes before them. */
export type Condition =
  | { op: 'input'; value: boolean }
  | { op: 'status'; fn: 'succeeded' | 'failed' | 'skipped'; step: number }
  | { op: 'always' }
  /** An error when the output is no number. */
  | { op: 'at_least'; step: number; least: number }
  | { op: 'not'; of: Condition }
  | { op: 'and' | 'or'; left: Condition; right: Condition }

export type Action =
  | { kind: 'model'; from?: number | undefined }
  | { kind: 'value'; from?: number | undefined }
  /** Over so many items, or over the output of a step; `skips`: the item that its condition leaves out. */
  | {
      kind: 'foreach'
      items: number
      from?: number | undefined
      window: number
      failFast: boolean
      skips?: number | undefined
    }
  | { kind: 'repeat'; until: number; max: number }

export interface RandomStep {
  needs: number[]
  action: Action
  /** Which calls fail: of items by index, else 0. */
  fails: readonly number[]
  continues: boolean
  condition?: Condition | undefined
  /** How long its calls take, milliseconds. */
  ms: number
}

export interface RandomWorkflow {
  steps: RandomStep[]
  finals: {
    from?: number | undefined
    fails: boolean
    continues: boolean
    onlyAfter?: 'succeeded' | 'failed' | undefined
  }[]
  maxConcurrency: number
}

export const stepId = (at: number) => `s${at}`
export const finalId = (at: number) => `f${at}`

// ── making them ──

function conditionArb(): fc.Arbitrary<Condition> {
  const step = fc.nat(9)
  return fc.letrec<{ condition: Condition }>((tie) => ({
    condition: fc.oneof(
      { maxDepth: 2, withCrossShrink: true },
      fc.record({ op: fc.constant('input' as const), value: fc.boolean() }),
      fc.record({ op: fc.constant('status' as const), fn: fc.constantFrom('succeeded', 'failed', 'skipped'), step }),
      fc.constant({ op: 'always' as const }),
      fc.record({ op: fc.constant('at_least' as const), step, least: fc.nat(60) }),
      fc.record({ op: fc.constant('not' as const), of: tie('condition') }),
      fc.record({
        op: fc.constantFrom('and' as const, 'or' as const),
        left: tie('condition'),
        right: tie('condition'),
      }),
    ),
  })).condition
}

const sometimes = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 })

const actionArb: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('model' as const), from: sometimes(fc.nat(9)) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('value' as const), from: sometimes(fc.nat(9)) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('foreach' as const),
      items: fc.nat(4),
      from: sometimes(fc.nat(9)),
      window: fc.integer({ min: 1, max: 3 }),
      failFast: fc.boolean(),
      skips: sometimes(fc.nat(3)),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('repeat' as const),
      until: fc.integer({ min: 1, max: 4 }),
      max: fc.integer({ min: 1, max: 3 }),
    }),
  },
)

const stepArb: fc.Arbitrary<RandomStep> = fc.record({
  needs: fc.array(fc.nat(9), { maxLength: 2 }),
  action: actionArb,
  fails: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(fc.nat(3), { maxLength: 2 }) },
  ),
  continues: fc.boolean(),
  condition: sometimes(conditionArb()),
  ms: fc.nat(40),
})

export const workflowArb: fc.Arbitrary<RandomWorkflow> = fc
  .record({
    steps: fc.array(stepArb, { minLength: 1, maxLength: 9 }),
    finals: fc.array(
      fc.record({
        from: sometimes(fc.nat(9)),
        fails: fc.boolean(),
        continues: fc.boolean(),
        onlyAfter: sometimes(fc.constantFrom('succeeded' as const, 'failed' as const)),
      }),
      { maxLength: 2 },
    ),
    maxConcurrency: fc.integer({ min: 1, max: 4 }),
  })
  .map((loose) => tidy(loose))

/** Points every reference at a step that comes before, and takes out what the language refuses. */
function tidy(loose: RandomWorkflow): RandomWorkflow {
  const steps = loose.steps.map((step, at): RandomStep => tidyStep(step, at, loose.steps))
  const finals: RandomWorkflow['finals'] = loose.finals.map(({ from, ...rest }) =>
    from === undefined ? rest : { ...rest, from: from % steps.length },
  )
  return { ...loose, steps, finals }
}

function tidyStep(step: RandomStep, at: number, all: readonly RandomStep[]): RandomStep {
  const before = (position: number) => position % at
  const tidied: RandomStep = { ...step, needs: at === 0 ? [] : [...new Set(step.needs.map(before))] }
  const { action } = step
  tidied.action = { ...action }
  if ('from' in tidied.action && tidied.action.from !== undefined) {
    const from = at === 0 ? undefined : before(tidied.action.from)
    // That data made of data is no list is told before anything runs.
    const isKnownObject = from !== undefined && all[from]?.action.kind === 'value' && action.kind === 'foreach'
    if (from === undefined || isKnownObject) delete tidied.action.from
    else tidied.action.from = from
  }
  if (tidied.action.kind === 'foreach') {
    // What a failure finds begun depends on time, unless there is one item at a time.
    if (tidied.action.failFast) tidied.action.window = 1
    delete tidied.condition
  } else if (step.condition)
    tidied.condition = at === 0 ? { op: 'input', value: true } : tidyCondition(step.condition, at, all)
  if (tidied.condition === undefined) delete tidied.condition
  return tidied
}

function tidyCondition(condition: Condition, at: number, all: readonly RandomStep[]): Condition {
  switch (condition.op) {
    case 'status':
      return { ...condition, step: condition.step % at }
    case 'at_least': {
      const step = condition.step % at
      const { kind } = (all[step] as RandomStep).action
      // Known to be no number.
      return kind === 'value' || kind === 'foreach' ? { op: 'status', fn: 'succeeded', step } : { ...condition, step }
    }
    case 'not': {
      const of = tidyCondition(condition.of, at, all)
      // A condition that is false whatever happens is told before anything runs.
      return hasAlways(of) ? of : { op: 'not', of }
    }
    case 'and':
    case 'or':
      return {
        ...condition,
        left: tidyCondition(condition.left, at, all),
        right: tidyCondition(condition.right, at, all),
      }
    default:
      return condition
  }
}

function hasAlways(condition: Condition): boolean {
  if (condition.op === 'not') return hasAlways(condition.of)
  if (condition.op === 'and' || condition.op === 'or') return hasAlways(condition.left) || hasAlways(condition.right)
  return condition.op === 'always'
}

// ── writing them ──

export function workflowText({ steps, finals, maxConcurrency }: RandomWorkflow): string {
  const output = (from: number | undefined) => (from === undefined ? 0 : `\${{ steps.${stepId(from)}.output }}`)
  const written: JsonObject = {}
  for (const [at, step] of steps.entries()) {
    const { action } = step
    const fields: JsonObject = { needs: step.needs.map(stepId), on_error: step.continues ? 'continue' : 'fail' }
    if (step.condition) fields['condition'] = conditionText(step.condition)
    if (action.kind === 'value') fields['value'] = { at, from: output(action.from) }
    else {
      fields['model'] = 'o/any'
      fields['input'] = { at, from: action.kind === 'model' ? output(action.from) : 0 }
    }
    if (action.kind === 'foreach') {
      const list =
        action.from === undefined ? Array.from({ length: action.items }, (_each, item) => item) : output(action.from)
      fields['foreach'] = { in: list, max_concurrency: action.window, fail_fast: action.failFast }
      fields['input'] = { at, index: '${{ index }}' }
      if (action.skips !== undefined) fields['condition'] = `index != ${action.skips}`
    }
    if (action.kind === 'repeat') {
      fields['input'] = { at, before: '${{ previous }}' }
      fields['repeat'] = { until: `output >= ${at * 10 + action.until}`, max: action.max }
    }
    written[stepId(at)] = fields
  }
  const last: JsonObject = {}
  for (const [at, step] of finals.entries()) {
    const fields: JsonObject = {
      model: 'o/any',
      input: { at: 100 + at, from: output(step.from), status: '${{ run.status }}' },
    }
    fields['on_error'] = step.continues ? 'continue' : 'fail'
    if (step.onlyAfter) fields['condition'] = `run.status == "${step.onlyAfter}"`
    last[finalId(at)] = fields
  }
  return JSON.stringify({
    name: 'random',
    inputs: { yes: { type: 'boolean', default: true }, no: { type: 'boolean', default: false } },
    max_concurrency: maxConcurrency,
    steps: written,
    ...(finals.length > 0 && { finally: last }),
  })
}

function conditionText(condition: Condition): string {
  switch (condition.op) {
    case 'input':
      return condition.value ? 'inputs.yes' : 'inputs.no'
    case 'status':
      return `${condition.fn}("${stepId(condition.step)}")`
    case 'always':
      return 'always()'
    case 'at_least':
      return `steps.${stepId(condition.step)}.output >= ${condition.least}`
    case 'not':
      return `not (${conditionText(condition.of)})`
    default:
      return `(${conditionText(condition.left)}) ${condition.op} (${conditionText(condition.right)})`
  }
}

// ── what models answer ──

export interface Asked {
  at: number
  from?: Json
  before?: Json
  index?: number
}

/** The number that a call puts out, or undefined when it fails. */
export function answerOf(workflow: RandomWorkflow, { at, from, before, index }: Asked): number | undefined {
  if (at >= 100) return workflow.finals[at - 100]?.fails ? undefined : at
  const step = workflow.steps[at] as RandomStep
  if (step.fails.includes(index ?? 0)) return undefined
  if (step.action.kind === 'repeat') return (typeof before === 'number' ? before : at * 10) + 1
  return at * 10 + (index ?? 0) + (typeof from === 'number' ? from % 7 : 0)
}
