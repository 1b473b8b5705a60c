import { expect, it } from 'vitest'
import { defaultRouting } from '../../domain/routing.ts'
import type { Candidate } from '../../targets/target.ts'
import { consider, type RouteRequest } from './consider.ts'
import { createMemoryState } from './state.ts'

const chain: Candidate[] = ['a/a', 'b/b', 'c/c'].map((model) => {
  return { name: 'writer', target: 'replicate', model, deployment: model === 'c/c', defaults: {} }
})
const here = 'step=demo/write length=0'

/** Ten calls of one version, of which nine succeeded. */
function taught() {
  const state = createMemoryState()
  for (let call = 0; call < 10; call += 1) {
    const known = { succeeded: call > 0, latency_ms: 100, cost_usd: 0.02 }
    state.observe('writer', 'a/a:v1', here, known, defaultRouting)
    state.observe('painter', 'b/b', here, { succeeded: true, latency_ms: 700, cost_usd: 0.5 }, defaultRouting)
  }
  return state
}

const request = (versions: Record<string, string> = {}): RouteRequest => ({
  spec: { chain, input: {} },
  open: [0, 1, 2],
  labels: { run_id: 'r', workflow: 'demo', step: 'write' },
  call: 1,
  versionOf: (model) => versions[model],
  expected: async () => 0.007,
})

it('A new version of a model begins with what the older ones have proved, worth a few observations', async () => {
  const { candidates } = await consider(taught(), undefined, request({ 'a/a': 'v2', 'c/c': 'v9' }))
  const arms = candidates.map(({ arm }) => arm)
  expect(arms[0]).toMatchObject({ key: 'a/a:v2', prior: { quality: 0.9, strength: 5 }, latency_ms: null })
  expect(arms[1]).not.toHaveProperty('prior')
  // A deployment's version is its owner's affair.
  expect(arms[2]).toMatchObject({ key: 'c/c' })
})

it('Without a version that the run has fixed, the one that was used last is meant', async () => {
  const { candidates } = await consider(taught(), undefined, request())
  expect(candidates[0]).toMatchObject({
    arm: { key: 'a/a:v1', cost_usd: expect.closeTo(0.02, 9), latency_ms: expect.closeTo(100, 6) },
    known: { calls: 10, quality: { mean: 0.9, observations: 10 }, timed: 10, barred: undefined },
  })
})

it('What a model takes is known from other agents, too; its price comes before what they paid, and how good it is for this one they do not say', async () => {
  const { candidates } = await consider(taught(), undefined, request())
  expect(candidates[1]).toMatchObject({
    arm: { key: 'b/b', cost_usd: 0.007, latency_ms: expect.closeTo(700, 6) },
    known: { calls: 0, quality: { mean: null, observations: 0 }, timed: 10 },
  })
})

it('Before the first call, the price says what the input will cost', async () => {
  const { candidates } = await consider(createMemoryState(), undefined, request())
  expect(candidates.map(({ arm }) => arm.cost_usd)).toEqual([0.007, 0.007, 0.007])
})
