/** A process of its own that uses a store, for tests of several at once: `store-driver.ts WHAT HOME RUN [NUMBER]`. */
import { writeSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { toErrorData } from '../../src/domain/errors.ts'
import type { RunEvent } from '../../src/domain/events.ts'
import type { Lease, RunRecord, Store } from '../../src/state/store/contract.ts'
import { probeHolder, thisHolder } from '../../src/state/store/holder.ts'
import { openStore } from '../../src/state/store/open.ts'
import { systemClock } from '../../src/std/clock.ts'

const [what = '', home = '', runId = '', number = '0'] = process.argv.slice(2)

/** Written at once: what was said before a kill -9 has been said. */
function say(line: unknown): void {
  writeSync(1, `${JSON.stringify(line)}\n`)
}

function open(): Promise<Store> {
  return openStore({ home, durability: 'full', clock: systemClock, random: Math.random })
}

/** `of` tells how many events were appended together with this one, itself included. */
function event(seq: number, of: string): RunEvent {
  return { seq, time: seq, type: 'run.pausing', by: of }
}

const record: RunRecord = {
  ...{ run_id: runId, workflow: 'w', version: undefined, status: 'running', waiting_for: undefined, attempt: 1 },
  ...{
    definition_hash: 'h',
    parent_run_id: undefined,
    sandbox: false,
    cost_usd: 0,
    created_at: 1,
    updated_at: 1,
    seq: 1,
  },
}

async function drive(store: Store): Promise<{ lease: Lease; seq: number }> {
  const made = await store.createRun(record, { hash: 'h', json: '{}' }, [event(1, '1/1')], thisHolder())
  if (made) return { lease: made, seq: 1 }
  const got = await store.acquireLease(runId, thisHolder(), (held) => probeHolder(held.holder) === 'gone')
  if ('held' in got) throw new Error(`held by ${got.held.holder.pid}`)
  return { lease: got.lease, seq: (await store.getRun(runId))?.seq ?? 0 }
}

const deeds: Record<string, () => Promise<void>> = {
  /** Opens, makes a run, closes. */
  async open() {
    const store = await open()
    await drive(store)
    await store.close()
    say('done')
  },

  /** Says who it is and stays, holding a run. */
  async hold() {
    await drive(await open())
    say(thisHolder())
    await pause(600_000)
  },

  /** Appends until it is killed, singly and in batches, and says what was acknowledged. */
  async append() {
    const store = await open()
    const { lease, seq: from } = await drive(store)
    let seq = from
    for (let round = 0; ; round += 1) {
      const size = (round % 4) * 3 + 1
      const batch = Array.from({ length: size }, (_each, at) => event(seq + 1 + at, `${at + 1}/${size}`))
      await store.append(lease, batch)
      seq += size
      say(seq)
    }
  },

  /** Appends as fast as it can until it has done `number` or is told to stop, sending heartbeats beside it. */
  async race() {
    const store = await open()
    const { lease, seq } = await drive(store)
    let stopped = false
    let appends = 0
    let beats = 0
    let slowest = 0
    let ticks = 0
    const started = new Promise<void>((resolve) => {
      process.on('message', (word) => {
        if (word === 'go') resolve()
        else stopped = true
      })
    })
    process.send?.('ready')
    await started
    const beside = async (step: () => Promise<unknown>): Promise<void> => {
      while (!stopped) await step()
    }
    const appending = beside(async () => {
      await store.append(lease, [event(seq + appends + 1, '1/1')])
      appends += 1
      if (appends >= Number(number)) stopped = true
    })
    const beating = beside(async () => {
      const since = systemClock.monotonic()
      if (await store.heartbeat(lease)) beats += 1
      slowest = Math.max(slowest, systemClock.monotonic() - since)
      await pause(100)
    })
    const ticking = beside(async () => {
      ticks += 1
      await pause(100)
    })
    await Promise.all([appending, beating, ticking])
    process.send?.({ appends, beats, slowest, ticks })
    await store.close()
    process.disconnect()
  },

  /** Gives up root first, then opens. */
  async nobody() {
    process.setuid?.(Number(number))
    await open()
    say('opened')
  },
}

try {
  await deeds[what]?.()
} catch (error) {
  say({ error: toErrorData(error) })
  process.exitCode = 1
}
