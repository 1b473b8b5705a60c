import { expect, test } from 'vitest'
import { type BreakerPolicy, defaultBreaker } from '../../../domain/breaker.ts'
import { type Cells, createMemoryCells } from '../../../std/cells.ts'
import { virtualClock } from '../../../testing/virtual-clock.ts'
import { type Breaker, type CallEnd, createBreaker, type Permit } from './breaker.ts'

const name = 'model:acme/a'
const cell = `breaker/${name}`
const policy: BreakerPolicy = { ...defaultBreaker, failure_threshold: 3, window_ms: 10_000, cooldown_ms: 5_000 }
const succeeded: CallEnd = { verdict: 'succeeded' }
const failed: CallEnd = { verdict: 'failed', trouble: { class: 'server', message: 'down' } }
const dropped: CallEnd = { verdict: 'dropped' }

/** Breakers of processes that share one state. */
function setUp(asked: Partial<BreakerPolicy> = {}) {
  const clock = virtualClock()
  const cells = createMemoryCells()
  const all = { ...policy, ...asked }
  const process = (under: Cells = cells) => {
    const breaker = createBreaker(name, under, clock)
    return {
      breaker,
      enter: async () => breaker.enter(all),
      isOpen: () => breaker.isOpen(all),
      async call(end: CallEnd, times = 1) {
        for (let n = 0; n < times; n += 1) await (await breaker.enter(all))?.ended(end)
      },
    }
  }
  return { clock, cells, process, ...process() }
}

/** closed, open, half_open: by what can be asked. */
const stateOf = (breaker: Breaker, isOpen: boolean) => {
  if (breaker.why() === undefined) return 'closed'
  return isOpen && breaker.opensIn() > 0 ? 'open' : 'half_open'
}

test('A breaker opens after so many failures within its window, and refuses calls until the cooldown is over', async () => {
  const { clock, breaker, call, enter, isOpen } = setUp()
  await call(failed, 2)
  expect(isOpen()).toBe(false)
  await call(failed)
  expect(isOpen()).toBe(true)
  expect(await enter()).toBeUndefined()
  expect(breaker.opensIn()).toBe(5_000)
  expect(breaker.why()).toBe('3 failures within 10 s')
  await clock.advance(5_000)
  expect(isOpen()).toBe(false)
  expect(stateOf(breaker, isOpen())).toBe('half_open')
})

test('Failures that are older than the window are forgotten', async () => {
  const { clock, call, isOpen } = setUp()
  await call(failed, 2)
  await clock.advance(10_000)
  await call(failed, 2)
  expect(isOpen()).toBe(false)
})

test('Processes that come one after the other see the failures of each other, and an open breaker stays open', async () => {
  const { process } = setUp()
  for (let n = 0; n < 3; n += 1) await process().call(failed)
  expect(process().isOpen()).toBe(true)
})

test('Half-open, only so many probes go at once, whatever process they are of, and enough successes close it', async () => {
  const { clock, process, call, enter, isOpen } = setUp({ half_open_probes: 2, success_threshold: 3 })
  await call(failed, 3)
  await clock.advance(5_000)
  const other = process()
  const [first, second] = [await enter(), await other.enter()]
  expect([await enter(), await other.enter()]).toEqual([undefined, undefined])
  expect([isOpen(), other.isOpen()]).toEqual([true, true])
  await first?.ended(succeeded)
  await second?.ended(succeeded)
  expect(other.breaker.why()).toBeDefined()
  expect(await (await enter())?.ended(succeeded)).toMatchObject({ state: 'closed' })
  expect(other.breaker.why()).toBeUndefined()
})

test('A probe that fails opens it again for a whole cooldown, one that was called off gives its place back', async () => {
  const { clock, breaker, call, isOpen } = setUp()
  await call(failed, 3)
  await clock.advance(5_000)
  await call(dropped)
  expect(isOpen()).toBe(false)
  await call(failed)
  expect(isOpen()).toBe(true)
  expect(breaker.opensIn()).toBe(5_000)
})

