import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { RunEvent, RunEventBody } from '../../domain/events.ts'
import { CostTable } from './cost-table.ts'
import { RunSpending, type Spending } from './spending.ts'

function spendingOf(...bodies: object[]): Spending[] {
  const spending = new RunSpending()
  const entries: Spending[] = []
  for (const [at, body] of bodies.entries()) {
    const event: RunEvent = { seq: at + 1, time: at + 1, ...(body as RunEventBody) }
    const entry = spending.take(event)
    if (entry) entries.push(entry)
  }
  return [...entries, ...spending.rest()]
}

const created = { type: 'run.created', definition_hash: 'd1' }
const intended = (more: object = {}) => ({ type: 'call.intended', step: 'a', call: 1, model: 'acme/x:abc', ...more })
const settled = (cost_usd: number | null, more: object = {}) => ({
  ...{ type: 'call.settled', step: 'a', call: 1, status: 'succeeded', cost_usd },
  ...more,
})

describe('What a journal says of money', () => {
  test('is an entry for each call, with its model and how it ended', () => {
    expect(spendingOf(created, intended(), settled(0.5))).toEqual([
      { time: 3, step: 'a', definition_hash: 'd1', model: 'acme/x', status: 'succeeded', usd: 0.5 },
    ])
    const items = [0, 1].flatMap((index) => [intended({ index }), settled(index + 1, { index })])
    expect(spendingOf(created, ...items).map(({ usd }) => usd)).toEqual([1, 2])
  })

  test('counts the last word on a call that was given up and taken up again', () => {
    const givenUp = settled(0, { status: 'abandoned' })
    expect(spendingOf(intended(), givenUp, settled(0.5))).toMatchObject([{ time: 3, usd: 0.5, status: 'succeeded' }])
    expect(spendingOf(intended(), givenUp)).toMatchObject([{ time: 2, usd: 0, status: 'abandoned' }])
  })

  test('counts both, where a call of the same number was sent again', () => {
    const givenUp = settled(0.25, { status: 'abandoned' })
    expect(spendingOf(intended(), givenUp, intended(), settled(0.5)).map(({ usd }) => usd)).toEqual([0.25, 0.5])
  })

  test('keeps apart what is not settled, and leaves out what was never sent', () => {
    expect(spendingOf(intended())).toMatchObject([{ status: 'open', usd: null, time: 1 }])
    expect(spendingOf(settled(0, { status: 'failed' }))).toEqual([])
  })

  test('leaves what a judge cost to the journal of the judge', () => {
    expect(spendingOf(intended(), settled(0.5, { answer_usd: 0.2 }))).toMatchObject([{ usd: 0.2 }])
    expect(spendingOf(intended(), settled(null, { answer_usd: 0.2 }))).toMatchObject([{ usd: 0.2 }])
    expect(spendingOf(intended(), settled(null, { answer_usd: null }))).toMatchObject([{ usd: null }])
  })

  test('takes what is no amount of money for unknown', () => {
    for (const cost of [-1, Number.NaN, Number.POSITIVE_INFINITY, null])
      expect(spendingOf(intended(), settled(cost))).toMatchObject([{ usd: null }])
  })

  test('knows what the cache saved, where it was written down', () => {
    const hit = { type: 'step.settled', step: 'a', status: 'succeeded', model: 'acme/x:abc', cached: true, cost_usd: 0 }
    expect(spendingOf({ ...hit, saved_usd: 0.5 })).toMatchObject([{ status: 'cached', model: 'acme/x', usd: 0.5 }])
    expect(spendingOf(hit)).toMatchObject([{ status: 'cached', usd: null }])
    expect(spendingOf({ ...hit, cached: undefined })).toEqual([])
  })
})

describe('A table of costs', () => {
  const spending = fc.record({
    status: fc.constantFrom('succeeded', 'failed', 'cancelled', 'abandoned', 'open', 'cached'),
    usd: fc.option(fc.double({ min: 0, max: 1_000, noNaN: true }), { nil: null }),
    key: fc.constantFrom('a', 'b', 'c', null),
  })

  test('adds up to the same total by whatever it is parted, in whatever order', () => {
    fc.assert(
      fc.property(fc.array(spending, { minLength: 1 }), (all) => {
        const [parted, whole] = [new CostTable(), new CostTable()]
        for (const { key, ...one } of all) parted.add(key, one)
        for (const one of all.toReversed()) whole.add('all', one)
        expect(parted.total()).toEqual(whole.total())
        const total = parted.total()
        const sum = (part: (row: (typeof rows)[number]) => number | null) =>
          rows.reduce((so, row) => so + Math.round((part(row) ?? 0) * 1e9), 0)
        const rows = parted.rows(false)
        for (const name of ['cost_usd', 'failed_usd', 'saved_usd', 'calls', 'unknown_calls', 'cached_calls'] as const)
          expect(sum((row) => row[name])).toBe(Math.round((total[name] ?? 0) * 1e9))
        for (const row of [...rows, total]) {
          for (const value of Object.values(row)) if (typeof value === 'number') expect(value).toBeGreaterThanOrEqual(0)
          expect(row.failed_usd).toBeLessThanOrEqual(row.cost_usd ?? 0)
          expect(row.unknown_calls + row.open_calls).toBeLessThanOrEqual(row.calls)
        }
      }),
    )
  })

  test('never shows what is unknown as nothing', () => {
    const table = new CostTable()
    table.add('a', { status: 'succeeded', usd: null })
    table.add('b', { status: 'open', usd: null })
    table.add('c', { status: 'cached', usd: null })
    expect(table.total()).toMatchObject({ calls: 2, cost_usd: null, unknown_calls: 1, open_calls: 1, saved_usd: null })
    table.add('a', { status: 'succeeded', usd: 0.1 })
    expect(table.rows(false)[0]).toMatchObject({ key: 'a', calls: 2, cost_usd: 0.1, unknown_calls: 1 })
  })

  test('stands in order by day, else with the dearest first', () => {
    const table = new CostTable()
    table.add('2026-11-01', { status: 'succeeded', usd: 1 })
    table.add('2026-11-03', { status: 'succeeded', usd: 3 })
    table.add('2026-11-02', { status: 'succeeded', usd: 2 })
    expect(table.rows(true).map(({ key }) => key?.slice(-1))).toEqual(['1', '2', '3'])
    expect(table.rows(false).map(({ key }) => key?.slice(-1))).toEqual(['3', '2', '1'])
  })
})
