import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { defaultRouting } from '../../domain/routing.ts'
import { seededRandom } from '../../std/random.ts'
import { eagerClock } from '../../testing/eager-clock.ts'
import { temporaryFolder, type TemporaryFolder } from '../../testing/temporary-folder.ts'
import { virtualClock } from '../../testing/virtual-clock.ts'
import { openRouterState } from './state-file.ts'
import { createMemoryState, type RouterState } from './state.ts'

let seed = 0

/** A process of its own, as far as a file can tell. */
async function opened(folder: TemporaryFolder, durability: 'full' | 'normal' = 'normal') {
  const clock = virtualClock()
  const warnings: string[] = []
  const warn = (message: string) => void warnings.push(message)
  const random = seededRandom((seed += 1))
  const state = await openRouterState({ file: folder.file('router-state.json'), durability, clock, random, warn })
  return { state, clock, warnings }
}

function call(state: RouterState, quality?: number, decision?: string, context = 'step=a'): void {
  const observation = { succeeded: true, latency_ms: 100, cost_usd: 0.1, ...(quality !== undefined && { quality }) }
  state.observe('writer', 'a/b:1', context, observation, defaultRouting, decision)
}

const callsOf = (state: RouterState) => state.statistics('writer').of('a/b:1').sums.calls

describe.each([['in a file'], ['of one process']])('the state %s', (kind) => {
  async function made(folder: TemporaryFolder): Promise<RouterState> {
    return kind === 'in a file' ? (await opened(folder)).state : createMemoryState(virtualClock())
  }

  test('knows at once what it observed, in all contexts and in one', async () => {
    await using folder = await temporaryFolder()
    const state = await made(folder)
    call(state, 0.5)
    call(state, undefined, undefined, 'step=b')
    const { of } = state.statistics('writer')
    expect(of('a/b:1').sums).toMatchObject({ calls: 2, quality: { n: 1, sum: 0.5 }, latency: { n: 2, sum: 200 } })
    expect(of('a/b:1', 'step=b').sums).toMatchObject({ calls: 1, quality: { n: 0 } })
    expect(of('a/b:1', 'step=c').sums.calls).toBe(0)
    expect(of('c/d').sums.calls).toBe(0)
    expect(state.anywhere('a/b:1').sums.calls).toBe(2)
    expect(state.anywhere('a/b:1').derived.ema.latency_ms).toBe(100)
    expect(state.arms('writer')).toEqual(['a/b:1'])
    expect([state.turn('writer'), state.turn('nobody')]).toEqual([2, 0])
    await state.close()
  })

  test('counts a decision once, however often it is observed', async () => {
    await using folder = await temporaryFolder()
    const state = await made(folder)
    call(state, undefined, 'run/a/1')
    await state.flushed()
    call(state, undefined, 'run/a/1')
    expect(callsOf(state)).toBe(1)
    await state.close()
  })

  test('replaces the score that the same giver gave the same decision', async () => {
    await using folder = await temporaryFolder()
    const state = await made(folder)
    const score = (value: number, by: 'person' | 'judge') =>
      state.feedback('run/a/1', 'writer', 'a/b:1', 'step=a', { score: value, by })
    const record = () => state.statistics('writer').of('a/b:1', 'step=a')
    call(state, undefined, 'run/a/1')
    score(0.25, 'person')
    score(0.25, 'person')
    expect(record().sums.quality).toEqual({ n: 1, sum: 0.25, squares: 0.0625 })
    score(0.5, 'person')
    expect(record().sums.quality).toEqual({ n: 1, sum: 0.5, squares: 0.25 })
    score(1, 'judge')
    expect(record().sums.quality).toEqual({ n: 2, sum: 1.5, squares: 1.25 })
    expect(record().sums.calls).toBe(1)
    await state.close()
  })

  test('keeps the first reference that it is given', async () => {
    await using folder = await temporaryFolder()
    const state = await made(folder)
    expect(state.reference('writer', 'cost_ref_usd')).toBeUndefined()
    state.freeze('writer', 'cost_ref_usd', 0.01)
    state.freeze('writer', 'cost_ref_usd', 0.02)
    expect(state.reference('writer', 'cost_ref_usd')).toBe(0.01)
    expect(state.reference('constructor', 'cost_ref_usd')).toBeUndefined()
    await state.close()
  })

  test('takes names that objects have by themselves, but not the one that is none', async () => {
    await using folder = await temporaryFolder()
    const state = await made(folder)
    for (const name of ['constructor', 'toString', '__proto__'])
      state.observe(name, name, name, { succeeded: true }, defaultRouting, name)
    const calls = ['constructor', 'toString', '__proto__'].map((name) => state.statistics(name).of(name).sums.calls)
    expect(calls).toEqual([1, 1, 0])
    expect(Object.prototype).not.toHaveProperty('arms')
    await state.close()
  })

  test('leaves out amounts that are none', async () => {
    await using folder = await temporaryFolder()
    const state = await made(folder)
    const odd = { succeeded: false, quality: Number.NaN, latency_ms: -1, cost_usd: Number.POSITIVE_INFINITY }
    state.observe('writer', 'a/b:1', '', odd, defaultRouting)
    const empty = { n: 0, sum: 0, squares: 0 }
    expect(state.statistics('writer').of('a/b:1').sums).toEqual({
      ...{ calls: 1, failures: 1, unscored_failures: 1, quality: empty, latency: empty, cost: empty },
    })
    await state.close()
  })
})

