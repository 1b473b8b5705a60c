import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts'
import { temporaryFolder, type TemporaryFolder } from '../../src/testing/temporary-folder.ts'
import { mountSmallDisk } from '../small-disk.ts'
import {
  createsOf,
  type Ended,
  journalOf,
  type Place,
  runCliProcess,
  startCli,
  type Started,
  storeFaults,
} from './processes.ts'

/** Eight predictions, two at a time, each of which takes a moment. */
const workflow = `
name: faulty
max_concurrency: 2
# Longer than a provider takes to come back.
defaults: {retry: {attempts: 60, base_delay: 100ms, max_delay: 500ms}}
steps:
  many:
    foreach: {in: [1, 2, 3, 4, 5, 6]}
    model: meta/meta-llama-3-8b-instruct
    input: {prompt: "Rewrite as one short line: a cup, number \${{ item }}.", max_tokens: 8}
  draw: {model: black-forest-labs/flux-schnell, input: {prompt: "\${{ steps.many.output[0] }}", megapixels: '0.25'}}
  last: {model: meta/meta-llama-3-8b-instruct, input: {prompt: "Rewrite as one short line: \${{ steps.many.output[5] }}"}, needs: [draw]}
outputs: {many: "\${{ steps.many.output }}", last: "\${{ steps.last.output }}"}
`
const predictions = 8
const expected = {
  status: 'succeeded',
  outputs: {
    many: [1, 2, 3, 4, 5, 6].map((item) => `a cup, number ${item}.`),
    last: 'a cup, number 6.',
  },
}

// Processes by the dozen, on machines with other things to do.
vi.setConfig({ testTimeout: 90_000 })

let folder: TemporaryFolder
let sandbox: Sandbox
let place: Place
let log: string
const started: Started[] = []
beforeEach(async () => {
  folder = await temporaryFolder()
  log = folder.file('log.jsonl')
  await writeFile(folder.file('w.yaml'), workflow)
})
afterEach(async () => {
  for (const { child, end } of started.splice(0)) {
    child.kill('SIGKILL')
    await end
  }
  await sandbox.close()
  await folder.remove()
})

async function open(options: SandboxOptions = {}, home = folder.file('home')): Promise<void> {
  sandbox = await startSandbox({ latency: '200', logFile: log, ...options })
  place = { home, cwd: folder.path, url: sandbox.url }
}

function start(words: readonly string[], shell?: string): Started {
  const one = startCli(words, place, shell)
  started.push(one)
  return one
}

const run = ['run', 'w.yaml', '--run-id', 'r', '--json']
const resume = ['runs', 'resume', 'r', '--json']

/** A run of a process that has asked for some predictions already. */
async function startedRun(creates = 3, shell?: string): Promise<Started> {
  const one = start(run, shell)
  await vi.waitUntil(async () => (await createsOf(log)).length >= creates, { timeout: 20_000 })
  return one
}

/** The run succeeded, nothing was asked for twice, and the journal keeps its rules. */
async function expectWell({ code, stdout, stderr }: Ended): Promise<void> {
  expect(code, stderr).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject(expected)
  const creates = await createsOf(log)
  expect(new Set(creates).size).toBe(predictions)
  expect(creates).toHaveLength(predictions)
  expect(await storeFaults(place.home, 'r')).toEqual([])
}

describe('a driver that is stopped', () => {
  it('keeps its lease on one host, however old that is; it goes on when it is continued', async () => {
    await open()
    const driver = await startedRun()
    expireLease(await stop(driver))
    const refused = await runCliProcess(resume, place)
    expect(refused.code).toBe(75)
    expect(JSON.parse(refused.stdout)).toMatchObject({
      error: {
        code: 'held',
        message: expect.stringContaining(`process ${driver.pid}`),
        hint: expect.stringContaining('--take-over'),
      },
    })
    driver.child.kill('SIGCONT')
    await expectWell(await driver.end)
  })

  it('is ended by --take-over, and whoever took over goes on where it was', async () => {
    await open()
    const driver = await startedRun()
    driver.child.kill('SIGSTOP')
    const taker = await runCliProcess([...resume, '--take-over'], place)
    expect((await driver.end).signal).toBe('SIGKILL')
    await expectWell(taker)
  })

  it('in the middle of a commit is named all the same, although nobody else can write', async () => {
    await open()
    const driver = await startedRun()
    // The lock is ours here; to the other process it is that of whoever is stopped.
    const database = await stop(driver)
    expect((await runCliProcess(resume, place)).code).toBe(75)
    database.exec('rollback')
    database.close()
    driver.child.kill('SIGCONT')
    await expectWell(await driver.end)
  })

  it('writes nothing more when another host has replaced it: code 75, and nothing is paid for twice', async () => {
    await open()
    const driver = await startedRun()
    // As another machine sees it: nobody can tell whether that process lives.
    expireLease(await stop(driver), 'another.example')
    const taker = await runCliProcess(resume, place)
    const seq = (await journalOf(place.home, 'r')).length
    driver.child.kill('SIGCONT')
    const fenced = await driver.end
    expect(fenced.code, fenced.stderr).toBe(75)
    expect(JSON.parse(fenced.stdout)).toMatchObject({ error: { code: 'lease_lost' } })
    expect(await journalOf(place.home, 'r')).toHaveLength(seq)
    await expectWell(taker)
  })

  /** Stops it where it holds no lock of the store, so that its lease can be changed. */
  async function stop({ child }: Started): Promise<DatabaseSync> {
    const database = new DatabaseSync(join(place.home, 'store.db'), { timeout: 200 })
    for (;;) {
      child.kill('SIGSTOP')
      try {
        database.exec('begin immediate')
        return database
      } catch {
        child.kill('SIGCONT')
      }
    }
  }

  function expireLease(database: DatabaseSync, host?: string): void {
    database.exec(`update leases set expires_at = 1${host === undefined ? '' : `, host = '${host}'`}; commit`)
    database.close()
  }
})

