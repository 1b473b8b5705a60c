/** The two shapes that are measured, as workflows of ours: a fan-out that is joined, and a chain. */

export const fanWidth = 100
export const chainLength = 200

/** What each workload must put out, whoever runs it. */
export const expected = { fan: (fanWidth * (fanWidth - 1)) / 2, chain: chainLength }

export type Workload = keyof typeof expected
export type StepKind = 'value' | 'function'

export const stepsOf = { fan: fanWidth + 1, chain: chainLength }

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

export function workflowOf(workload: Workload, kind: StepKind): string {
  const steps = workload === 'fan' ? fanSteps(kind) : chainSteps(kind)
  const last = workload === 'fan' ? 'join' : `s${chainLength - 1}`
  return [
    `name: bench_${workload}_${kind}`,
    'max_concurrency: 128',
    kind === 'function' ? agents : '',
    'steps:',
    ...steps,
    'outputs:',
    `  result: \${{ steps.${last}.output }}`,
    '',
  ].join('\n')
}

function fanSteps(kind: StepKind): string[] {
  const ids = Array.from({ length: fanWidth }, (_, n) => `s${n}`)
  const list = `\${{ [${ids.map((id) => `steps.${id}.output`).join(', ')}] }}`
  const sum = `\${{ sum([${ids.map((id) => `steps.${id}.output`).join(', ')}]) }}`
  const steps = ids.map((id, n) =>
    kind === 'value' ? `  ${id}: {value: ${n}}` : `  ${id}: {agent: same, input: {n: ${n}}}`,
  )
  steps.push(kind === 'value' ? `  join: {value: '${sum}'}` : `  join: {agent: sum, input: {list: '${list}'}}`)
  return steps
}

function chainSteps(kind: StepKind): string[] {
  return Array.from({ length: chainLength }, (_, n) => {
    const before = n === 0 ? '0' : `steps.s${n - 1}.output`
    return kind === 'value'
      ? `  s${n}: {value: '\${{ ${before} + 1 }}'}`
      : `  s${n}: {agent: next, input: {n: '\${{ ${before} }}'}}`
  })
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
