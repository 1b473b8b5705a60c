/** `runs gc` in processes that are killed, that run at once, and beside others that write. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { gcRuns } from '../../src/app/actions/runs/gc.ts'
import { callAction } from '../../src/app/call-action.ts'
import { createApp } from '../../src/app/create-app.ts'
import { openArtifacts } from '../../src/state/artifacts/open.ts'
import { checkStore } from '../../src/state/store/check.ts'
import { openStore } from '../../src/state/store/open.ts'
import { systemClock } from '../../src/std/clock.ts'
import { type TemporaryFolder, temporaryFolder } from '../../src/testing/temporary-folder.ts'

const program = new URL('./gc-driver.ts', import.meta.url).pathname

let folder: TemporaryFolder
let children: ChildProcess[] = []
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  children = []
  await folder.remove()
})

function start(what: string, number: number | string, home = folder.path): ChildProcess {
  const env = { ...process.env, NODE_COMPILE_CACHE: folder.file('cache') }
  const child = fork(program, [what, home, String(number)], { execArgv: [], env, stdio: ['ignore', 'pipe', 2, 'ipc'] })
  children.push(child)
  return child
}

/** What it said before it ended, however it did. */
async function said(child: ChildProcess): Promise<unknown[]> {
  const ended = once(child, 'exit')
  const lines: unknown[] = []
  if (child.stdout) for await (const line of createInterface({ input: child.stdout })) lines.push(JSON.parse(line))
  await ended
  return lines
}

/** Looks at what there is: every run has its files. Gives the runs, and the files that none of them names. */
async function lookOver(home = folder.path): Promise<{ runs: string[]; unnamed: string[] }> {
  const store = await openStore({ home, durability: 'normal', clock: systemClock, random: Math.random })
  const artifacts = await openArtifacts(`${home}/artifacts`)
  try {
    const named = new Set<string>()
    const runs = (await store.listRuns({})).map(({ run_id }) => run_id)
    for (const runId of runs) {
      for (const event of await store.readEvents(runId)) {
        if (event.type !== 'step.settled') continue
        for (const { sha256, name } of event.files ?? []) {
          named.add(sha256)
          const [bytes, shown] = [await artifacts.read(sha256), artifacts.shownPath({ sha256, name })]
          expect(bytes.byteLength, `${runId} ${shown}`).toBeGreaterThan(0)
        }
      }
    }
    const kept: string[] = []
    for await (const { sha256 } of artifacts.list()) kept.push(sha256)
    expect((await checkStore({ home })).problems).toEqual([])
    return { runs, unnamed: kept.filter((hash) => !named.has(hash)) }
  } finally {
    await store.close()
  }
}

describe('a gc that is killed', () => {
  it('before or after any of its changes, leaves every run with its files; the next one finishes', async () => {
    for (const at of [1, 2, 8, 12, 13, 14, 15, 16, 19]) {
      const home = folder.file(`home-${at}`)
      expect(await said(start('die', at, home))).toEqual([])
      await lookOver(home)
      const app = await createApp({ config: false, env: {}, cwd: home, home })
      await callAction(app, gcRuns, { keep: 0 })
      await app.close()
      expect(await lookOver(home), `killed at ${at}`).toEqual({ runs: [], unnamed: [] })
    }
  }, 60_000)
})

describe('several processes', () => {
  it('remove the same runs at once, each run once', async () => {
    await said(start('make', 30))
    const removed = (await Promise.all([start('gc', 5), start('gc', 5), start('gc', 8)].map(said))).flatMap(
      (lines) => (lines[0] as { removed: string[] }).removed,
    )
    expect(removed.toSorted()).toEqual(Array.from({ length: 25 }, (_each, at) => `r${String(at).padStart(3, '0')}`))
    await said(start('gc', 5))
    expect(await lookOver()).toMatchObject({ unnamed: [], runs: { length: 5 } })
  }, 30_000)

  it('write runs with the very files that gc is removing, and lose none', async () => {
    const writers = ['a', 'b'].map((name) => start('write', name))
    await Promise.all(writers.map((writer) => once(writer, 'message')))
    let removed = 0
    for (let round = 0; round < 4; round += 1) {
      for (const lines of await Promise.all([start('gc', 0), start('gc', 3)].map(said)))
        removed += (lines[0] as { removed: string[] }).removed.length
      await lookOver()
    }
    for (const writer of writers) writer.send('stop')
    const made = (await Promise.all(writers.map(said))).map((lines) => (lines[0] as { made: number }).made)
    expect(removed).toBeGreaterThan(20)
    expect((await lookOver()).runs).toHaveLength((made[0] as number) + (made[1] as number) - removed)
  }, 60_000)
})
