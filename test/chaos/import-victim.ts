/**
 * Imports an archive in a process that kills itself before or after its n-th change (0: never):
 *   node import-victim.ts HOME ARCHIVE N
 */
import { writeSync } from 'node:fs'
import { importArchive } from '../../src/app/actions/runs/import.ts'
import { callAction } from '../../src/app/call-action.ts'
import { createApp } from '../../src/app/create-app.ts'

const [home = '', file = '', number = '0'] = process.argv.slice(2)
const app = await createApp({ config: false, env: {}, cwd: home, home, durability: 'normal' })
const [store, artifacts] = [await app.store(), await app.artifacts()]
let left = Number(number)

function dying<A extends unknown[], R>(deed: (...args: A) => Promise<R>): (...args: A) => Promise<R> {
  const step = () => {
    left -= 1
    if (left === 0) process.kill(process.pid, 'SIGKILL')
  }
  return async (...args) => {
    step()
    const done = await deed(...args)
    step()
    return done
  }
}

artifacts.put = dying(artifacts.put.bind(artifacts))
store.addRuns = dying(store.addRuns.bind(store))
const { imported, present } = await callAction(app, importArchive, { file })
writeSync(1, JSON.stringify({ imported: imported.length, present: present.length }))
await app.close()
