import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { StepDefinition, WorkflowDefinition } from '../domain/definition.ts'
import { ReplicateAgentError } from '../domain/errors.ts'
import { cyclesOf, layersOf, ranksOf } from './planning/graph.ts'
import { loadWorkflowText } from './load.ts'
import { hashDefinition, type Plan, planOf } from './plan.ts'

async function planFor(text: string): Promise<Plan> {
  const outcome = await loadWorkflowText(text, 'plan.yaml')
  if (!outcome.ok) throw new Error(outcome.problems.map((problem) => problem.message).join('\n'))
  return outcome.workflow.plan
}

/** A directed graph without cycles: step i needs only steps before it, then all are shuffled. */
const graphs = fc
  .array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: 1, maxLength: 25 })
  .chain((picks) => fc.tuple(fc.constant(picks), fc.shuffledSubarray([...picks.keys()], { minLength: picks.length })))
  .map(([picks, order]) => ({
    needs: picks.map((list, at) => (at === 0 ? [] : [...new Set(list.map((pick) => pick % at))])),
    order,
  }))

/** Straight from the definitions of the words, with no thought of speed. */
function naive(needs: readonly (readonly number[])[]) {
  const level = (node: number): number => Math.max(-1, ...(needs[node] as number[]).map(level)) + 1
  const dependents = (node: number): number[] => [...needs.keys()].filter((other) => needs[other]?.includes(node))
  const rank = (node: number): number => Math.max(0, ...dependents(node).map(rank)) + 1
  return { level, rank, dependents }
}