describe('several processes that resume one run at once', () => {
  it('have one driver: the others are told who it is, with code 75, or are given the result', async () => {
    await open()
    const first = await startedRun()
    first.child.kill('SIGKILL')
    await first.end
    const ends = await Promise.all([1, 2, 3].map(() => start(resume).end))
    expect(ends.map(({ code }) => code).filter((code) => code !== 0 && code !== 75)).toEqual([])
    const drivers = (await journalOf(place.home, 'r')).filter(({ type }) => type === 'run.started')
    expect(drivers).toHaveLength(2)
    for (const { stderr } of ends.filter(({ code }) => code === 75))
      expect(stderr).toMatch(/is being driven by process \d+/)
    await expectWell(ends.find(({ code }) => code === 0) as Ended)
  })
})

describe('a provider', () => {
  it('whose answers to creates are all lost is asked for nothing twice', async () => {
    await open({ faults: ['*:lost'] })
    await expectWell(await runCliProcess(run, place))
  })

  it('that loses an answer and then the caller, too, is asked for nothing twice', async () => {
    await open({ faults: ['*:lost'] })
    const first = await startedRun(2)
    first.child.kill('SIGKILL')
    await first.end
    await expectWell(await runCliProcess(resume, place))
  })

  it('that is killed and comes back goes on, and so does the run', async () => {
    sandbox = await startSandbox()
    place = { home: folder.file('home'), cwd: folder.path, url: '' }
    const words = (port: number) => [
      'sandbox',
      '--port',
      String(port),
      '--latency',
      '120',
      '--data',
      folder.file('data'),
      '--log',
      log,
      '--json',
    ]
    const port = await freePort()
    const provider = start(words(port))
    place.url = `http://127.0.0.1:${port}/v1`
    await vi.waitUntil(
      () =>
        fetch(place.url).then(
          () => true,
          () => false,
        ),
      { timeout: 20_000 },
    )
    const driver = await startedRun()
    provider.child.kill('SIGKILL')
    await provider.end
    start(words(port))
    await expectWell(await driver.end)
  })
})

describe('a disk that is full', () => {
  it('stops the run with code 74; it goes on once there is room', async (context) => {
    const disk = await mountSmallDisk(folder.file('disk'), 2_500_000)
    await open({}, folder.file('disk', 'home'))
    if (!disk) return context.skip('a small file system can only be mounted by root')
    try {
      const driver = await startedRun(2)
      const ballast = folder.file('disk', 'ballast')
      await fill(ballast)
      const stopped = await driver.end
      expect(stopped.code, stopped.stderr).toBe(74)
      expect(JSON.parse(stopped.stdout)).toMatchObject({
        error: {
          code: 'disk_full',
          message: expect.stringContaining('no room left'),
          hint: expect.stringMatching(/Make room, then resume the run\. To go on: replicate-agent runs resume r$/),
          details: { run_id: 'r' },
        },
      })
      await rm(ballast)
      await expectWell(await runCliProcess(resume, place))
    } finally {
      disk.remove()
    }
    return undefined
  })

  it('or a file that may not grow stops the run with code 74, wherever it strikes', async () => {
    await open({ latency: '5' })
    await mkdir(place.home, { mode: 0o700 })
    // In units of 512 bytes; SIGXFSZ would kill the process, without it the write fails.
    const codes: (number | null)[] = []
    for (const blocks of [80, 160, 200, 240, 280, 320]) {
      const end = await start(run, `trap '' XFSZ; ulimit -f ${blocks}`).end
      codes.push(end.code)
      if (end.code === 0) break
      expect(end.code, end.stderr).toBe(74)
      expect(JSON.parse(end.stdout)).toMatchObject({ error: { hint: expect.stringMatching(/room|disk|write/) } })
    }
    expect(codes).toContain(74)
    await expectWell(await runCliProcess(run, place))
  })
})

/** Until nothing more goes in. */
async function fill(file: string): Promise<void> {
  for (const bytes of [100_000, 4_096, 512, 1]) {
    try {
      for (;;) await writeFile(file, Buffer.alloc(bytes), { flag: 'a' })
    } catch {
      // That much does not fit; less may.
    }
  }
}

async function freePort(): Promise<number> {
  const one = await startSandbox()
  await one.close()
  return one.port
}
