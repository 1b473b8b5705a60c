import { describe, expect, test } from 'vitest'
import type { RunNews } from '../../../domain/events.ts'
import { eventLines } from './event-lines.ts'
import { styleFor } from './style.ts'

const style = styleFor({ write: () => {} }, {})
const outline = {
  workflow: 'photo',
  steps: [
    { id: 'draw', group: 'steps' as const, level: 0 },
    { id: 'upscale', group: 'steps' as const, level: 1 },
  ],
}

function tell(events: { type: string; run_id?: string; [field: string]: unknown }[]): (string | undefined)[] {
  const line = eventLines('r1', outline, style)
  return events.map(({ run_id = 'r1', ...event }, at) =>
    line({ run_id, event: { seq: at + 1, time: 1_000 + at * 500, ...event } as unknown as RunNews['event'] }),
  )
}

describe('plain lines', () => {
  test('are aligned, timed from the first event, and say what a step did', () => {
    const facts = { attempts: 1, latency_ms: 1_500, cost_usd: 0.003, model: 'a/b' }
    expect(
      tell([
        { type: 'run.started' },
        { type: 'step.started', step: 'draw' },
        { type: 'step.settled', step: 'draw', status: 'succeeded', ...facts },
        { type: 'step.settled', step: 'upscale', status: 'skipped', reason: 'draw failed', ...facts },
        { type: 'run.settled', status: 'succeeded', cost_usd: 0.003 },
      ]),
    ).toEqual([
      undefined,
      '  500ms  draw     … started',
      '   1.0s  draw     ✓ 1.5s  $0.0030  a/b',
      '   1.5s  upscale  – skipped: draw failed',
      '   2.0s  run      ✓ succeeded  $0.0030',
    ])
  })

  test('name items, and steps of nested runs', () => {
    const lines = tell([
      { type: 'step.settled', step: 'draw', index: 2, status: 'failed', attempts: 1, latency_ms: 5, cost_usd: 0 },
      { type: 'step.started', step: 'a', run_id: 'r1.draw' },
      { type: 'run.settled', run_id: 'r1.draw', status: 'failed', cost_usd: null },
    ])
    expect(lines.map((line) => line?.slice(9).trim())).toEqual([
      'draw[2]  ✗ 5ms',
      'draw/a   … started',
      'draw     ✗ failed  ?',
    ])
  })

  test('tell which candidate was chosen, and who was not to be; of items the model is told at their end', () => {
    const decision = {
      ...{ id: 'r1/draw/1', agent: 'painter', strategy: 'learned', context: '', chosen: 1 },
      candidates: [
        { candidate: 0, model: 'a/b', removed_by: 'cost_cap_usd 0.01 < 0.03' },
        { candidate: 1, model: 'c/d' },
      ],
    }
    expect(
      tell([
        { type: 'call.routed', step: 'draw', call: 1, decision },
        { type: 'call.routed', step: 'draw', index: 3, call: 1, decision },
      ]),
    ).toEqual(['    0ms  draw     chose c/d of 2 candidates by learned (a/b: cost_cap_usd 0.01 < 0.03)', undefined])
  })

  test('tell of attempts that failed, when they are tried again, and of what a resume found', () => {
    const lines = tell([
      {
        type: 'call.settled',
        step: 'draw',
        call: 1,
        status: 'failed',
        error: { message: 'busy' },
        latency_ms: 1,
        retry_in_ms: 500,
      },
      { type: 'call.settled', step: 'draw', call: 2, status: 'succeeded', latency_ms: 1 },
      { type: 'call.reattached', step: 'draw', call: 1, how: 'searched', id: 'p1' },
      { type: 'call.reattached', step: 'draw', call: 1, how: 'lost', id: 'p1' },
    ])
    expect(lines[0]).toContain('attempt 1 failed: busy; again in 500ms')
    expect(lines[1]).toBeUndefined()
    expect(lines[2]).toContain('prediction p1 was found: nothing is created again')
    expect(lines[3]).toContain('made, and paid, again')
  })

  test('tell of items that called a model or failed; those of pure data and skipped ones are only counted', () => {
    const facts = { attempts: 1, latency_ms: 10, cost_usd: 0 }
    const item = (index: number, status: string, more = {}) => ({
      ...{ type: 'step.settled', step: 'draw', index, status, ...facts },
      ...more,
    })
    const lines = tell([
      { type: 'step.started', step: 'draw' },
      { type: 'foreach.expanded', step: 'draw', count: 5 },
      { type: 'step.started', step: 'draw', index: 0 },
      item(0, 'succeeded', { model: 'a/b', attempts: 2 }),
      item(1, 'succeeded'),
      item(2, 'skipped', { reason: 'its condition is false' }),
      item(3, 'failed', { error: { message: 'broken' } }),
      item(4, 'succeeded'),
      { type: 'step.settled', step: 'draw', status: 'succeeded', ...facts, attempts: 6 },
    ])
    expect(lines.map((line) => line?.slice(9))).toEqual([
      'draw     … started',
      'draw     5 items',
      undefined,
      'draw[0]  ✓ 10ms  $0  2 attempts  a/b',
      undefined,
      undefined,
      'draw[3]  ✗ 10ms  broken',
      undefined,
      'draw     ✓ 10ms  3 succeeded  1 skipped  1 failed',
    ])
  })
})