describe('the file of a router', () => {
  test('is not made before there is something to keep', async () => {
    await using folder = await temporaryFolder()
    const { state } = await opened(folder)
    expect(callsOf(state)).toBe(0)
    await state.flushed()
    await state.close()
    expect(await readdir(folder.path)).toEqual([])
  })

  test('holds everything once it is closed, and gives it back exactly', async () => {
    await using folder = await temporaryFolder()
    const { state } = await opened(folder, 'full')
    for (const quality of [0.1, 0.2, 0.7]) call(state, quality, `d${quality}`)
    state.feedback('d0.1', 'writer', 'a/b:1', 'step=a', { score: 1 / 3, by: 'person' })
    state.freeze('writer', 'latency_slo_ms', 4_321.5)
    const before = structuredClone(state.statistics('writer').of('a/b:1', 'step=a'))
    await state.close()
    expect((await readdir(folder.path)).toSorted()).toEqual([
      ...['router-state.2.jsonl', 'router-state.json', 'router-state.lock'],
    ])
    const text = await readFile(folder.file('router-state.json'), 'utf8')
    expect(text).toMatch(/^\{\n "derived"/)
    await rm(folder.file('router-state.2.jsonl'))
    const again = await opened(folder)
    expect(again.state.statistics('writer').of('a/b:1', 'step=a')).toEqual(before)
    expect(again.state.reference('writer', 'latency_slo_ms')).toBe(4_321.5)
    await again.state.close()
    expect(await readFile(folder.file('router-state.json'), 'utf8')).toBe(text)
  })

  test('is shared: each process sees what the others flushed, and loses nothing of its own', async () => {
    await using folder = await temporaryFolder()
    const [a, b] = [await opened(folder), await opened(folder)]
    call(a.state)
    call(b.state)
    expect([callsOf(a.state), callsOf(b.state)]).toEqual([1, 1])
    await a.state.flushed()
    await b.state.flushed()
    expect([callsOf(a.state), callsOf(b.state)]).toEqual([1, 2])
    await a.clock.advance(100)
    expect(callsOf(a.state)).toBe(2)
    await b.state.close()
    call(a.state)
    await a.state.flushed()
    const third = await opened(folder)
    expect(callsOf(third.state)).toBe(3)
    await a.state.close()
    await third.clock.advance(100)
    expect(callsOf(third.state)).toBe(3)
    expect([...a.warnings, ...b.warnings]).toEqual([])
  })

  test('is written by itself a tenth of a second later', async () => {
    await using folder = await temporaryFolder()
    const { state, clock } = await opened(folder, 'full')
    call(state)
    await clock.advance(100)
    const other = await opened(folder)
    expect(callsOf(other.state)).toBe(1)
    await state.close()
  })

  test('takes one write for many who wait for it', async () => {
    await using folder = await temporaryFolder()
    const { state } = await opened(folder)
    call(state)
    await state.flushed()
    const waiting = [...Array(50).keys()].map(async () => {
      call(state)
      await state.flushed()
    })
    await Promise.all(waiting)
    const lines = (await readFile(folder.file('router-state.1.jsonl'), 'utf8')).trim().split('\n')
    expect(lines).toHaveLength(51)
    const other = await opened(folder)
    expect(callsOf(other.state)).toBe(51)
    await state.close()
  })

  test('keeps the contexts that were used last, and of the others what they add to the whole', async () => {
    await using folder = await temporaryFolder()
    const { state } = await opened(folder)
    for (let at = 0; at < 1_500; at += 1) call(state, undefined, undefined, `step=${at}`)
    await state.close()
    const other = await opened(folder)
    const { of } = other.state.statistics('writer')
    expect(of('a/b:1').sums.calls).toBe(1_500)
    expect(of('a/b:1', 'step=1499').sums.calls).toBe(1)
    expect(of('a/b:1', 'step=100').sums.calls).toBe(0)
    const kept = [...Array(1_500).keys()].filter((at) => of('a/b:1', `step=${at}`).sums.calls === 1)
    expect(kept.length).toBeGreaterThanOrEqual(1_000)
    expect(kept.length).toBeLessThanOrEqual(1_100)
  })

  test('folds a log that grows long without anybody closing it', async () => {
    await using folder = await temporaryFolder()
    const [{ state }, reader] = [await opened(folder), await opened(folder)]
    for (let batch = 0; batch < 30; batch += 1) {
      for (let at = 0; at < 100; at += 1) call(state, 0.5)
      await state.flushed()
    }
    const logs = (await readdir(folder.path)).filter((name) => name.endsWith('.jsonl'))
    expect(logs).toEqual([expect.not.stringMatching('router-state.1.jsonl')])
    await reader.clock.advance(100)
    expect(callsOf(reader.state)).toBe(3_000)
    await state.close()
  })

  test('ends a line that a killed process left unfinished', async () => {
    await using folder = await temporaryFolder()
    const [a, b] = [await opened(folder), await opened(folder)]
    call(a.state)
    call(a.state)
    await a.state.flushed()
    call(a.state)
    await a.state.flushed()
    await writeFile(folder.file('router-state.1.jsonl'), '{"op":"observe","agent":"wri', { flag: 'a' })
    call(b.state)
    await b.state.flushed()
    call(a.state)
    await a.state.close()
    await b.state.close()
    const other = await opened(folder)
    expect(callsOf(other.state)).toBe(5)
    expect([...a.warnings, ...b.warnings, ...other.warnings]).toEqual([])
  })

  test('stays as it was when a process ends between writing the next one and putting it in its place', async () => {
    await using folder = await temporaryFolder()
    const { state } = await opened(folder)
    call(state)
    await state.flushed()
    await state.close()
    const { log, id } = JSON.parse(await readFile(folder.file('router-state.json'), 'utf8')) as {
      log: number
      id: string
    }
    await writeFile(folder.file('router-state.json.new'), '{"schema_version": 1, "half')
    const stray = JSON.stringify({ id, log: log + 1, file: '1', follows: { log, bytes: 10 } })
    await writeFile(folder.file(`router-state.${log + 1}.jsonl`), `${stray}\n{"op":"observe"}\n`)
    const other = await opened(folder)
    call(other.state)
    await other.state.close()
    const last = await opened(folder)
    expect(callsOf(last.state)).toBe(2)
    expect([...other.warnings, ...last.warnings]).toEqual([])
  })

  test('of a later version stops the learning of no run, and stays untouched', async () => {
    await using folder = await temporaryFolder()
    const text = '{"schema_version": 2, "new": true}'
    await writeFile(folder.file('router-state.json'), text)
    const { state, warnings } = await opened(folder)
    call(state)
    await state.flushed()
    expect(callsOf(state)).toBe(1)
    await state.close()
    expect(warnings).toEqual([expect.stringMatching(/later version of replicate-agent.*schema version 2/)])
    expect(await readFile(folder.file('router-state.json'), 'utf8')).toBe(text)
  })

  test.each(['', '{"half":', '[]', '{"schema_version":1}', 'null'])('that holds %j is set aside', async (text) => {
    await using folder = await temporaryFolder()
    await writeFile(folder.file('router-state.json'), text)
    const { state, warnings } = await opened(folder)
    call(state)
    await state.close()
    const aside = (await readdir(folder.path)).filter((name) => name.includes('.corrupt-'))
    expect(aside).toHaveLength(1)
    expect(await readFile(folder.file(aside[0] as string), 'utf8')).toBe(text)
    expect(warnings).toEqual([expect.stringMatching(/is kept as .*corrupt-/)])
    const other = await opened(folder)
    expect(callsOf(other.state)).toBe(1)
  })

  test('that is a folder, or can not be made, is told of once, and what is learned lasts as long as the process', async () => {
    await using folder = await temporaryFolder()
    await mkdir(folder.file('router-state.json'))
    const { state, warnings } = await opened(folder)
    call(state)
    await state.flushed()
    call(state)
    await state.close()
    expect(callsOf(state)).toBe(2)
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatch(/is no file/)
  })

  test('that a stopped process holds stops no run; what was observed is kept once it goes on', async () => {
    await using folder = await temporaryFolder()
    const warnings: string[] = []
    const file = folder.file('router-state.json')
    const warn = (message: string) => void warnings.push(message)
    const random = seededRandom((seed += 1))
    const state = await openRouterState({ file, durability: 'normal', clock: eagerClock(50), random, warn })
    call(state)
    await state.flushed()
    const holder = new DatabaseSync(folder.file('router-state.lock'))
    holder.exec('begin immediate')
    for (let at = 0; at < 3; at += 1) {
      call(state)
      await state.flushed()
    }
    expect(callsOf(state)).toBe(4)
    expect(warnings).toEqual([expect.stringMatching(/another process holds/)])
    expect(callsOf((await opened(folder)).state)).toBe(1)
    holder.close()
    await state.close()
    expect(callsOf((await opened(folder)).state)).toBe(4)
    expect(warnings).toHaveLength(1)
  })

  test('may be a link to a file elsewhere', async () => {
    await using folder = await temporaryFolder()
    const { state } = await opened(folder)
    call(state)
    await state.close()
    await using elsewhere = await temporaryFolder()
    await symlink(folder.file('router-state.json'), elsewhere.file('router-state.json'))
    const linked = await opened(elsewhere)
    call(linked.state)
    await linked.state.close()
    const other = await opened(folder)
    expect(callsOf(other.state)).toBe(2)
    expect(await readdir(elsewhere.path)).toEqual(['router-state.json'])
  })

  test('that somebody removed begins anew', async () => {
    await using folder = await temporaryFolder()
    const { state } = await opened(folder)
    call(state)
    await state.flushed()
    await rm(folder.file('router-state.json'))
    call(state)
    await state.close()
    const other = await opened(folder)
    expect(callsOf(other.state)).toBe(1)
  })
})