describe('the plan', () => {
  it('has the topological facts of a naive reference, whichever way needs are written and steps are ordered', async () => {
    const forms = fc.infiniteStream(fc.constantFrom('needs', 'value', 'condition', 'key'))
    await fc.assert(
      fc.asyncProperty(graphs, forms, async ({ needs, order }, form) => {
        const lines = order.map((node) => {
          const declared: string[] = []
          const read: string[] = []
          const asked: string[] = []
          for (const need of needs[node] as number[]) {
            const kind = form.next().value
            if (kind === 'needs') declared.push(`s${need}`)
            else if (kind === 'value') read.push(`\${{ steps.s${need}.status }}`)
            else if (kind === 'key') read.push(`\${{ len(outputs.k${need}) }}`)
            else asked.push(`succeeded("s${need}")`)
          }
          const step = {
            needs: declared,
            value: read,
            output_key: `k${node}`,
            ...(asked.length > 0 && { condition: asked.join(' and ') }),
          }
          return `  s${node}: ${JSON.stringify(step)}`
        })
        const plan = await planFor(`steps:\n${lines.join('\n')}\n`)
        const again = planOf(JSON.parse(JSON.stringify(plan.definition)) as WorkflowDefinition)
        expect(again.hash).toBe(plan.hash)
        const reference = naive(needs)
        for (const made of [plan, again]) {
          for (const node of needs.keys()) {
            const step = made.steps.get(`s${node}`)
            expect(step?.level).toBe(reference.level(node))
            expect(step?.rank).toBe(reference.rank(node))
            expect(step?.needs.map(({ id }) => id).sort()).toEqual(
              (needs[node] as number[]).map((need) => `s${need}`).sort(),
            )
            expect([...(step?.dependents ?? [])].sort()).toEqual(
              reference
                .dependents(node)
                .map((other) => `s${other}`)
                .sort(),
            )
            expect(made.levels[reference.level(node)]).toContain(`s${node}`)
          }
          expect(made.levels.flat()).toHaveLength(needs.length)
          expect([...made.steps.keys()]).toEqual(order.map((node) => `s${node}`))
        }
      }),
      { numRuns: 60 },
    )
  })

  it('says where an implied need comes from', async () => {
    const plan = await planFor(`
steps:
  a: {value: [1], output_key: numbers}
  b:
    model: x/y
    needs: [a]
    input: {n: "\${{ steps.a.output }}"}
  c: {model: x/y, input_map: {n: numbers}}
  d: {value: 1, condition: 'failed("b") or always()'}
  e: {value: 1, foreach: {in: "\${{ steps.a.output }}"}}
  f: {value: 1, repeat: {until: "steps.c.status == 'succeeded'", max: 2}}
  g: {approval: "\${{ steps.f.output }}?"}
`)
    const needs = Object.fromEntries([...plan.steps].map(([id, step]) => [id, step.needs]))
    expect(needs).toEqual({
      a: [],
      b: [{ id: 'a', implied: false }],
      c: [{ id: 'a', implied: true, via: 'input' }],
      d: [{ id: 'b', implied: true, via: 'condition' }],
      e: [{ id: 'a', implied: true, via: 'foreach.in' }],
      f: [{ id: 'c', implied: true, via: 'repeat.until' }],
      g: [{ id: 'f', implied: true, via: 'approval' }],
    })
    expect(plan.outputKeys).toEqual(new Map([['numbers', 'a']]))
  })

  it('knows how a condition is judged', async () => {
    const plan = await planFor(`
steps:
  a: {value: 1}
  plain: {value: 1, condition: steps.a.output > 0}
  gate: {value: 1, condition: 'not failed("a")'}
  always: {value: 1, needs: a, condition: "\${{ always() }}"}
  item: {value: 1, foreach: {in: [1], as: n}, condition: n > 0}
  index: {value: 1, foreach: {in: [1]}, condition: index > 0}
  once: {value: 1, foreach: {in: [1]}, condition: steps.a.output > 0}
`)
    const facts = [...plan.steps.values()].flatMap(({ id, condition }) =>
      condition ? [[id, condition.replacesGate, condition.perItem, condition.statusCalls]] : [],
    )
    expect(facts).toEqual([
      ['plain', false, false, []],
      ['gate', true, false, [{ name: 'failed', step: 'a' }]],
      ['always', true, false, [{ name: 'always' }]],
      ['item', false, true, []],
      ['index', false, true, []],
      ['once', false, false, []],
    ])
    expect(plan.steps.get('always')?.condition?.expression.source.trim()).toBe('always()')
  })

  it('lets bare names mean the only need', async () => {
    const plan = await planFor(
      'steps: {a: {value: 1}, b: {value: "${{ output }}", needs: a}, c: {value: 1, needs: [a, b]}}',
    )
    expect([...plan.steps.values()].map((step) => step.bareNeed)).toEqual([undefined, 'a', undefined])
  })

  it('keeps finally out of the levels, and what it reads among its needs', async () => {
    const plan = await planFor(`
steps: {a: {value: 1}}
finally:
  x: {value: "\${{ steps.a.status }}"}
  y: {value: 1, needs: x}
`)
    expect(plan.levels).toEqual([['a']])
    expect([...plan.steps.values()].map(({ id, group, level, rank }) => [id, group, level, rank])).toEqual([
      ['a', 'steps', 0, 1],
      ['x', 'finally', 0, 2],
      ['y', 'finally', 1, 1],
    ])
    expect(plan.steps.get('a')?.dependents).toEqual(['x'])
  })

  it('refuses definitions that no loader would have let through', async () => {
    const { definition } = await planFor('steps: {a: {value: 1}, b: {value: 2, needs: a}}')
    const broken = (change: Partial<StepDefinition>): WorkflowDefinition => ({
      ...definition,
      steps: { ...definition.steps, a: { ...(definition.steps['a'] as StepDefinition), ...change } },
    })
    expect(() => planOf(broken({ needs: ['b'] }))).toThrow(ReplicateAgentError)
    expect(() => planOf(broken({ needs: ['z'] }))).toThrow('not defined')
    expect(() => planOf(broken({ condition: '1 +' }))).toThrow('condition')
    expect(() => planOf(definition).child('nowhere')).toThrow('nested')
  })

  it('has the same hash wherever the folder lies and however fields are ordered, and another for other content', async () => {
    const text =
      'inputs: {photo: {type: file, default: ./cat.png}, more: {type: files, default: [./a, ./b]}}\nsteps: {a: {value: 1, needs: []}}'
    const one = await loadWorkflowText(text, '/one/place/flow.yaml')
    const other = await loadWorkflowText(
      'steps: {a: {needs: [], value: 1}}\ninputs: {more: {default: [./a, ./b], type: files}, photo: {default: ./cat.png, type: file}}',
      '/other/flow.yaml',
    )
    const changed = await loadWorkflowText(text.replace('value: 1', 'value: 2'), '/one/place/flow.yaml')
    if (!one.ok || !other.ok || !changed.ok) throw new Error('did not load')
    expect(one.workflow.definition.inputs['photo']?.default).toBe('/one/place/cat.png')
    expect(one.workflow.definition.inputs['more']?.default).toEqual(['/one/place/a', '/one/place/b'])
    expect(other.workflow.hash).toBe(one.workflow.hash)
    expect(changed.workflow.hash).not.toBe(one.workflow.hash)
    expect(hashDefinition(one.workflow.definition)).toBe(one.workflow.hash)
  })

  it('plans 10,000 steps and 100,000 needs without recursion', async () => {
    const chain = Array.from({ length: 10_000 }, (_, at) => {
      const needs = Array.from({ length: Math.min(at, 10) }, (_none, back) => `s${at - 1 - back}`)
      return `  s${at}: {value: 1, needs: [${needs.join(',')}]}`
    })
    const outcome = await loadWorkflowText(`steps:\n${chain.join('\n')}\n`, 'big.yaml', { maxBytes: 10_000_000 })
    if (!outcome.ok) throw new Error('did not load')
    expect(outcome.workflow.plan.levels).toHaveLength(10_000)
    expect(outcome.workflow.plan.steps.get('s0')?.rank).toBe(10_000)
  })
})

