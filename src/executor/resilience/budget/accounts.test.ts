import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { BudgetSettings } from '../../../domain/budget.ts'
import { type Cells, createMemoryCells } from '../../../std/cells.ts'
import { systemClock } from '../../../std/clock.ts'
import { virtualClock } from '../../../testing/virtual-clock.ts'
import { type Account, asAccount, asCell, type CallMoney, newAccount, type Spender } from './account.ts'
import { type AccountsParts, BudgetAccounts, type Held } from './accounts.ts'
import { periodOf } from './periods.ts'

const me: Spender = { pid: 1, host: 'here', started: 'then', boot: 'b' }
const other: Spender = { ...me, pid: 2 }
const signal = new AbortController().signal
const writer = { name: 'writer' }

function accounts(settings: BudgetSettings, cells: Cells, more: Partial<AccountsParts> = {}): BudgetAccounts {
  return new BudgetAccounts({
    ...{ cells: async () => cells, settings, clock: systemClock, random: Math.random, spender: me },
    ...{ lifeOf: () => 'alive', journaled: async () => [], warn: () => {} },
    ...more,
  })
}

const dayCell = (now = Date.now()) => `budget/day/${periodOf('day', now).name}`
const dayOf = (cells: Cells, now?: number) => asAccount(cells.get(dayCell(now))) as Account

/** Refuses, and does not wait. */
const refusal = (made: Promise<Held>) =>
  made.then(
    () => undefined,
    (error: unknown) => (error as { details: object }).details,
  )

