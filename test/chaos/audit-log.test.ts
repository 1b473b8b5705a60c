/**
 * Many processes that write one audit log, killed at random. CHAOS_AUDIT_KILLS=2000 makes a long sweep of it, CHAOS_SEED
 * another one.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { expect, test, vi } from 'vitest'
import { headCell, headOf } from '../../src/observe/audit/head.ts'
import { readSegment } from '../../src/observe/audit/read.ts'
import { segmentFile, segmentsIn } from '../../src/observe/audit/segments.ts'
import { verifyChain } from '../../src/observe/audit/verify.ts'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { openCells } from '../../src/state/cells/open.ts'
import { systemClock } from '../../src/std/clock.ts'
import { seededRandom } from '../../src/std/random.ts'
import { temporaryFolder } from '../../src/testing/temporary-folder.ts'
import { createsOf, runCliProcess, startCli } from './processes.ts'

const program = new URL('./audit-writer.ts', import.meta.url).pathname
const atOnce = 6
const kills = Number(process.env['CHAOS_AUDIT_KILLS'] ?? 12)
const seed = Number(process.env['CHAOS_SEED'] ?? 1)
/** Milliseconds after its beginning within which a process is killed. */
const longestLife = 300

interface Ended {
  writer: string
  killed: boolean
  acknowledged: number
  warnings: string[]
}

/** A process that is killed at a random moment, or that ends by itself after a few rounds. */
async function drive(home: string, at: number, life: number): Promise<Ended> {
  const writer = `w${at}`
  const trace = `${home}/trace-${at}`
  const rounds = at % 5 === 0 ? 4 : 1_000_000 + at
  const child = spawn(process.execPath, [program, home, trace, writer, String(rounds)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  await Promise.race([once(child.stdout, 'data'), exited])
  const timer = setTimeout(() => child.kill('SIGKILL'), rounds === 4 ? 60_000 : life)
  await exited
  clearTimeout(timer)
  const lines = (await readFile(trace, 'utf8')).split('\n')
  const last = lines.findLast((line) => line.startsWith('acknowledged '))
  const warnings = lines.filter((line) => line.startsWith('warned'))
  return { writer, killed: child.signalCode === 'SIGKILL', acknowledged: Number(last?.split(' ')[1] ?? 0), warnings }
}

test(
  `${atOnce} processes that write one log, and are killed ${kills} times, lose nothing that was acknowledged`,
  { timeout: 90_000 + kills * 1_000 },
  async () => {
    await using folder = await temporaryFolder()
    const home = folder.file('home')
    await mkdir(home)
    const random = seededRandom(seed)
    const ended: Ended[] = []
    let next = 0
    async function lane(): Promise<void> {
      while (ended.filter(({ killed }) => killed).length < kills)
        ended.push(await drive(home, (next += 1), random() * longestLife))
    }
    await Promise.all([...Array(atOnce)].map(() => lane()))

    const audit = `${home}/audit`
    const cells = await openCells({ file: `${home}/shared.db`, clock: systemClock, random })
    const head = headOf(cells.get(headCell)) ?? null
    cells.close()
    const files = segmentsIn(audit).map((segment) => segmentFile(audit, segment))
    const { fault, lines } = await verifyChain(files, { head })
    expect(fault).toBeNull()
    expect(lines).toBeGreaterThan(kills)

    const found = new Map<string, number[]>()
    const options = { since: 0, until: Infinity, signal: new AbortController().signal, unreadable: expect.fail }
    for (const segment of segmentsIn(audit)) {
      for await (const some of readSegment(audit, segment, options)) {
        for (const { entry } of some) {
          if (entry.kind !== 'call') continue
          const seen = found.get(entry.run) ?? []
          found.set(entry.run, seen)
          seen.push(entry.index as number)
        }
      }
    }
    // Of each writer the first so many, in order and once: nothing that was acknowledged is missing.
    const wrong = ended.filter(({ writer, acknowledged, warnings }) => {
      const indexes = found.get(writer) ?? []
      return indexes.length < acknowledged || indexes.some((index, at) => index !== at) || warnings.length > 0
    })
    expect(wrong).toEqual([])
    expect(ended.some(({ killed }) => !killed)).toBe(true)
  },
)

const workflow = `
name: shot
max_concurrency: 2
steps:
  many:
    foreach: {in: [1, 2, 3, 4, 5, 6]}
    model: meta/meta-llama-3-8b-instruct
    fallback: black-forest-labs/flux-schnell
    retry: {attempts: 2, base_delay: 1ms, max_delay: 1ms}
    input: {prompt: "a cup, number \${{ item }}"}
`

test(
  'A run whose process is killed has every call in the log once it is resumed, and what it cost once',
  { timeout: 90_000 },
  async () => {
    await using folder = await temporaryFolder()
    const logFile = folder.file('log.jsonl')
    await writeFile(folder.file('w.yaml'), workflow)
    const sandbox = await startSandbox({
      latency: '200',
      logFile,
      faults: ['meta/meta-llama-3-8b-instruct:failed:times=3'],
    })
    const place = { home: folder.file('home'), cwd: folder.path, url: sandbox.url }
    try {
      const driver = startCli(['run', 'w.yaml', '--run-id', 'r', '--json'], place)
      await vi.waitUntil(async () => (await createsOf(logFile)).length >= 4, { timeout: 20_000 })
      driver.child.kill('SIGKILL')
      await driver.end
      expect((await runCliProcess(['runs', 'resume', 'r', '--json'], place)).code).toBe(0)

      const json = async (...words: string[]) => JSON.parse((await runCliProcess([...words, '--json'], place)).stdout)
      expect(await json('audit', 'verify')).toMatchObject({ valid: true })
      const { records } = await json('audit', 'list', '--run', 'r')
      const items = new Map<number, { resumed?: true; attempts: { prediction_id?: string }[] }>()
      for (const record of records.toReversed()) items.set(record.index, record)
      expect([...items.keys()].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5])
      expect([...items.values()].some(({ resumed }) => resumed)).toBe(true)
      const predictions = [...items.values()].flatMap(({ attempts }) => attempts.map((one) => one.prediction_id))
      expect(new Set(predictions).size).toBe((await createsOf(logFile)).length)
      const [journals, log] = [await json('costs'), await json('audit', 'costs')]
      expect([log.rows, log.total]).toEqual([journals.rows, journals.total])
    } finally {
      await sandbox.close()
    }
  },
)