describe('graphs', () => {
  it('finds cycles exactly where a naive search does, and names real ones', () => {
    const any = fc
      .integer({ min: 1, max: 12 })
      .chain((size) =>
        fc.array(fc.uniqueArray(fc.nat(size - 1), { maxLength: 3 }), { minLength: size, maxLength: size }),
      )
    fc.assert(
      fc.property(any, (needs) => {
        const reaches = (from: number, to: number): boolean => {
          const seen = new Set<number>()
          const open = [...(needs[from] as number[])]
          for (let node = open.pop(); node !== undefined; node = open.pop()) {
            if (node === to) return true
            if (!seen.has(node)) open.push(...(needs[node] as number[]))
            seen.add(node)
          }
          return false
        }
        const onCycle = [...needs.keys()].filter((node) => reaches(node, node))
        const cycles = cyclesOf(needs)
        for (const cycle of cycles) {
          for (const [at, node] of cycle.entries()) expect(needs[node]).toContain(cycle[(at + 1) % cycle.length])
          expect(new Set(cycle).size).toBe(cycle.length)
        }
        const knots = new Set(
          onCycle.map((node) =>
            onCycle
              .filter((other) => (other === node || reaches(node, other)) && (other === node || reaches(other, node)))
              .join(),
          ),
        )
        expect(cycles).toHaveLength(knots.size)
        const { order, level } = layersOf(needs)
        expect(order.length === needs.length).toBe(onCycle.length === 0)
        expect(level.filter((value) => value === -1)).toHaveLength(needs.length - order.length)
      }),
      { numRuns: 1_000 },
    )
  })

  it('names the shortest cycle of a knot', () => {
    const ring = Array.from({ length: 30 }, (_, at) => [(at + 1) % 30])
    ring[20]?.push(18)
    expect(cyclesOf(ring)).toEqual([[18, 19, 20]])
  })

  it('needs no recursion for a long chain', () => {
    const chain = Array.from({ length: 200_000 }, (_, at) => (at === 0 ? [] : [at - 1]))
    const { order } = layersOf(chain)
    expect(ranksOf(chain, order)[0]).toBe(200_000)
    expect(cyclesOf(chain)).toEqual([])
    chain[0] = [199_999]
    expect(cyclesOf(chain)[0]).toHaveLength(200_000)
  })
})
