/** The fold behind the live tree. */
import { expect, test } from 'vitest'
import type { RunEventBody, RunNews } from '../../domain/events.ts'
import { foldNews, type LiveState, settledItems, startLiveState, type StepView, totalCost } from './live-state.ts'

const plan = {
  run_id: 'r1',
  title: 'photo',
  steps: [
    { id: 'brief', group: 'steps' as const, level: 0 },
    { id: 'draw', group: 'steps' as const, level: 1 },
    { id: 'ask', group: 'steps' as const, level: 2 },
  ],
}

type Body = RunEventBody | Extract<RunNews['event'], { type: 'call.progress' }>

/** Events a second apart, from time 1000 on. */
function after(...bodies: Body[]): LiveState {
  return from(startLiveState(plan), ...bodies)
}

function from(state: LiveState, ...bodies: Body[]): LiveState {
  return bodies.reduce(
    (next, body, at) =>
      foldNews(next, { run_id: 'r1', event: { seq: at + 1, time: 1_000 * (at + 1), ...body } as RunNews['event'] }),
    state,
  )
}

function step(state: LiveState, id: string): StepView {
  const found = state.steps.get(id)
  if (!found) throw new Error(`no step ${id}`)
  return found
}

const intended = { type: 'call.intended', candidate: 0, target: 'replicate', body: { value: {} } } as const
const settled = { type: 'step.settled', attempts: 1, latency_ms: 900, cost_usd: 0.01 } as const

test('a step goes from pending through running to its end with model, attempts, time and cost', () => {
  const running = after(
    { type: 'step.started', step: 'brief' },
    { ...intended, step: 'brief', call: 1, model: 'meta/llama' },
  )
  expect(step(running, 'brief')).toMatchObject({
    phase: 'running',
    started_at: 1_000,
    model: 'meta/llama',
    attempts: 1,
  })
  expect(step(running, 'draw').phase).toBe('pending')
  const done = from(running, { ...settled, step: 'brief', status: 'succeeded' })
  expect(step(done, 'brief')).toMatchObject({ phase: 'succeeded', latency_ms: 900, cost_usd: 0.01 })
  expect(totalCost(done)).toBe(0.01)
})

test('a failed attempt says why and when the next one comes, which clears both', () => {
  const error = { code: 'server' as const, message: 'try later', retryable: true }
  const failed = after(
    { type: 'step.started', step: 'brief' },
    { ...intended, step: 'brief', call: 1, model: 'm' },
    {
      type: 'call.settled',
      step: 'brief',
      call: 1,
      status: 'failed',
      error,
      latency_ms: 5,
      cost_usd: 0,
      retry_in_ms: 400,
    },
  )
  expect(step(failed, 'brief')).toMatchObject({ note: 'try later', retry_at: 3_400 })
  const again = from(failed, { ...intended, step: 'brief', call: 2, model: 'm' })
  expect(step(again, 'brief')).toMatchObject({ note: undefined, retry_at: undefined, attempts: 2 })
})

test('items of a foreach are counted, and only those under way are kept one by one', () => {
  const state = after(
    { type: 'step.started', step: 'draw' },
    { type: 'foreach.expanded', step: 'draw', count: 4 },
    { type: 'step.started', step: 'draw', index: 0 },
    { type: 'step.started', step: 'draw', index: 1 },
    { ...settled, step: 'draw', index: 0, status: 'succeeded', model: 'flux' },
    { ...settled, step: 'draw', index: 2, status: 'skipped' },
    { ...settled, step: 'draw', index: 3, status: 'failed' },
  )
  const { items, model, phase } = step(state, 'draw')
  expect(items).toEqual({
    total: 4,
    open: new Map([[1, 'running']]),
    succeeded: 1,
    failed: 1,
    skipped: 1,
    cancelled: 0,
  })
  expect(items && settledItems(items)).toBe(3)
  expect({ model, phase }).toEqual({ model: 'flux', phase: 'running' })
})

test('a step asks as long as one of its items waits for an answer', () => {
  const request = { type: 'approval.requested', step: 'ask', message: 'send?', inputs: {} } as const
  const asked = after({ type: 'step.started', step: 'ask' }, { ...request, index: 0 }, { ...request, index: 1 })
  expect(step(asked, 'ask')).toMatchObject({ asks: true, note: 'send?' })
  const answer = { type: 'approval.answered', step: 'ask', approved: true, inputs: {}, by: 'ada' } as const
  const one = from(asked, { ...answer, index: 0 })
  expect(step(one, 'ask').asks).toBe(true)
  expect(step(from(one, { ...answer, index: 1 }), 'ask')).toMatchObject({ asks: false, note: undefined })
})

test('an unknown cost makes the total unknown', () => {
  const state = after(
    { ...settled, step: 'brief', status: 'succeeded', cost_usd: null },
    { ...settled, step: 'draw', status: 'succeeded' },
  )
  expect(totalCost(state)).toBeNull()
})

test('a retried step is pending again, and what it cost stays in the total', () => {
  const retried = after(
    { ...settled, step: 'brief', status: 'failed' },
    { type: 'run.settled', status: 'failed', outputs: { value: {} }, cost_usd: 0.01 },
    { type: 'run.retried', attempt: 2, reset: [{ step: 'brief' }], definition_hash: 'h', by: 'ada' },
    { type: 'run.started', pid: 1, host: 'h', token: 2 },
  )
  expect(step(retried, 'brief')).toMatchObject({ phase: 'pending', cost_usd: 0 })
  expect(retried).toMatchObject({ status: 'running', ended_at: undefined, error: undefined })
  expect(totalCost(retried)).toBe(0.01)
})

test('failed items that are retried leave the count', () => {
  const retried = after(
    { type: 'step.started', step: 'draw' },
    { type: 'foreach.expanded', step: 'draw', count: 2 },
    { ...settled, step: 'draw', index: 0, status: 'succeeded' },
    { ...settled, step: 'draw', index: 1, status: 'failed' },
    { ...settled, step: 'draw', status: 'failed' },
    { type: 'run.retried', attempt: 2, reset: [{ step: 'draw', indexes: [1] }], definition_hash: 'h', by: 'ada' },
  )
  expect(step(retried, 'draw')).toMatchObject({ phase: 'running', items: { succeeded: 1, failed: 0 } })
})

test('a driver that goes on takes up what was cancelled, but not what waits for an answer', () => {
  const again = after(
    { ...settled, step: 'brief', status: 'cancelled' },
    { type: 'step.started', step: 'ask' },
    { type: 'approval.requested', step: 'ask', message: 'send?', inputs: {} },
    { type: 'run.waiting', waiting_for: 'approval' },
    { type: 'run.started', pid: 1, host: 'h', token: 2 },
  )
  expect(step(again, 'brief').phase).toBe('pending')
  expect(step(again, 'ask').phase).toBe('waiting')
  expect(again.waiting_for).toBeUndefined()
})

test('news of another run, of an unknown step and pieces of text change nothing', () => {
  const state = after({ type: 'step.started', step: 'brief' })
  const progress = { type: 'call.progress', step: 'brief', call: 1, text: 'The' } as const
  expect(foldNews(state, { run_id: 'other', event: { ...progress, time: 1 } })).toBe(state)
  expect(foldNews(state, { run_id: 'r1', event: { ...progress, step: 'nobody', time: 1 } })).toBe(state)
  expect(foldNews(state, { run_id: 'r1', event: { ...progress, time: 1 } })).toBe(state)
})
