import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { heartbeatEveryMs, type LeaseHolder, type Store } from '../../src/state/store/contract.ts'
import { endHolder } from '../../src/state/store/end-holder.ts'
import { probeHolder, thisHolder } from '../../src/state/store/holder.ts'
import { openStore } from '../../src/state/store/open.ts'
import { storeVersion } from '../../src/state/store/sql/migrations.ts'
import { checkStore } from '../../src/state/store/check.ts'
import { systemClock } from '../../src/std/clock.ts'
import { seededRandom } from '../../src/std/random.ts'
import { type TemporaryFolder, temporaryFolder } from '../../src/testing/temporary-folder.ts'

const program = new URL('./store-driver.ts', import.meta.url).pathname

interface Race {
  appends: number
  beats: number
  /** Of the heartbeats, milliseconds. */
  slowest: number
  ticks: number
}

let folder: TemporaryFolder
let children: ChildProcess[] = []
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(async () => {
  for (const child of children) await kill(child)
  children = []
  await folder.remove()
})

function start(what: string, runId: string, number = 0, home = folder.path): ChildProcess {
  const child = fork(program, [what, home, runId, String(number)], {
    execArgv: [],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  children.push(child)
  return child
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

function lines(child: ChildProcess): AsyncIterable<string> {
  if (!child.stdout) throw new Error('the child has no output')
  return createInterface({ input: child.stdout })
}

async function firstLine(child: ChildProcess): Promise<unknown> {
  for await (const line of lines(child)) return JSON.parse(line)
  return undefined
}

async function open(): Promise<Store> {
  return openStore({ home: folder.path, durability: 'full', clock: systemClock, random: seededRandom(1) })
}

describe('several processes with one store', () => {
  it('all make and migrate it at once', async () => {
    for (let round = 0; round < 3; round += 1) {
      const home = folder.file(`home-${round}`)
      const said = await Promise.all(['r1', 'r2', 'r3', 'r4'].map((runId) => firstLine(start('open', runId, 0, home))))
      expect(said).toEqual(['done', 'done', 'done', 'done'])
      expect(await checkStore({ home })).toMatchObject({ version: storeVersion, runs: { running: 4 }, problems: [] })
    }
  })

  it('get their turns: of two that write all the time, neither gets under a third, and no heartbeat waits', async () => {
    const enough = 800
    const racers = ['r1', 'r2'].map((runId) => start('race', runId, enough))
    await Promise.all(racers.map((racer) => once(racer, 'message')))
    const results = racers.map(async (racer) => {
      const [result] = (await once(racer, 'message')) as [Race]
      for (const other of racers) if (other.connected) other.send('stop', () => {})
      return result
    })
    for (const racer of racers) racer.send('go')
    for (const result of await Promise.all(results)) {
      expect(result.appends).toBeGreaterThan(enough / 3)
      // Heartbeats keep step with a timer of the same length, and none takes so long that the next would be late.
      expect(result.beats).toBeGreaterThan(result.ticks / 3)
      expect(result.slowest).toBeLessThan(heartbeatEveryMs)
    }
  })
})

describe('a process that is killed while it writes', () => {
  it('leaves everything that was acknowledged, no gap, and no half of what was written together', async () => {
    const random = seededRandom(38)
    let before = 0
    for (let round = 0; round < 6; round += 1) {
      const writer = start('append', 'r1')
      const enough = before + 5 + Math.floor(random() * 300)
      let acknowledged = before
      for await (const line of lines(writer)) {
        acknowledged = Number(line)
        if (acknowledged >= enough) break
      }
      await kill(writer)
      const store = await open()
      const events = await store.readEvents('r1')
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_each, at) => at + 1))
      expect(events.length).toBeGreaterThanOrEqual(acknowledged)
      expect((await store.getRun('r1'))?.seq).toBe(events.length)
      const last = events.at(-1)
      const [at, of] = (last?.type === 'run.pausing' ? last.by : '').split('/')
      expect(at).toBe(of)
      const held = await store.getLease('r1')
      expect(held && probeHolder(held.holder)).toBe('gone')
      await store.close()
      before = events.length
    }
    expect((await checkStore({ home: folder.path })).problems).toEqual([])
  })
})

describe('the holder of a run', () => {
  it('is alive, stopped or gone, as its process is', async () => {
    const child = start('hold', 'r1')
    const holder = (await firstLine(child)) as LeaseHolder
    expect(holder).toMatchObject({ pid: child.pid, host: thisHolder().host, boot: thisHolder().boot })
    expect(probeHolder(holder)).toBe('alive')
    child.kill('SIGSTOP')
    await vi.waitUntil(() => probeHolder(holder) === 'stopped')
    child.kill('SIGCONT')
    await vi.waitUntil(() => probeHolder(holder) === 'alive')
    await kill(child)
    expect(probeHolder(holder)).toBe('gone')
  })

  it('is ended when it is stopped, and its run can be taken then', async () => {
    const child = start('hold', 'r1')
    const holder = (await firstLine(child)) as LeaseHolder
    const store = await open()
    const mayTake = (held: { holder: LeaseHolder }): boolean => probeHolder(held.holder) === 'gone'
    expect(await store.acquireLease('r1', thisHolder(), mayTake)).toMatchObject({ held: { holder } })
    child.kill('SIGSTOP')
    await vi.waitUntil(() => probeHolder(holder) === 'stopped')
    expect(await store.acquireLease('r1', thisHolder(), mayTake)).toMatchObject({ held: { holder } })
    await endHolder(holder, systemClock)
    expect(await store.acquireLease('r1', thisHolder(), mayTake)).toEqual({ lease: { run_id: 'r1', token: 2 } })
    await endHolder(holder, systemClock)
    await store.close()
  })

  it('is gone when it is a zombie, its pid is another process, or the machine was started again since', async (context) => {
    if (process.platform !== 'linux') return context.skip('reads /proc')
    const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 600'], { stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(parent)
    const pid = (await firstLine(parent)) as number
    const zombie = { ...thisHolder(), pid }
    await vi.waitUntil(() => probeHolder(zombie) === 'gone')
    const me = thisHolder()
    expect(probeHolder(me)).toBe('alive')
    expect(probeHolder({ ...me, started: '1' })).toBe('gone')
    expect(probeHolder({ ...me, boot: me.boot.replace(/^[^/]*/, 'another-boot') })).toBe('gone')
    return undefined
  })

  it('is elsewhere when it runs on another host or in another container', async () => {
    const me = thisHolder()
    const elsewhere = { ...me, host: 'another.example' }
    expect(probeHolder(elsewhere)).toBe('elsewhere')
    if (process.platform === 'linux')
      expect(probeHolder({ ...me, boot: me.boot.replace(/\/.*/, '/pid:[1]') })).toBe('elsewhere')
    await expect(endHolder(elsewhere, systemClock)).rejects.toMatchObject({
      code: 'held',
      hint: expect.stringContaining('another.example'),
    })
  })
})

describe('a user who may not write the store', () => {
  it('is told so', async () => {
    await (await open()).close()
    await chmod(folder.file('store.db'), 0o444)
    await chmod(folder.path, 0o555)
    try {
      // Root may write everything, so as root it is tried as somebody else.
      const someone = process.getuid?.() === 0 ? 65_534 : process.getuid?.()
      const said = await firstLine(start('nobody', 'r1', someone))
      expect(said).toMatchObject({ error: { code: 'store', hint: expect.stringContaining('write') } })
    } finally {
      await chmod(folder.path, 0o700)
    }
  })
})
