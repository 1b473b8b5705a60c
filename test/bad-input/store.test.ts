import { execFileSync, spawnSync } from 'node:child_process'
import { chmod, cp, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStore } from '../../src/state/store/open.ts'
import { storeVersion } from '../../src/state/store/sql/migrations.ts'
import { systemClock } from '../../src/std/clock.ts'
import { seededRandom } from '../../src/std/random.ts'
import { mountSmallDisk } from '../small-disk.ts'
import { type CliEnd, type CliRig, openCli } from '../cli/rig.ts'

/** A run that waits, with values small and large, in a store that has been closed well: copied for each test. */
let cli: CliRig
let whole: string
/** The same as a process that was killed leaves it: much of it is in the write-ahead log only. */
let killed: string
let copies = 0
/** Large enough to be kept as a file. */
const words = 'some words, '.repeat(2_400)

beforeAll(async () => {
  cli = await openCli()
  const many = Array.from(
    { length: 40 },
    (_each, at) => `  s${at}: {value: "\${{ len(inputs.text) }} words ${at}", needs: [big]}`,
  )
  await cli.write(
    'w.yaml',
    `name: w
inputs: {text: {type: string}}
steps:
  big: {value: "\${{ inputs.text }}"}
${many.join('\n')}
  ask: {approval: Publish?, needs: [s39]}
outputs: {text: "\${{ steps.s39.output }}", size: "\${{ len(steps.big.output) }}"}
`,
  )
  killed = join(cli.cwd, 'killed')
  whole = cli.home
  // While somebody has it open, nothing of its log is moved over.
  const open = await openStore({ home: cli.home, durability: 'full', clock: systemClock, random: seededRandom(1) })
  // By a process that is gone afterwards, so that whoever comes next may take what it held.
  const program = fileURLToPath(new URL('../cli/process.ts', import.meta.url))
  const end = spawnSync(process.execPath, [program, 'run', 'w.yaml', '--run-id', 'r1', '-i', `text=${words}`], {
    cwd: cli.cwd,
    env: { REPLICATE_AGENT_HOME: cli.home },
    encoding: 'utf8',
  })
  if (end.status !== 4) throw new Error(end.stderr)
  await cp(cli.home, killed, { recursive: true })
  await rm(join(killed, 'store.db-shm'))
  await open.close()
})
afterAll(() => cli.close())

async function copyOf(home: string): Promise<string> {
  copies += 1
  const copy = join(cli.cwd, `copy-${copies}`)
  await cp(home, copy, { recursive: true })
  return copy
}

const at = (home: string) => ({ env: { REPLICATE_AGENT_HOME: home } })

/** Everything that a user would do next; each says what is wrong, or does what it does on a store that is whole. */
async function everything(home: string): Promise<Record<string, CliEnd>> {
  return {
    list: await cli.run('runs list', at(home)),
    show: await cli.run('runs show r1', at(home)),
    approve: await cli.run('runs approve r1 --json', at(home)),
    run: await cli.run('run w.yaml --run-id r2 -i text=x', at(home)),
    doctor: await cli.run('doctor --json', at(home)),
  }
}

/** What the doctor says of one thing. */
function saidOf(name: string, doctor: CliEnd) {
  const { checks } = doctor.json() as { checks: { name: string; status: string; message: string; hint?: string }[] }
  return checks.find((check) => check.name === name)
}

function expectClear(ends: Record<string, CliEnd>): void {
  for (const [verb, { code, stderr }] of Object.entries(ends)) {
    if (verb === 'doctor') continue
    expect(stderr, verb).not.toContain('something unexpected')
    if (code !== 74) continue
    expect(
      stderr.split('\n').filter((line) => line.startsWith('error: ')),
      `${verb}: ${stderr}`,
    ).toHaveLength(1)
    expect(stderr, verb).toMatch(/^help: /m)
  }
}

