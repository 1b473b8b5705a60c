/** The cache among processes: equal calls are paid once, and nobody waits for a process that was killed. */
import { writeFile } from 'node:fs/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { openStore } from '../../src/state/store/open.ts'
import { systemClock } from '../../src/std/clock.ts'
import { temporaryFolder, type TemporaryFolder } from '../../src/testing/temporary-folder.ts'
import { createsOf, type Ended, type Place, startCli, type Started } from './processes.ts'

vi.setConfig({ testTimeout: 90_000 })

let folder: TemporaryFolder
let sandbox: Sandbox
let place: Place
let log: string
const started: Started[] = []

beforeEach(async () => {
  folder = await temporaryFolder()
  log = folder.file('log.jsonl')
  const agents = 'agents: {writer: {model: meta/meta-llama-3-8b-instruct, cache: true}}\n'
  await writeFile(folder.file('replicate-agent.yaml'), agents)
})
afterEach(async () => {
  for (const { child, end } of started.splice(0)) {
    child.kill('SIGKILL')
    await end
  }
  await sandbox.close()
  await folder.remove()
})

async function openSandbox(latency: string, ...faults: string[]): Promise<void> {
  sandbox = await startSandbox({ latency, logFile: log, faults })
  place = { home: folder.file('home'), cwd: folder.path, url: sandbox.url }
}

function ask(): Started {
  const one = startCli(['agents', 'run', 'writer', '-i', 'prompt=the same', '--json'], place)
  started.push(one)
  return one
}

async function runsIn(home: string): Promise<number> {
  const store = await openStore({ home, durability: 'normal', clock: systemClock, random: Math.random })
  const runs = await store.findRuns('', 10)
  await store.close()
  return runs.length
}

const callOf = ({ stdout }: Ended) =>
  (JSON.parse(stdout) as { steps: { call: { status: string; output: unknown; cached?: boolean } } }).steps.call

test('Processes that ask the same at once pay once, and all have the answer', async () => {
  await openSandbox('800')
  const ends = await Promise.all([ask(), ask(), ask()].map(({ end }) => end))
  const calls = ends.map(callOf)
  expect(calls.map(({ status }) => status)).toEqual(['succeeded', 'succeeded', 'succeeded'])
  expect(new Set(calls.map(({ output }) => JSON.stringify(output))).size).toBe(1)
  expect(calls.filter(({ cached }) => cached)).toHaveLength(2)
  expect(await createsOf(log)).toHaveLength(1)
  // What this server answered is never given in place of Replicate's.
  const store = await openStore({ home: place.home, durability: 'normal', clock: systemClock, random: Math.random })
  expect(await store.cacheShares(`real at ${place.url}`)).toMatchObject([{ agent: 'writer', entries: 1 }])
  expect(await store.cacheShares('real')).toEqual([])
  await store.close()
})

test('A process that waits for the call of one that is killed makes it itself', async () => {
  // The first call takes longer than the second one needs to begin.
  await openSandbox('100', 'meta/*:slow=1000:times=1')
  const first = ask()
  await vi.waitFor(async () => expect(await createsOf(log)).toHaveLength(1), { timeout: 30_000, interval: 20 })
  const second = ask()
  // By now it waits.
  await vi.waitFor(async () => expect(await runsIn(place.home)).toBe(2), { timeout: 30_000, interval: 50 })
  first.child.kill('SIGKILL')
  await first.end
  expect(callOf(await second.end)).toMatchObject({ status: 'succeeded' })
  expect(await createsOf(log)).toHaveLength(2)
  // What the second one kept is there for a third.
  expect(callOf(await ask().end)).toMatchObject({ status: 'succeeded', cached: true })
})
