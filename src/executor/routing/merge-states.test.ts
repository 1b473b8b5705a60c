import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { agentsOf, armsOf, known } from './known.ts'
import { mergeInto, mergeWriters } from './merge-states.ts'
import { armsToReset, resetState } from './reset-state.ts'
import { applyChange, type StateChange } from './state-change.ts'
import { emptyState, readState, type StateFile, stateText } from './state-shape.ts'

const learning = { ema_alpha: 0.3, discount: 1, change_point: true, prior_strength: 5 }
const agent = fc.constantFrom('writer', 'painter', 'constructor')
const arm = fc.constantFrom('a/b:1', 'a/b:2', 'c/d')
const context = fc.constantFrom('', 'step=w/a', 'task=t step=w/a length=8', 'task=toString')
const time = fc.integer({ min: -1e15, max: 1e16 })
const policy = fc.record({
  ...{ ema_alpha: fc.constantFrom(0.1, 0.3, 1), discount: fc.constantFrom(1, 0.999) },
  ...{ change_point: fc.boolean(), prior_strength: fc.constant(5) },
})
const decision = fc.constantFrom('r/a/1', 'r/a/2', 'r/b[3]#1/4', 'valueOf')
const share = fc.double({ min: 0, max: 1, noNaN: true })
const amount = fc.double({ min: 0, max: 1e9, noNaN: true })

const observed: fc.Arbitrary<StateChange> = fc.record(
  {
    ...{ op: fc.constant('observe' as const), agent, arm, context, time, policy, decision },
    outcome: fc.record(
      { succeeded: fc.boolean(), quality: share, latency_ms: amount, cost_usd: amount },
      { requiredKeys: ['succeeded'] },
    ),
  },
  { requiredKeys: ['op', 'agent', 'arm', 'context', 'time', 'policy', 'outcome'] },
)
const scored: fc.Arbitrary<StateChange> = fc.record({
  ...{ op: fc.constant('feedback' as const), agent, arm, context, time, policy, decision, score: share },
  by: fc.constantFrom('person', 'judge'),
})
const reset = fc.record({ op: fc.constant('reset' as const), agent, model: fc.constantFrom(undefined, 'a/b', 'c/d') })
const steps = fc.array(fc.oneof({ weight: 8, arbitrary: observed }, { weight: 3, arbitrary: scored }, reset), {
  maxLength: 30,
})

/** A file that came to be by what happened, as it is after each thing that did. */
function historyOf(
  id: string,
  happened: readonly (StateChange | { op: 'reset'; agent: string; model?: string | undefined })[],
) {
  let state = emptyState(id)
  const past: StateFile[] = [structuredClone(state)]
  for (const step of happened) {
    if (step.op === 'reset') {
      const choice = { agent: step.agent, ...(step.model !== undefined && { model: step.model }) }
      state = resetState(state, armsToReset(state, choice))
    } else applyChange(state, step)
    past.push(structuredClone(state))
  }
  return past
}

const last = (history: readonly StateFile[]) => history.at(-1) as StateFile
const textOf = (writers: StateFile['writers']) => stateText({ schema_version: 1, id: 'any', writers })

describe('files of statistics', () => {
  test('come together to the same, in whatever order and how often', () => {
    const three = fc.tuple(steps, steps, steps).chain((all) => {
      const histories = all.map((happened, at) => historyOf(['x', 'y', 'z'][at] as string, happened))
      // Of the same machines, an older and a newer file.
      const some = (at: number) => fc.constantFrom(...(histories[at] as StateFile[])).map(({ writers }) => writers)
      const file = fc
        .tuple(some(0), some(1), some(2), fc.integer({ min: 1, max: 7 }))
        .map(([x, y, z, which]): StateFile['writers'] => {
          return { ...(which & 1 && x), ...(which & 2 && y), ...(which & 4 && z) }
        })
      return fc.tuple(file, file, file)
    })
    fc.assert(
      fc.property(three, ([a, b, c]) => {
        expect(textOf(mergeWriters(a, b))).toBe(textOf(mergeWriters(b, a)))
        expect(textOf(mergeWriters(a, a))).toBe(textOf(a))
        expect(textOf(mergeWriters(mergeWriters(a, b), b))).toBe(textOf(mergeWriters(a, b)))
        expect(textOf(mergeWriters(mergeWriters(a, b), c))).toBe(textOf(mergeWriters(a, mergeWriters(b, c))))
      }),
      { numRuns: 60 },
    )
  })

  test('of which somebody forged one come together to the same, too', () => {
    const { writers } = last(historyOf('x', [observation('a/b:1'), observation('a/b:1')]))
    const forged = structuredClone(writers)
    for (const { agents } of Object.values(forged)) for (const { arms } of Object.values(agents)) delete arms['a/b:1']
    expect(textOf(mergeWriters(writers, forged))).toBe(textOf(mergeWriters(forged, writers)))
  })

  test('are read as they were written, to the last bit', () => {
    fc.assert(
      fc.property(steps, (happened) => {
        const state = last(historyOf('x', happened))
        const text = stateText(state)
        const again = readState(text, 'file')
        expect(stateText(again)).toBe(text)
        for (const name of agentsOf(state))
          for (const model of armsOf(state, name)) expect(known(again, name, model)).toEqual(known(state, name, model))
      }),
      { numRuns: 100 },
    )
  })

  test('never hold what can not be read, whatever happens to them, also when they are merged', () => {
    fc.assert(
      fc.property(steps, steps, steps, (mine, theirs, later) => {
        const other = last(historyOf('y', theirs))
        const { state } = mergeInto(last(historyOf('x', mine)), other.writers)
        for (const step of later) if (step.op !== 'reset') applyChange(state, step)
        expect(stateText(readState(stateText(state), 'file'))).toBe(stateText(state))
      }),
      { numRuns: 60 },
    )
  })
})