describe('a store that is', () => {
  it('whole is what the others are compared with', async () => {
    const ends = await everything(await copyOf(whole))
    expect(Object.values(ends).map(({ code }) => code)).toEqual([0, 0, 0, 4, 0])
    expect(ends.approve?.json()).toMatchObject({ status: 'succeeded', outputs: { size: 28_800 } })
    expect(saidOf('files', ends.doctor as CliEnd)).toMatchObject({ status: 'ok' })
  })

  it.each([
    ['a folder', 'store', 'is not a file', '--store'],
    ['a FIFO', 'store', 'is not a file', '--store'],
    ['text', 'store_corrupt', 'is not a store', '--store'],
    ['of another program', 'store', 'another program', '--store'],
    ['of a newer version', 'store_newer', 'newer version', 'update'],
  ])(
    '%s is refused with code 74, the doctor says what to do, and nothing is changed',
    async (what, code, message, hint) => {
      const home = what === 'of a newer version' ? await copyOf(whole) : join(cli.cwd, `bad ${what}`)
      const file = join(home, 'store.db')
      await mkdir(home, { recursive: true, mode: 0o700 })
      if (what === 'a folder') await mkdir(file)
      else if (what === 'a FIFO') execFileSync('mkfifo', [file])
      else if (what === 'text') await writeFile(file, 'My notes on SQLite. '.repeat(500))
      else {
        const database = new DatabaseSync(file)
        database.exec(
          what === 'of a newer version' ? `pragma user_version = ${storeVersion + 1}` : 'create table mine (x)',
        )
        database.close()
      }
      const before = what === 'a folder' || what === 'a FIFO' ? undefined : await readFile(file)
      for (const command of ['run w.yaml -i text=x --json', 'runs list --json', 'runs resume r1 --json']) {
        const end = await cli.run(command, at(home))
        expect(end.code, command).toBe(74)
        expect(end.json()['error']).toMatchObject({
          code,
          message: expect.stringContaining(message),
          hint: expect.stringContaining(hint),
        })
      }
      const doctor = await cli.run('doctor --json', at(home))
      expect(doctor.code).toBe(1)
      expect(saidOf('store', doctor)).toMatchObject({ status: 'fault', hint: expect.stringContaining(hint) })
      if (before) expect((await readFile(file)).equals(before)).toBe(true)
    },
  )

  it('whole beside a damaged file of shared state is refused by what needs that, and the doctor says so', async () => {
    const home = await copyOf(whole)
    await cli.run('breakers trip meta/meta-llama-3-8b-instruct', at(home))
    expect(saidOf('shared state', await cli.run('doctor --json', at(home)))).toMatchObject({ status: 'ok' })
    const file = join(home, 'shared.db')
    await writeFile(file, 'My notes on SQLite. '.repeat(500))
    for (const command of ['breakers list --json', 'audit verify --json', 'limits reset --all --json'])
      expect((await cli.run(command, at(home))).code, command).toBe(74)
    const doctor = await cli.run('doctor --json', at(home))
    expect(doctor.code).toBe(1)
    expect(saidOf('shared state', doctor)).toMatchObject({
      status: 'fault',
      message: expect.stringContaining(file),
      hint: expect.stringContaining('begin anew'),
    })
  })

  it('not writable is refused with code 74, and the doctor says so', async () => {
    // Root may write whatever its mode says, but not on a file system that is read-only.
    const home = join(cli.cwd, 'read-only')
    const disk = await mountSmallDisk(home, 5e6)
    await cp(whole, home, { recursive: true })
    try {
      if (disk) disk.readOnly()
      else {
        await chmod(join(home, 'store.db'), 0o444)
        await chmod(home, 0o555)
      }
      for (const command of ['runs approve r1 --json', 'run w.yaml -i text=x --json']) {
        const end = await cli.run(command, at(home))
        expect(end.code, end.stderr).toBe(74)
        expect(end.json()['error']).toMatchObject({ code: 'store', hint: expect.stringContaining('write') })
      }
      const doctor = await cli.run('doctor --json', at(home))
      expect(doctor.code).toBe(1)
      expect(saidOf('state folder', doctor)).toMatchObject({
        status: 'fault',
        message: expect.stringContaining("can't be written"),
      })
    } finally {
      if (disk) disk.remove()
      else await chmod(home, 0o700)
    }
  })
})