test('The place of a probe that is not heard of is given to another after a minute, and what it says late still counts', async () => {
  const { clock, breaker, call, enter } = setUp()
  await call(failed, 3)
  await clock.advance(5_000)
  const silent = await enter()
  await clock.advance(59_999)
  expect(await enter()).toBeUndefined()
  await clock.advance(1)
  expect(await enter()).toBeDefined()
  await silent?.ended(succeeded)
  expect(breaker.why()).toBeUndefined()
})

test('What comes of calls of an older episode is ignored, also when another process changed the state', async () => {
  const { clock, process, call, enter, isOpen } = setUp()
  const late = [await enter(), await enter(), await enter()]
  await process().call(failed, 3)
  await late[0]?.ended(succeeded)
  expect(isOpen()).toBe(true)
  await clock.advance(5_000)
  await process().call(succeeded)
  await late[1]?.ended(failed)
  await call(failed, 2)
  expect(isOpen()).toBe(false)
  await late[2]?.ended(failed)
  await call(failed)
  expect(isOpen()).toBe(true)
})

test('Calls that were kept back while another process opened and closed it are not counted any more', async () => {
  const { clock, cells, process, call, breaker } = setUp({ criterion: 'count', minimum_calls: 2 })
  await call(succeeded, 4)
  const other = process()
  await other.call(failed)
  expect(cells.get(cell)).toMatchObject({ open: { succeeded: 0 } })
  await clock.advance(5_000)
  await other.call(succeeded)
  await breaker.flush()
  expect(cells.get(cell)).toMatchObject({ tally: { recent: '' } })
})

test('`consecutive` counts failures in a row: a success begins anew', async () => {
  const { call, isOpen, clock } = setUp({ criterion: 'consecutive' })
  await call(failed, 2)
  await call(succeeded)
  await call(failed, 2)
  await clock.advance(3_600_000)
  expect(isOpen()).toBe(false)
  await call(failed)
  expect(isOpen()).toBe(true)
})

test('`count` opens by the share of failures among the last calls, once there are enough of them', async () => {
  const { call, isOpen, breaker } = setUp({ criterion: 'count', window_calls: 4, minimum_calls: 3, failure_rate: 0.5 })
  await call(failed, 2)
  expect(isOpen()).toBe(false)
  await call(succeeded)
  expect(isOpen()).toBe(false)
  await call(succeeded, 3)
  await call(failed)
  expect(isOpen()).toBe(false)
  await call(failed)
  expect(isOpen()).toBe(true)
  expect(breaker.why()).toBe('2 of 4 calls failed, of the last 4 calls')
})

test('`sampling` opens by the share of failures within a time', async () => {
  const { clock, call, isOpen } = setUp({ criterion: 'sampling', minimum_calls: 4, failure_rate: 0.5 })
  await call(succeeded, 5)
  await clock.advance(10_000)
  await call(succeeded, 2)
  await call(failed)
  expect(isOpen()).toBe(false)
  await call(failed)
  expect(isOpen()).toBe(true)
})

test('Slow calls open it by their share where shares count, and are failures elsewhere', async () => {
  const slow: CallEnd = { verdict: 'succeeded', took_ms: 2_001 }
  const quick: CallEnd = { verdict: 'succeeded', took_ms: 2_000 }
  const shares = setUp({
    criterion: 'count',
    ...{ window_calls: 4, minimum_calls: 4, failure_rate: 1, slow_call_ms: 2_000, slow_call_rate: 0.5 },
  })
  await shares.call(quick, 2)
  await shares.call(slow)
  await shares.call(quick)
  expect(shares.isOpen()).toBe(false)
  await shares.call(slow)
  expect(shares.isOpen()).toBe(true)
  expect(shares.breaker.why()).toBe('2 of 4 calls were slow, of the last 4 calls')
  const failures = setUp({ slow_call_ms: 2_000 })
  await failures.call(quick, 5)
  await failures.call(slow, 3)
  expect(failures.isOpen()).toBe(true)
  await failures.clock.advance(5_000)
  await failures.call(slow)
  expect(failures.isOpen()).toBe(true)
})

test('A server that says when it is back shortens the cooldown, and never lengthens it', async () => {
  const { clock, breaker, call } = setUp({ failure_threshold: 1 })
  await call({ ...failed, retry_after_ms: 1_000 })
  expect(breaker.opensIn()).toBe(1_000)
  await clock.advance(1_000)
  await call({ ...failed, retry_after_ms: 9_000 })
  expect(breaker.opensIn()).toBe(5_000)
})

