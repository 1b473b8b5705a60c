/** The shapes that are measured, as workflows of ours: a fan-out that is joined, a chain, a mixture, a list. */

export const fanWidth = 100
export const chainLength = 200
/** Of the run that is killed half-way. */
export const resumedSteps = 10_000

export type Workload = 'fan' | 'chain'
export type StepKind = 'value' | 'function'

export const stepsOf = { fan: fanWidth + 1, chain: chainLength }

/** What each workload must put out, whoever runs it. */
export const expected = { fan: sumBelow(fanWidth), chain: chainLength }

const agents = `agents:
  same: {function: same}
  sum: {function: sum}
  next: {function: next}
`

/** Pure functions: what is measured is what the engine does around them. */
export const functions = {
  same: (input: Record<string, unknown>) => input['n'],
  next: (input: Record<string, unknown>) => Number(input['n']) + 1,
  sum: (input: Record<string, unknown>) => (input['list'] as number[]).reduce((total, n) => total + n, 0),
}

/** A workflow of `count` steps and what it must put out. */
export function workflowOf(shape: Workload, kind: StepKind, count: number): { text: string; right: number } {
  const { steps, right } = shape === 'fan' ? fanOf(kind, count) : chainOf(kind, count)
  return { text: textOf(`bench_${shape}_${kind}`, kind === 'function' ? agents : '', steps), right }
}

function textOf(name: string, head: string, steps: ReadonlyMap<string, string>): string {
  const lines = [...steps].map(([id, step]) => `  ${id}: ${step}`)
  const last = [...steps.keys()].at(-1)
  const result = `outputs:\n  result: \${{ steps.${last}.output }}`
  return [`name: ${name}`, 'max_concurrency: 128', head, 'steps:', ...lines, result, ''].join('\n')
}

type Steps = { steps: Map<string, string>; right: number }

/** All but one are independent; the last needs them all. An expression has room for some hundred references. */
function fanOf(kind: StepKind, count: number): Steps {
  const ids = Array.from({ length: count - 1 }, (_, n) => `s${n}`)
  const steps = new Map(
    ids.map((id, n) => [id, kind === 'value' ? `{value: ${n}}` : `{agent: same, input: {n: ${n}}}`]),
  )
  const summed = ids.slice(0, fanWidth)
  const list = `[${summed.map((id) => `steps.${id}.output`).join(', ')}]`
  const join = kind === 'value' ? `value: '\${{ sum(${list}) }}'` : `agent: sum, input: {list: '\${{ ${list} }}'}`
  const needs = ids.length > summed.length ? `needs: [${ids.join(', ')}], ` : ''
  steps.set('join', `{${needs}${join}}`)
  return { steps, right: sumBelow(summed.length) }
}

function chainOf(kind: StepKind, count: number): Steps {
  const steps = new Map<string, string>()
  for (let n = 0; n < count; n += 1) {
    const before = n === 0 ? '0' : `steps.s${n - 1}.output`
    steps.set(
      `s${n}`,
      kind === 'value' ? `{value: '\${{ ${before} + 1 }}'}` : `{agent: next, input: {n: '\${{ ${before} }}'}}`,
    )
  }
  return { steps, right: count }
}

function sumBelow(count: number): number {
  return (count * (count - 1)) / 2
}

/** A hundred chains side by side, with conditions here and there, joined at the end. */
export function mixedWorkflow(count: number): { text: string; right: number } {
  const steps = new Map<string, string>()
  for (let n = 0; n < count - 1; n += 1) {
    const before = n < fanWidth ? '0' : `steps.s${n - fanWidth}.output`
    const condition = n >= fanWidth && n % 10 === 3 ? `, condition: 'steps.s${n - fanWidth}.output > 0'` : ''
    steps.set(`s${n}`, `{value: '\${{ ${before} + 1 }}'${condition}}`)
  }
  const ends = Array.from({ length: fanWidth }, (_, n) => `steps.s${count - 2 - n}.output`)
  steps.set('join', `{value: '\${{ sum([${ends.join(', ')}]) }}'}`)
  return { text: textOf('bench_mixed', '', steps), right: count - 1 }
}

/** One step for each item of a list of `count`. */
export function foreachWorkflow(count: number): { text: string; right: number } {
  const items = `{foreach: {in: '\${{ range(${count}) }}', max_concurrency: 100}, value: '\${{ item + 1 }}'}`
  const steps = new Map([
    ['items', items],
    ['count', "{value: '${{ len(steps.items.output) }}'}"],
  ])
  return { text: textOf('bench_foreach', '', steps), right: count }
}

/** A file of `count` steps such as people write: models with prompts, needs, conditions. For `validate`. */
export function longWorkflow(count: number): string {
  const lines = ['name: long', 'inputs:', '  topic: {type: string, default: tides}', 'steps:']
  for (let n = 0; n < count; n += 1) {
    const before = n % 10
    lines.push(`  step_${n}:`, '    model: meta/meta-llama-3-8b-instruct', '    input:')
    if (n < 10) lines.push(`      prompt: Say something about \${{ inputs.topic }}, part ${n}`)
    else lines.push(`      prompt: Go on from \${{ steps.step_${n - 10}.output }}, part ${n}`)
    lines.push('      max_tokens: 200')
    if (n >= 10 && before === 3)
      lines.push(`    condition: len(steps.step_${n - 10}.output) > 10 and steps.step_${n - 10}.cost < 0.01`)
    if (before === 5) lines.push('    retry: {attempts: 4, base_delay: 500ms, max_delay: 10s}')
  }
  lines.push('outputs:', `  last: \${{ steps.step_${count - 1}.output }}`, '')
  return lines.join('\n')
}
