import { describe, expect, it } from 'vitest'
import type { AgentDefinition, StepDefinition, WorkflowDefinition } from '../../domain/definition.ts'
import { type LoadOptions, loadWorkflowText } from '../load.ts'

async function definitionOf(text: string, options?: LoadOptions): Promise<WorkflowDefinition> {
  const outcome = await loadWorkflowText(text, 'folder/flow.yaml', options)
  if (!outcome.ok) throw new Error(outcome.problems.map(({ line, message }) => `${line}: ${message}`).join('\n'))
  return outcome.workflow.definition
}

async function stepOf(step: string, top = ''): Promise<StepDefinition> {
  const { steps } = await definitionOf(`${top}\nsteps:\n  s: ${step}\n`)
  return steps['s'] as StepDefinition
}

const writer: AgentDefinition = { target: 'replicate', models: ['a/b'], defaults: {}, fallback: ['spare'] }

describe('the normal form', () => {
  it('has defaults filled in', async () => {
    expect(await definitionOf('steps: {a: {value: 1}}')).toEqual({
      name: 'flow',
      env: [],
      inputs: {},
      agents: {},
      steps: { a: { action: { kind: 'value', value: 1 }, needs: [], input: {}, on_error: 'fail', fallback: [] } },
      finally: {},
      outputs: {},
      max_concurrency: 8,
      workflows: {},
    })
  })

  it('holds everything that can be written', async () => {
    const text = `
name: all
description: d
version: "1.2"
env: [A, A]
max_concurrency: 3
timeout: 90
budget_usd: 2.5
steps:
  a:
    model: x/y:v1
    description: what it does
    needs: b
    condition: "\${{ steps.b.output > 1 }}"
    input: {k: 1}
    input_map: {m: other}
    foreach: {in: [1], as: n, max_concurrency: 2, fail_fast: true}
    repeat: {until: output == 1, max: 4}
    retry: {attempts: 2, base_delay: 100ms, max_delay: 2s, jitter: none, on: timeout}
    timeout: 1.5m
    on_error: continue
    fallback: z/z
    output_schema: {type: string}
    output_key: out
    cache: {ttl: 1h}
  b: {value: 2, output_key: other}
  c: {approval: "ok?", inputs: {x: {min: 1}}, timeout: 2h}
  d: {approval: {message: m, timeout: 1}}
`
    const { steps, ...top } = await definitionOf(text)
    expect(top).toEqual({
      name: 'all',
      description: 'd',
      version: '1.2',
      env: ['A'],
      inputs: {},
      agents: {},
      finally: {},
      outputs: {},
      max_concurrency: 3,
      timeout_ms: 90_000,
      budget_usd: 2.5,
      workflows: {},
    })
    expect(steps['a']).toEqual({
      action: { kind: 'model', model: 'x/y:v1' },
      description: 'what it does',
      needs: ['b'],
      condition: '${{ steps.b.output > 1 }}',
      input: { k: 1, m: '${{ outputs.other }}' },
      foreach: { in: [1], as: 'n', max_concurrency: 2, fail_fast: true },
      repeat: { until: 'output == 1', max: 4 },
      retry: { attempts: 2, base_delay_ms: 100, max_delay_ms: 2_000, jitter: 'none', on: ['timeout'] },
      timeout_ms: 90_000,
      on_error: 'continue',
      fallback: ['z/z'],
      output_schema: { type: 'string' },
      output_key: 'out',
      cache: { ttl_ms: 3_600_000 },
    })
    const x = { type: 'string', required: true, secret: false, min: 1 }
    expect(steps['c']?.action).toEqual({
      kind: 'approval',
      approval: { message: 'ok?', inputs: { x }, timeout_ms: 7_200_000 },
    })
    expect(steps['d']?.action).toEqual({ kind: 'approval', approval: { message: 'm', inputs: {}, timeout_ms: 1_000 } })
  })

  it('merges defaults under agents under steps', async () => {
    const top = `
agents:
  slow: {model: a/b, retry: {attempts: 7}, timeout: 9s, cache: true}
  plain: {model: a/b}
defaults: {retry: {attempts: 4, base_delay: 1s}, timeout: 5s, cache: {ttl: 1m}, fallback: [plain], on_error: continue, max_concurrency: 2}
`
    const { retry, agents } = await definitionOf(`${top}steps: {s: {agent: slow}}`)
    expect(retry).toMatchObject({ attempts: 4, base_delay_ms: 1_000, max_delay_ms: 30_000 })
    expect(agents['slow']?.retry).toMatchObject({ attempts: 7, base_delay_ms: 1_000, max_delay_ms: 30_000 })
    expect(agents['plain']?.retry).toBeUndefined()
    expect(await stepOf('{agent: plain}', top)).toMatchObject({
      timeout_ms: 5_000,
      cache: { ttl_ms: 60_000 },
      fallback: ['plain'],
      on_error: 'continue',
    })
    const slow = await stepOf('{agent: slow}', top)
    expect([slow.retry, slow.timeout_ms, slow.cache]).toEqual([undefined, undefined, undefined])
    expect((await stepOf('{agent: slow, retry: {max_delay: 1m}}', top)).retry).toEqual({ max_delay_ms: 60_000 })
    expect(await stepOf('{agent: slow, cache: false, fallback: [], on_error: fail}', top)).toMatchObject({
      cache: false,
      fallback: [],
      on_error: 'fail',
    })
    expect((await stepOf('{agent: plain, foreach: {in: [1]}}', top)).foreach?.max_concurrency).toBe(2)
    const value = await stepOf('{value: 1}', top)
    expect([value.retry, value.timeout_ms, value.cache, value.fallback]).toEqual([undefined, undefined, undefined, []])
  })

  it('keeps local agents, and those from elsewhere that are used, with their fallbacks', async () => {
    const known = { writer, spare: { ...writer, fallback: [] }, unused: writer }
    const text =
      'agents: {mine: {models: [a/b, c/d:e], price: {usd_per_call: 1}}, shout: {function: f}, dep: {deployment: o/n}}\nsteps: {s: {agent: writer}}'
    const { agents } = await definitionOf(text, { agents: known })
    expect(agents).toEqual({
      mine: { target: 'replicate', models: ['a/b', 'c/d:e'], defaults: {}, fallback: [], price: { usd_per_call: 1 } },
      shout: { target: 'function', models: ['f'], defaults: {}, fallback: [] },
      dep: { target: 'replicate', models: [], deployment: 'o/n', defaults: {}, fallback: [] },
      writer,
      spare: { ...writer, fallback: [] },
    })
  })
})