test('After closing, its share of calls grows to all of them', async () => {
  const { clock, breaker, call } = setUp({ failure_threshold: 1, ramp_ms: 10_000 })
  expect(breaker.share()).toBe(1)
  await call(failed)
  await clock.advance(5_000)
  await call(succeeded)
  expect(breaker.share()).toBe(0)
  await clock.advance(2_500)
  expect(breaker.share()).toBe(0.25)
  await clock.advance(7_500)
  expect(breaker.share()).toBe(1)
})

test('A clock that is set back keeps nothing open for longer than one more cooldown', async () => {
  const cells = createMemoryCells()
  let now = 1_000_000
  const clock = { ...virtualClock(), now: () => now }
  const breaker = createBreaker(name, cells, clock)
  const fail = async () => (await breaker.enter(policy))?.ended(failed)
  await fail()
  await fail()
  await fail()
  now -= 5_000
  expect(breaker.isOpen(policy)).toBe(true)
  now -= 1
  expect(breaker.isOpen(policy)).toBe(false)
  await (await breaker.enter(policy))?.ended(succeeded)
  expect(breaker.share()).toBe(0)
  now -= 1
  expect(breaker.share()).toBe(1)
})

test('Calls that are fine change nothing, unless the criterion counts them; then they are written together', async () => {
  const quiet = setUp()
  await quiet.call(succeeded, 3)
  await quiet.breaker.flush()
  expect(quiet.cells.get(cell)).toBeUndefined()

  const { clock, cells, call, breaker } = setUp({ criterion: 'count' })
  let changes = 0
  const { change } = cells
  cells.change = (names, then) => {
    changes += 1
    return change(names, then)
  }
  await call(succeeded, 50)
  expect(changes).toBe(1)
  await clock.advance(100)
  await call(succeeded, 10)
  expect(changes).toBe(2)
  await breaker.flush()
  await breaker.flush()
  expect(changes).toBe(3)
  expect(cells.get(cell)).toMatchObject({ tally: { recent: 'o'.repeat(60) } })
})

test('What a refusal or a call that was called off says is seen, and counts for nothing', async () => {
  const { cells, call, breaker, isOpen } = setUp({ failure_threshold: 1 })
  await call({ verdict: 'dropped', trouble: { class: 'rate_limited', message: 'slow down' } }, 3)
  await breaker.flush()
  expect(isOpen()).toBe(false)
  expect(cells.get(cell)).toMatchObject({ seen: { rate_limited: 3 }, last: [{}, {}, { message: 'slow down' }] })
})

test.each([
  ['a text', 'broken'],
  ['a list', [1]],
  ['of another layout', { layout: 2, episode: 5 }],
  ['with a hole', { layout: 1, episode: 5, since: 5, open: {}, tally: {}, seen: {}, last: [] }],
])('A state that is damaged (%s) is a closed breaker, and is overwritten', async (_, value) => {
  const { cells, call, isOpen } = setUp()
  await cells.change([cell], () => ({ after: [value], result: undefined }))
  expect(isOpen()).toBe(false)
  await call(failed, 3)
  expect(isOpen()).toBe(true)
})

test('Reading changes nothing', async () => {
  const { clock, cells, call, breaker, isOpen } = setUp()
  await call(failed, 3)
  for (const step of [0, 4_999, 1, 100_000]) {
    await clock.advance(step)
    const before = JSON.stringify(cells.get(cell))
    isOpen()
    breaker.share()
    breaker.opensIn()
    expect(JSON.stringify(cells.get(cell))).toBe(before)
  }
})

test('Permits of calls at the same time open it once', async () => {
  const { enter, isOpen } = setUp()
  const permits = await Promise.all(Array.from({ length: 32 }, enter))
  const changes = await Promise.all(permits.map((permit) => (permit as Permit).ended(failed)))
  expect(changes.filter((change) => change !== undefined)).toEqual([
    { state: 'open', opens_in_ms: 5_000, why: '3 failures within 10 s' },
  ])
  expect(isOpen()).toBe(true)
})
