/** The lock file under processes that are killed, and that write at once. */
import { spawn } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readLockFile } from '../../src/app/pins/lock-file.ts'
import { createLockStore } from '../../src/app/pins/lock-store.ts'
import { systemClock } from '../../src/std/clock.ts'
import { type TemporaryFolder, temporaryFolder } from '../../src/testing/temporary-folder.ts'

const victim = fileURLToPath(new URL('lock-victim.ts', import.meta.url))

let folder: TemporaryFolder
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(() => folder.remove())

/** What it said had been locked, and how many file operations it made, if it lived to say. */
async function locks(file: string, name: string, count: number, death = 0) {
  const env = { ...process.env, NODE_COMPILE_CACHE: folder.file('cache') }
  const words = [victim, folder.file(file), name, String(count), String(death)]
  const child = spawn(process.execPath, words, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (said += piece))
  await new Promise((resolve) => child.on('close', resolve))
  const lines = said.split('\n').filter((line) => line !== '')
  return {
    models: lines.filter((line) => line.startsWith('acme/')),
    operations: Number(lines.find((line) => line.startsWith('operations'))?.split(' ')[1] ?? 0),
  }
}

async function modelsIn(file: string): Promise<string[]> {
  return [...(await readLockFile(folder.file(file))).models.keys()]
}

describe('the lock file', () => {
  it('loses nothing of what several processes lock at once', async () => {
    const said = await Promise.all(['a', 'b', 'c', 'd'].map((name) => locks('replicate-agent.lock', name, 25)))
    const all = said.flatMap(({ models }) => models)
    expect(all).toHaveLength(100)
    expect((await modelsIn('replicate-agent.lock')).toSorted()).toEqual(all.toSorted())
    expect((await readdir(folder.path)).filter((name) => name !== 'cache')).toEqual(['replicate-agent.lock'])
  })

  it('is whole wherever a writer is killed; the next one goes on, and leaves nothing behind', async () => {
    const { operations } = await locks('whole.lock', 'whole', 2)
    expect(operations).toBeGreaterThan(10)
    const deaths = Array.from({ length: operations }, (_, at) => at + 1)
    const follow = async (death: number) => {
      const file = `${death}.lock`
      const { models } = await locks(file, 'killed', 2, death)
      const kept = await modelsIn(file)
      expect(kept).toEqual(expect.arrayContaining(models))
      const after = await createLockStore(folder.file(file), systemClock).update((models) => {
        models.set('acme/next', { version: 'cd'.repeat(32), resolved_at: '2026-01-01T00:00:00Z' })
      })
      expect([...after.keys()]).toEqual(expect.arrayContaining([...kept, 'acme/next']))
    }
    for (let at = 0; at < deaths.length; at += 4) await Promise.all(deaths.slice(at, at + 4).map(follow))
    const left = (await readdir(folder.path)).filter((name) => name !== 'cache' && !name.endsWith('.lock'))
    expect(left).toEqual([])
  })

  it('is followed by one of several that wait for a writer that was killed', async () => {
    // Before the operation that puts the new file in its place: the guard stands.
    await locks('r.lock', 'killed', 1, 6)
    const said = await Promise.all(['a', 'b', 'c', 'd'].map((name) => locks('r.lock', name, 5)))
    expect((await modelsIn('r.lock')).filter((model) => !model.includes('killed')).toSorted()).toEqual(
      said.flatMap(({ models }) => models).toSorted(),
    )
  })
})
