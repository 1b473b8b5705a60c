/**
 * A process of its own that makes runs with files, or removes them: `gc-driver.ts WHAT HOME [NUMBER]`.
 * Says a JSON line for what it has done.
 */
import { randomBytes } from 'node:crypto'
import { writeSync } from 'node:fs'
import { gcRuns } from '../../src/app/actions/runs/gc.ts'
import { callAction } from '../../src/app/call-action.ts'
import { createApp } from '../../src/app/create-app.ts'
import type { RunEvent } from '../../src/domain/events.ts'
import type { RunRecord } from '../../src/state/store/contract.ts'

const [what = '', home = '', number = '0'] = process.argv.slice(2)
const app = await createApp({ config: false, env: {}, cwd: home, home, durability: 'normal' })

function say(line: unknown): void {
  writeSync(1, `${JSON.stringify(line)}\n`)
}

/** A run as a driver makes it: the file is put first, and named in the journal afterwards. */
async function makeRun(runId: string, content: string): Promise<void> {
  const { store, artifacts, holder } = await app.engine('real')
  const now = Date.now()
  const record: RunRecord = {
    ...{ run_id: runId, workflow: 'w', version: undefined, status: 'running', waiting_for: undefined, attempt: 1 },
    ...{ definition_hash: 'h', parent_run_id: undefined, sandbox: false, cost_usd: 0 },
    ...{ created_at: now, updated_at: now, seq: 1 },
  }
  const created = { type: 'run.created', workflow: 'w', definition_hash: 'h', inputs: {}, env: {} } as const
  const first: RunEvent = { seq: 1, time: now, ...created, files: [], sandbox: false }
  const lease = await store.createRun(record, { hash: 'h', json: '{}' }, [first], holder)
  if (!lease) throw new Error(`${runId} is taken`)
  const file = await artifacts.put(Buffer.from(content.repeat(200)), `${content}.txt`)
  // What comes between takes its time, as the rest of a download does.
  const other = await artifacts.put(randomBytes(300_000), 'other.bin')
  const output = { value: `artifact:${file.sha256}/${file.name}` }
  const step = { step: 's', status: 'succeeded', output, attempts: 1, latency_ms: 1, cost_usd: 0 } as const
  const events: RunEvent[] = [
    { seq: 2, time: Date.now(), type: 'step.settled', ...step, files: [file, other] },
    { seq: 3, time: Date.now(), type: 'run.settled', status: 'succeeded', outputs: output, cost_usd: 0 },
  ]
  await store.append(lease, events, { status: 'succeeded' })
  await store.releaseLease(lease)
}

const deeds: Record<string, () => Promise<void>> = {
  /** So many runs; every third one has the same file as others. */
  async make() {
    for (let at = 0; at < Number(number); at += 1)
      await makeRun(`r${String(at).padStart(3, '0')}`, at % 3 === 0 ? 'shared' : `own-${at}-`)
    say('made')
  },

  /** Runs with one of three files each, one after another, until it is told to stop. */
  async write() {
    let stopped = false
    process.on('message', () => {
      stopped = true
    })
    let made = 0
    for (; !stopped; made += 1) {
      await makeRun(`${number}-${made}`, `content-${made % 3}-`)
      if (made === 0) process.send?.('writing')
    }
    say({ made })
    process.disconnect()
  },

  /** Leaves the newest NUMBER runs. */
  async gc() {
    const { removed, files } = await callAction(app, gcRuns, { keep: Number(number) })
    say({ removed: removed.map(({ run_id }) => run_id), files })
  },

  /** Makes some runs, removes them, and kills itself before or after one of its changes. */
  async die() {
    for (let at = 0; at < 6; at += 1) await makeRun(`r${at}`, at % 3 === 0 ? 'shared' : `own-${at}-`)
    const { store, artifacts } = await app.engine('real')
    let left = Number(number)
    const dying = <A extends unknown[], R>(deed: (...args: A) => Promise<R>) => {
      return async (...args: A): Promise<R> => {
        left -= 1
        if (left === 0) process.kill(process.pid, 'SIGKILL')
        const done = await deed(...args)
        left -= 1
        if (left === 0) process.kill(process.pid, 'SIGKILL')
        return done
      }
    }
    store.removeRun = dying(store.removeRun.bind(store))
    store.dropFiles = dying(store.dropFiles.bind(store))
    artifacts.remove = dying(artifacts.remove.bind(artifacts))
    await callAction(app, gcRuns, { keep: 0 })
    say('done')
  },
}

await deeds[what]?.()
await app.close()
