/** `runs import` in processes that are killed, and that run at once. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { exportRuns } from '../../src/app/actions/runs/export.ts'
import { gcRuns } from '../../src/app/actions/runs/gc.ts'
import { importArchive } from '../../src/app/actions/runs/import.ts'
import { listRuns } from '../../src/app/actions/runs/list.ts'
import { runWorkflow } from '../../src/app/actions/workflows/run.ts'
import type { App } from '../../src/app/app.ts'
import { callAction } from '../../src/app/call-action.ts'
import { createApp } from '../../src/app/create-app.ts'
import { type TemporaryFolder, temporaryFolder } from '../../src/testing/temporary-folder.ts'
import { writeFile } from 'node:fs/promises'

const victim = fileURLToPath(new URL('import-victim.ts', import.meta.url))
const workflow = `
name: files
inputs: {one: {type: file}, two: {type: file}}
steps: {s: {foreach: {in: [1, 2, 3], as: n}, value: "\${{ n }}"}}
`

let folder: TemporaryFolder
let archive: string
beforeEach(async () => {
  folder = await temporaryFolder()
  archive = folder.file('runs.tar.gz')
  await writeFile(folder.file('files.yaml'), workflow)
  for (const name of ['one', 'two']) await writeFile(folder.file(`${name}.txt`), name.repeat(5_000))
  await withApp('origin', async (app) => {
    const inputs = { one: folder.file('one.txt'), two: folder.file('two.txt') }
    await callAction(app, runWorkflow, { workflow: folder.file('files.yaml'), inputs, run_id: 'r' })
    await callAction(app, exportRuns, { runs: ['r'], file: archive })
  })
})
afterEach(() => folder.remove())

async function withApp<T>(home: string, work: (app: App) => Promise<T>): Promise<T> {
  const app = await createApp({
    config: false,
    env: {},
    cwd: folder.path,
    home: folder.file(home),
    durability: 'normal',
  })
  try {
    return await work(app)
  } finally {
    await app.close()
  }
}

/** What it said; nothing when it was killed. */
function imports(home: string, death: number): Promise<string> {
  const env = { ...process.env, NODE_COMPILE_CACHE: folder.file('cache') }
  const child = spawn(process.execPath, [victim, folder.file(home), archive, String(death)], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (said += piece))
  return new Promise((resolve) => child.on('exit', () => resolve(said)))
}

/** The runs that are there, each with all its files, and how many files there are. */
async function lookOver(home: string): Promise<{ runs: number; files: number }> {
  return withApp(home, async (app) => {
    const { runs } = await callAction(app, listRuns, {})
    const [store, artifacts] = [await app.store(), await app.artifacts()]
    for (const { run_id } of runs) {
      const [created] = await store.readEvents(run_id, 0, 1)
      for (const { sha256 } of created?.type === 'run.created' ? created.files : [])
        expect((await artifacts.read(sha256)).byteLength).toBe(15_000)
    }
    let files = 0
    for await (const _file of artifacts.list()) files += 1
    return { runs: runs.length, files }
  })
}

describe('an import', () => {
  it('that is killed has brought a run with its files, or none; the next one finishes', async () => {
    // Before and after: the first file, the second, the runs.
    const deaths = [1, 2, 3, 4, 5, 6]
    await Promise.all(
      deaths.map(async (death) => {
        const home = `home-${death}`
        expect(await imports(home, death)).toBe('')
        expect(await lookOver(home)).toMatchObject({ runs: death === 6 ? 1 : 0 })
        const again = death === 6 ? { imported: 0, present: 1 } : { imported: 1, present: 0 }
        const { imported, present } = await withApp(home, (app) => callAction(app, importArchive, { file: archive }))
        expect({ imported: imported.length, present: present.length }).toEqual(again)
        expect(await lookOver(home)).toEqual({ runs: 1, files: 2 })
      }),
    )
  }, 60_000)

  it('beside others of the same archive brings it once', async () => {
    const said = await Promise.all([1, 2, 3].map(() => imports('together', 0)))
    const brought = said.map((text) => (JSON.parse(text) as { imported: number; present: number }).imported)
    expect(brought.toSorted((a, b) => a - b)).toEqual([0, 0, 1])
    expect(await lookOver('together')).toEqual({ runs: 1, files: 2 })
  }, 60_000)

  it('that was killed leaves files behind that a gc removes when they are old enough', async () => {
    await imports('left', 4)
    const files = await withApp('left', async (app) => {
      const later = { ...app, engine: async () => ({ ...(await app.engine('real')), clock: inTwoHours(app) }) }
      return (await callAction(later, gcRuns, { keep: 0 })).files
    })
    expect(files).toMatchObject({ removed: 2, left: 0 })
    expect(await lookOver('left')).toEqual({ runs: 0, files: 0 })
  }, 60_000)
})

function inTwoHours(app: App): App['clock'] {
  return { ...app.clock, now: () => app.clock.now() + 7_200_000 }
}