describe('a damaged store:', () => {
  /** Each changes the copy of a whole store; `lost`: whether it must be noticed. */
  const damages: [string, (file: string, size: number) => Promise<void>][] = [
    ['a header of garbage', (file) => overwrite(file, 0, Buffer.alloc(100, 0xa5))],
    ['a zeroed first page', (file) => overwrite(file, 0, Buffer.alloc(4_096))],
    ['a page size that is none', (file) => overwrite(file, 16, Buffer.from([0xff, 0xff]))],
    ...[0.1, 0.3, 0.5, 0.7, 0.9].map((part): [string, (file: string, size: number) => Promise<void>] => [
      `a zeroed page after ${part * 100} %`,
      (file, size) => overwrite(file, Math.floor((size * part) / 4_096) * 4_096, Buffer.alloc(4_096)),
    ]),
    ...[100, 512, 4_095, 4_096, 8_192, 20_480, -4_096, -1].map(
      (bytes): [string, (file: string, size: number) => Promise<void>] => [
        bytes > 0 ? `cut after ${bytes} bytes` : `cut by ${-bytes} bytes`,
        (file, size) => truncate(file, bytes > 0 ? bytes : size + bytes),
      ],
    ),
    ...[3, 4, 5].map((seed): [string, (file: string, size: number) => Promise<void>] => [
      `bytes strewn over it, seed ${seed}`,
      async (file, size) => {
        const random = seededRandom(seed)
        for (let one = 0; one < 200; one += 1)
          await overwrite(file, 100 + Math.floor(random() * (size - 100)), Buffer.from([Math.floor(random() * 256)]))
      },
    ]),
  ]

  it.each(damages)(
    '%s is noticed where it matters: one clear error, code 74, and the doctor says what to do',
    async (_what, damage) => {
      const home = await copyOf(whole)
      const file = join(home, 'store.db')
      await damage(file, (await stat(file)).size)
      const doctor = await cli.run('doctor --json', at(home))
      const ends = await everything(home)
      expectClear(ends)
      const codes = Object.values(ends).map(({ code }) => code)
      // A page that nothing is in may be lost: then everything works as before.
      if (doctor.code === 0) expect(codes).toEqual([0, 0, 0, 4, 0])
      else {
        expect(doctor.code).toBe(1)
        expect(saidOf('store', doctor)).toMatchObject({ status: 'fault', hint: expect.stringContaining('from a copy') })
      }
      // What can be read is given; what can't is never made up.
      const allowed = { list: [0], show: [0, 2], approve: [0, 2], run: [4], doctor: [0, 1] }
      for (const [verb, good] of Object.entries(allowed)) expect([74, ...good], verb).toContain(ends[verb]?.code)
      if (ends.approve?.code === 0) expect(ends.approve.json()).toMatchObject({ outputs: { size: 28_800 } })
    },
  )

  it('a write-ahead log that is cut anywhere loses the end of the journal at most, and the run goes on', async () => {
    const { size } = await stat(join(killed, 'store.db-wal'))
    expect(size).toBeGreaterThan(50_000)
    for (const part of [0, 0.2, 0.45, 0.6, 0.8, 0.9, 0.97, 1]) {
      const home = await copyOf(killed)
      await truncate(join(home, 'store.db-wal'), Math.floor(size * part))
      const doctor = await cli.run('doctor --json', at(home))
      expect(doctor.code, `${part}: ${doctor.stdout}`).toBe(0)
      const known = (await cli.run('runs show r1', at(home))).code === 0
      const again = await cli.run(
        known ? 'runs resume r1 --json' : ['run', 'w.yaml', '--run-id', 'r1', '-i', `text=${words}`, '--json'],
        at(home),
      )
      expect(again.json(), `${part}`).toMatchObject({ status: 'waiting', waiting_for: 'approval' })
      expect((await cli.run('runs approve r1 --json', at(home))).json()).toMatchObject({ outputs: { size: 28_800 } })
    }
  })

  it('a write-ahead log with bytes changed is read up to there', async () => {
    const { size } = await stat(join(killed, 'store.db-wal'))
    for (const part of [0.001, 0.5, 0.95]) {
      const home = await copyOf(killed)
      await overwrite(join(home, 'store.db-wal'), Math.floor(size * part), Buffer.alloc(64, 0x5a))
      const ends = await everything(home)
      expectClear(ends)
      expect(ends.doctor?.code, ends.doctor?.stdout).toBe(0)
      expect([0, 2]).toContain(ends.show?.code)
    }
  })
})

describe('kept files that are', () => {
  it.each(['changed', 'cut', 'gone', 'a folder'])(
    '%s are noticed where they are read, with code 74, and by the doctor',
    async (what) => {
      const home = await copyOf(whole)
      const file = await keptFile(home)
      await chmod(file, 0o600)
      if (what === 'changed') await overwrite(file, 10, Buffer.from('!'))
      else if (what === 'cut') await truncate(file, 100)
      else await rm(file)
      if (what === 'a folder') await mkdir(file)
      for (const command of ['runs show r1', 'runs approve r1']) {
        const end = await cli.run(command, at(home))
        expect(end.code, end.stderr).toBe(74)
        expect(end.stderr).toMatch(/is (damaged|missing)/)
        expect(end.stderr).toMatch(/^help: Put the f/m)
      }
      const doctor = await cli.run('doctor --json', at(home))
      expect(doctor.code).toBe(1)
      expect(saidOf('files', doctor)).toMatchObject({
        status: 'fault',
        message: expect.stringMatching(/1 (damaged|missing) \([0-9a-f]{12}…\)/),
        hint: expect.stringContaining('runs retry'),
      })
    },
  )
})

async function overwrite(file: string, position: number, bytes: Buffer): Promise<void> {
  const before = await readFile(file)
  bytes.copy(before, position)
  await writeFile(file, before)
}

async function keptFile(home: string): Promise<string> {
  const folder = join(home, 'artifacts')
  for (const shelf of await readdir(folder)) {
    const [name] = (await readdir(join(folder, shelf))).filter((each) => /^[0-9a-f]{64}$/.test(each))
    if (name !== undefined) return join(folder, shelf, name)
  }
  throw new Error('no file was kept')
}