describe('A budget that is shared', () => {
  test('is never passed by concurrent calls of several holders, and its last dollar can be spent', async () => {
    const call = fc.record({ usd: fc.integer({ min: 1, max: 40 }), part: fc.integer({ min: 0, max: 4 }) })
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 300 }),
        fc.array(fc.array(call, { maxLength: 32 }), { minLength: 1, maxLength: 4 }),
        async (hard, holders) => {
          const cells = createMemoryCells()
          const clock = virtualClock()
          let spent = 0
          let inFlight = 0
          const refused: number[] = []
          const all = holders.map((calls) => ({ calls, own: accounts({ day: { hard } }, cells, { clock }) }))
          const done = all.flatMap(({ calls, own }) =>
            calls.map(async ({ usd, part }) => {
              try {
                const held = await own.reserve(own.of(writer, 'r'), usd, signal)
                inFlight += usd
                expect(spent + inFlight).toBeLessThanOrEqual(hard)
                await clock.sleep(part * 30)
                inFlight -= usd
                spent += (usd * part) / 4
                held.settle((usd * part) / 4)
              } catch (error) {
                expect(error).toMatchObject({ code: 'budget_exceeded' })
                refused.push(usd)
              }
            }),
          )
          const over = Promise.all(done)
          await clock.runAll()
          await over
          for (const { own } of all) await own.close()
          for (const usd of refused) expect(spent + usd).toBeGreaterThan(hard)
          if (holders.flat().length > 0) expect(dayOf(cells, clock.now())).toMatchObject({ spent, holders: {} })
        },
      ),
      { numRuns: 60 },
    )
  })

  test('takes many calls for a transaction while much is left, and exact sums when little is', async () => {
    const cells = createMemoryCells()
    let changes = 0
    const counted: Cells = { ...cells, change: (names, change) => ((changes += 1), cells.change(names, change)) }
    const own = accounts({ day: { hard: 10 } }, counted)
    const pay = async () => (await own.reserve(own.of(writer, 'r'), 0.01, signal)).settle(0.01)
    for (let call = 0; call < 900; call += 1) await pay()
    expect(changes).toBeLessThan(90)
    for (let call = 0; call < 100; call += 1) await pay()
    expect(await refusal(own.reserve(own.of(writer, 'r'), 0.01, signal))).toMatchObject({ limit_usd: 10 })
    await own.close()
    expect(dayOf(cells).spent).toBeCloseTo(10)
  })

  test('waits for what others give back, and gives it what is leased and not used', async () => {
    const cells = createMemoryCells()
    const clock = virtualClock()
    const [one, two] = [
      accounts({ day: { hard: 1 } }, cells, { clock }),
      accounts({ day: { hard: 1 } }, cells, { clock }),
    ]
    const first = await one.reserve(one.of(writer, 'r'), 0.9, signal)
    let got: Held | undefined
    const waiting = two.reserve(two.of(writer, 'r'), 0.5, signal).then((held) => (got = held))
    await clock.advance(100_000)
    expect(got).toBeUndefined()
    first.settle(0.2)
    await clock.advance(1_000)
    await waiting
    expect(got).toBeDefined()
    expect(await refusal(two.reserve(two.of(writer, 'r'), 0.9, signal))).toMatchObject({
      spent_usd: expect.closeTo(0.2),
    })
    await one.close()
    await two.close()
  })

  test('does not wait for ever for a holder that is stopped', async () => {
    const cells = createMemoryCells()
    const clock = virtualClock()
    const one = accounts({ day: { hard: 1 } }, cells, { clock, spender: other })
    await one.reserve(one.of(writer, 'r'), 0.9, signal)
    const two = accounts({ day: { hard: 1 } }, cells, { clock, lifeOf: ({ pid }) => (pid === 2 ? 'stopped' : 'alive') })
    const end = refusal(two.reserve(two.of(writer, 'r'), 0.5, signal))
    await clock.advance(61_000)
    expect(await end).toMatchObject({ reserved_usd: expect.closeTo(0.9) })
  })

  test('counts what the journals say was spent before it was there', async () => {
    const cells = createMemoryCells()
    const journaled = async (): Promise<CallMoney[]> => [{ usd: 4, pid: 9, host: 'here', began: 0 }]
    const own = accounts({ day: { hard: 5 } }, cells, { journaled })
    expect(await refusal(own.reserve(own.of(writer, 'r'), 2, signal))).toMatchObject({ spent_usd: 4 })
    const next = accounts({ day: { hard: 5 } }, cells, { journaled })
    expect(await refusal(next.reserve(next.of(writer, 'r'), 1, signal))).toBeUndefined()
  })

  test('takes the lease of a holder that died for what its journal says, once', async () => {
    const cells = createMemoryCells()
    const now = Date.now()
    const dead = { ...other, usd: 3, spent: 1, since: now - 10 }
    const living = { ...me, pid: 3, usd: 0.5, spent: 2, since: now - 10 }
    await cells.change([dayCell()], () => ({
      after: [asCell({ ...newAccount(3, now), holders: { dead, living } })],
      result: undefined,
    }))
    let read = 0
    const journaled = async (): Promise<CallMoney[]> => {
      read += 1
      const call = { host: 'here', began: now }
      // One that the dead one had reported, one that it had not, one that was open; and those of who lives.
      return [1, 0.5, 0.25]
        .map((usd) => ({ ...call, pid: 2, usd }))
        .concat([2, 0.5].map((usd) => ({ ...call, pid: 3, usd })))
    }
    const lifeOf = ({ pid }: Spender) => (pid === 2 ? 'gone' : 'alive')
    for (const _ of [1, 2]) {
      const own = accounts({ day: { hard: 10 } }, cells, { journaled, lifeOf })
      await own.reserve(own.of(writer, 'r'), 0, signal)
      await own.reserve(own.of(writer, 'r'), 1, signal).then((held) => held.settle(0))
      await own.close()
    }
    expect(dayOf(cells)).toMatchObject({ spent: 3.75, holders: { living } })
    expect(read).toBe(1)
  })

  test('counts a call that is taken up once: what was set aside gives way to what it cost', async () => {
    const cells = createMemoryCells()
    const one = accounts({ day: { hard: 10 } }, cells)
    await one.reserve(one.of(writer, 'r'), 2, signal)
    await one.close()
    expect(dayOf(cells).spent).toBe(2)
    const two = accounts({ day: { hard: 10 } }, cells)
    const open = { call: 1, model: 'm', body: null, intended_at: Date.now(), reserve_usd: 2 }
    const held = await two.adopt(two.of(writer, 'r'), open)
    held.settle(0.5)
    await two.close()
    expect(dayOf(cells).spent).toBe(0.5)
  })

  test('begins anew with each day, and what began on the one before stays there', async () => {
    const cells = createMemoryCells()
    const clock = virtualClock(Date.UTC(2026, 0, 31, 23, 59, 59))
    const own = accounts({ day: { hard: 2 }, month: { hard: 3 } }, cells, { clock })
    const held = await own.reserve(own.of(writer, 'r'), 2, signal)
    await clock.advance(2_000)
    const next = await own.reserve(own.of(writer, 'r'), 2, signal)
    held.settle(1.5)
    next.settle(1)
    await own.close()
    const spent = (name: string) => asAccount(cells.get(`budget/${name}`))?.spent
    expect([spent('day/2026-01-31'), spent('day/2026-02-01')]).toEqual([1.5, 1])
    expect([spent('month/2026-01'), spent('month/2026-02')]).toEqual([1.5, 1])
  })
})