function observation(model: string, quality?: number): StateChange {
  const outcome = { succeeded: true, latency_ms: 10, ...(quality !== undefined && { quality }) }
  return { op: 'observe', agent: 'writer', arm: model, context: 'step=a', time: 0, outcome, policy: learning }
}

const many = (count: number, quality?: number) => [...Array(count).keys()].map(() => observation('a/b:1', quality))
const callsOf = (state: StateFile, model = 'a/b:1') => known(state, 'writer', model).sums.calls

describe('what two machines learned', () => {
  test('adds up, in all contexts and in one', () => {
    const [laptop, ci] = [last(historyOf('laptop', many(3, 1))), last(historyOf('ci', many(4, 0.5)))]
    const { state, writers, gains } = mergeInto(laptop, ci.writers)
    expect(writers).toEqual({ added: 1, updated: 0 })
    expect(gains).toEqual([{ agent: 'writer', model: 'a/b:1', calls_before: 3, calls: 7 }])
    expect(known(state, 'writer', 'a/b:1', 'step=a').sums).toMatchObject({ calls: 7, quality: { n: 7, sum: 5 } })
    // Moving averages stay what they are here.
    expect(known(state, 'writer', 'a/b:1').derived).toMatchObject({ ema: { quality: 1 } })
    applyChange(state, observation('a/b:1', 0))
    expect(known(state, 'writer', 'a/b:1').sums).toMatchObject({ calls: 8, quality: { n: 8, sum: 5 } })
    expect(state.writers['ci']).toEqual(ci.writers['ci'])
  })

  test('is not added twice, and a later file takes the place of an earlier one', () => {
    const history = historyOf('ci', many(6))
    const once = mergeInto(last(historyOf('laptop', many(2))), (history[4] as StateFile).writers).state
    expect(callsOf(once)).toBe(6)
    const again = mergeInto(once, (history[4] as StateFile).writers)
    expect([again.writers, again.gains]).toEqual([{ added: 0, updated: 0 }, []])
    const later = mergeInto(again.state, last(history).writers)
    expect([later.writers.updated, callsOf(later.state)]).toEqual([1, 8])
    expect(callsOf(mergeInto(later.state, (history[2] as StateFile).writers).state)).toBe(8)
  })
})

describe('a reset', () => {
  test('survives an older file of the same machine, and one of another machine', () => {
    const own = last(historyOf('laptop', many(3)))
    const ci = historyOf('ci', [...many(4), ...many(2)])
    const before = structuredClone(mergeInto(own, (ci[4] as StateFile).writers).state)
    const { state } = mergeInto(resetState(before, armsToReset(before, { agent: 'writer' })), before.writers)
    expect([armsOf(state, 'writer'), callsOf(state)]).toEqual([[], 0])
    applyChange(state, observation('a/b:1'))
    expect(callsOf(mergeInto(state, before.writers).state)).toBe(1)
    // What the other one learned afterwards is news.
    expect(callsOf(mergeInto(state, last(ci).writers).state)).toBe(7)
  })

  test('of a model goes for each of its versions, and leaves the others', () => {
    const state = last(historyOf('x', [observation('a/b:1'), observation('a/b:2'), observation('c/d')]))
    expect(armsToReset(state, { model: 'a/b' }).map(({ model }) => model)).toEqual(['a/b:1', 'a/b:2'])
    expect(armsToReset(state, { model: 'a/b:2' }).map(({ model }) => model)).toEqual(['a/b:2'])
    const left = resetState(state, armsToReset(state, { model: 'a/b' }))
    expect(armsOf(left, 'writer')).toEqual(['c/d'])
    expect(Object.keys(left.derived.models)).toEqual(['c/d'])
  })

  test('lets no earlier score be taken away from what comes after it', () => {
    const score = {
      op: 'feedback',
      agent: 'writer',
      arm: 'a/b:1',
      context: '',
      time: 0,
      decision: 'd',
      by: 'person',
    } as const
    const state = last(historyOf('x', [observation('a/b:1'), { ...score, score: 1, policy: learning }]))
    const next = resetState(state, armsToReset(state, {}))
    applyChange(next, { ...score, score: 0.5, policy: learning })
    expect(known(next, 'writer', 'a/b:1').sums.quality).toEqual({ n: 1, sum: 0.5, squares: 0.25 })
  })
})
