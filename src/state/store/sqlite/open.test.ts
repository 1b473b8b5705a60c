import { execFileSync } from 'node:child_process'
import { mkdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { StoreError } from '../../../domain/errors.ts'
import type { RunEvent } from '../../../domain/events.ts'
import { systemClock } from '../../../std/clock.ts'
import { seededRandom } from '../../../std/random.ts'
import { eagerClock } from '../../../testing/eager-clock.ts'
import { type TemporaryFolder, temporaryFolder } from '../../../testing/temporary-folder.ts'
import { checkStore } from '../check.ts'
import type { Lease, RunRecord, Store } from '../contract.ts'
import { thisHolder } from '../holder.ts'
import { openStore } from '../open.ts'
import { storeVersion } from '../sql/migrations.ts'

let folder: TemporaryFolder
let opened: Store[] = []

beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(async () => {
  for (const store of opened) await store.close()
  opened = []
  await folder.remove()
})

async function open(where: { url?: string; home?: string } = {}, clock = systemClock): Promise<Store> {
  const home = where.home ?? folder.path
  const store = await openStore({ ...where, home, durability: 'normal', clock, random: seededRandom(1) })
  opened.push(store)
  return store
}

async function refusal(opening: Promise<unknown>): Promise<StoreError> {
  const error: unknown = await opening.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(StoreError)
  return error as StoreError
}

function event(seq: number, by = 'x'): RunEvent {
  return { seq, time: seq, type: 'run.pausing', by }
}

async function makeRun(store: Store, runId: string): Promise<Lease> {
  const record: RunRecord = {
    ...{ run_id: runId, workflow: 'w', version: undefined, status: 'running', waiting_for: undefined, attempt: 1 },
    ...{ definition_hash: 'h', parent_run_id: undefined, sandbox: false, cost_usd: 0, created_at: 1, updated_at: 1 },
    seq: 1,
  }
  return (await store.createRun(record, { hash: 'h', json: '{}' }, [event(1)], thisHolder())) as Lease
}

/** Fills a store and closes it, so that everything lies in the one file. */
async function filledStore(events = 2_000): Promise<string> {
  const store = await open()
  const lease = await makeRun(store, 'r1')
  await store.append(
    lease,
    Array.from({ length: events }, (_each, at) => event(at + 2, 'x'.repeat(200))),
  )
  await store.close()
  return folder.file('store.db')
}

describe('opening a store', () => {
  it('makes the home folder and the file for their owner only', async () => {
    const home = folder.file('state', 'replicate-agent')
    await open({ home })
    const modes = await Promise.all(
      [folder.file('state'), home, `${home}/store.db`].map(async (path) => (await stat(path)).mode & 0o777),
    )
    expect(modes).toEqual([0o700, 0o700, 0o600])
  })

  it('opens the file that a URL names, and refuses what names none', async () => {
    const file = folder.file('sub', 'a b.db')
    await makeRun(await open({ url: `sqlite:${file}` }), 'r1')
    expect(await (await open({ url: `sqlite://${file}` })).getRun('r1')).toBeDefined()
    for (const url of ['sqlite:', 'sqlite::memory:', 'sqlite://host/x.db', 'sqlite:x.db?mode=ro']) {
      expect(await refusal(open({ url })), url).toMatchObject({
        code: 'store',
        hint: expect.stringContaining('sqlite:'),
      })
    }
  })

  it('names the schemes that it knows when it is given another, or none', async () => {
    const other = await refusal(open({ url: 'mysql://host/db' }))
    expect(other.message).toContain('mysql:')
    expect(other.hint).toContain('sqlite:')
    expect((await refusal(open({ url: 'constructor:x' }))).code).toBe('store')
    expect((await refusal(open({ url: './store.db' }))).hint).toContain('sqlite:./store.db')
  })

  it('refuses a folder, a file that is something else, and a database of another program, and leaves them as they were', async () => {
    await mkdir(folder.file('dir'))
    expect(await refusal(open({ url: `sqlite:${folder.file('dir')}` }))).toMatchObject({
      code: 'store',
      hint: expect.any(String),
    })

    const text = 'this is not a database at all, '.repeat(200)
    await writeFile(folder.file('text'), text)
    expect(await refusal(open({ url: `sqlite:${folder.file('text')}` }))).toMatchObject({
      code: 'store_corrupt',
      hint: expect.stringContaining('doctor'),
    })
    expect(await readFile(folder.file('text'), 'utf8')).toBe(text)

    for (const mark of ['create table notes (text)', 'pragma application_id = 77']) {
      const file = folder.file(`foreign-${mark.length}.db`)
      const foreign = new DatabaseSync(file)
      foreign.exec(mark)
      foreign.close()
      const before = await readFile(file)
      expect((await refusal(open({ url: `sqlite:${file}` }))).message).toContain('another program')
      expect((await readFile(file)).equals(before)).toBe(true)
    }
  })

  it('refuses a home below a file', async () => {
    await writeFile(folder.file('plain'), '')
    const error = await refusal(open({ home: folder.file('plain', 'home') }))
    expect(error).toMatchObject({ code: 'store', hint: expect.stringContaining('REPLICATE_AGENT_HOME') })
  })

  it('refuses a store that a newer version has written, and leaves it readable for that', async () => {
    const file = await filledStore()
    const database = new DatabaseSync(file)
    database.exec(`pragma user_version = ${storeVersion + 1}`)
    database.close()
    const error = await refusal(open())
    expect(error.code).toBe('store_newer')
    expect(error.hint).toContain('update')
    expect((await checkStore({ home: folder.path })).problems.join()).toContain('newer version')
  })

  it('opens a store of this version without writing to it', async () => {
    const file = await filledStore()
    const before = await readFile(file)
    await (await open()).close()
    expect((await readFile(file)).equals(before)).toBe(true)
  })

  it('says that a damaged file is damaged, when opening or when reading', async () => {
    const file = await filledStore()
    const { size } = await stat(file)
    await truncate(file, Math.floor(size / 8_192) * 4_096)
    const found = await refusal((async () => (await open()).readEvents('r1'))())
    expect(found).toMatchObject({ code: 'store_corrupt', hint: expect.stringContaining('doctor') })
    const report = await checkStore({ home: folder.path })
    expect(report.problems.length).toBeGreaterThan(0)
  })
})

describe('a database that another process has locked', () => {
  async function locked(): Promise<{
    store: Store
    lease: Lease
    clock: ReturnType<typeof eagerClock>
    other: DatabaseSync
  }> {
    const clock = eagerClock()
    const store = await open({}, clock)
    const lease = await makeRun(store, 'r1')
    const other = new DatabaseSync(folder.file('store.db'))
    other.exec('begin immediate')
    return { store, lease, clock, other }
  }

  it('is waited for without holding up the event loop, and readers are not held up at all', async () => {
    const { store, lease, clock, other } = await locked()
    let settled = false
    const appending = store.append(lease, [event(2)]).finally(() => {
      settled = true
    })
    while (clock.slept.length < 50) await new Promise((resolve) => setImmediate(resolve))
    expect(settled).toBe(false)
    expect(await store.readEvents('r1')).toEqual([event(1)])
    expect(clock.slept.every((ms) => ms >= 0 && ms <= 2)).toBe(true)
    other.exec('commit')
    other.close()
    await appending
    expect(await store.readEvents('r1')).toEqual([event(1), event(2)])
  })

  it('is given up after thirty seconds, with nothing written', async () => {
    const { store, lease, clock, other } = await locked()
    const appending = store.append(lease, [event(2)])
    const outcome = refusal(appending)
    while (clock.slept.length < 10) await new Promise((resolve) => setImmediate(resolve))
    clock.advance(31_000)
    expect(await outcome).toMatchObject({ code: 'store', message: expect.stringContaining('locked') })
    other.exec('rollback')
    other.close()
    await store.append(lease, [event(2)])
    expect(await store.readEvents('r1')).toEqual([event(1), event(2)])
  })
})

describe('many writes at once', () => {
  it('share a commit: the bytes written are those of a few pages, not of a page for each', async () => {
    const store = await open()
    const leases = []
    for (let run = 0; run < 40; run += 1) leases.push(await makeRun(store, `r${run}`))
    const walBytes = async () => (await stat(folder.file('store.db-wal'))).size
    const before = await walBytes()
    await Promise.all(leases.map((lease) => store.append(lease, [event(2)])))
    const together = (await walBytes()) - before
    for (const lease of leases) await store.append(lease, [event(3)])
    const apart = (await walBytes()) - before - together
    expect(together).toBeGreaterThan(0)
    expect(together).toBeLessThan(apart / 8)
  })

  it('leave the event loop its turns, and so do reads', async () => {
    const store = await open()
    const lease = await makeRun(store, 'r1')
    const calls = [
      (seq: number) => store.append(lease, [event(seq)]),
      () => store.getRun('r1'),
      () => store.readEvents('r1'),
    ]
    for (const call of calls) {
      let turned = false
      setImmediate(() => {
        turned = true
      })
      let done = 0
      for (; !turned && done < 200; done += 1) await call(done + 2)
      expect(done).toBeLessThanOrEqual(40)
    }
  })

  it('cost the same bytes a step however long the run already is', async () => {
    const store = await open()
    const lease = await makeRun(store, 'r1')
    const growth: number[] = []
    for (let seq = 2, last = 0; seq < 40_000;) {
      const batch = Array.from({ length: 8_000 }, (_each, at) => event(seq + at, 'x'.repeat(100)))
      await store.append(lease, batch)
      seq += batch.length
      const { bytes } = pages(folder.file('store.db'))
      growth.push(bytes - last)
      last = bytes
    }
    expect(Math.max(...growth.slice(1))).toBeLessThan((growth[1] ?? 0) * 1.2)
  })
})

function pages(file: string): { bytes: number } {
  const database = new DatabaseSync(file, { readOnly: true })
  const row = database.prepare('select page_count * page_size as bytes from pragma_page_count, pragma_page_size').get()
  database.close()
  return { bytes: Number(row?.['bytes']) }
}

describe('a full disk', () => {
  it('is said so, leaves nothing half written, and the store works again once there is room', async (context) => {
    const mount = folder.file('small')
    await mkdir(mount)
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', mount], { stdio: 'ignore' })
    } catch {
      return context.skip('a small file system can only be mounted by root')
    }
    try {
      const store = await open({ home: mount })
      const lease = await makeRun(store, 'r1')
      const ballast = `${mount}/ballast`
      await writeFile(ballast, Buffer.alloc(1_000_000))
      let seq = 1
      const fill = async (): Promise<void> => {
        for (;;) {
          await store.append(lease, [event(seq + 1, 'x'.repeat(20_000)), event(seq + 2)])
          seq += 2
        }
      }
      expect(await refusal(fill())).toMatchObject({ code: 'disk_full', hint: expect.stringContaining('room') })
      expect((await store.readEvents('r1')).length).toBe(seq)
      expect(await refusal(open({ home: mount, url: `sqlite:${mount}/second.db` }))).toMatchObject({
        code: 'disk_full',
      })
      await truncate(ballast, 0)
      await store.append(lease, [event(seq + 1)])
      expect((await store.readEvents('r1')).at(-1)?.seq).toBe(seq + 1)
      expect((await checkStore({ home: mount })).problems).toEqual([])
      await store.close()
    } finally {
      for (const store of opened) await store.close()
      execFileSync('umount', [mount])
    }
    return undefined
  })
})

describe('looking a store over', () => {
  it('says what is in it', async () => {
    await filledStore(10)
    const report = await checkStore({ home: folder.path })
    expect(report).toMatchObject({
      file: folder.file('store.db'),
      exists: true,
      version: storeVersion,
      supported_version: storeVersion,
      runs: { running: 1 },
      events: 11,
      definitions: 1,
      problems: [],
    })
    expect(report.bytes).toBeGreaterThan(0)
  })

  it('does not make one that is not there', async () => {
    expect(await checkStore({ home: folder.file('none') })).toMatchObject({ exists: false, problems: [] })
    await expect(stat(folder.file('none'))).rejects.toThrow('ENOENT')
  })

  it('finds journals that do not agree with their runs', async () => {
    const file = await filledStore(10)
    const database = new DatabaseSync(file)
    database.exec(
      `delete from events where seq = 5; delete from definitions; insert into events values ('ghost', 1, '{}')`,
    )
    database.close()
    const { problems } = await checkStore({ home: folder.path })
    expect(problems.map((problem) => problem.replace(/:.*/, ''))).toEqual(['run r1', 'run ghost', 'run r1'])
    expect(problems[0]).toContain('should end at 11 but has 10 events')
  })
})
