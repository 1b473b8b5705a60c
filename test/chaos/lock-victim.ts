/**
 * `node lock-victim.ts FILE NAME COUNT DEATH`: locks COUNT models one after another, saying each name once it is locked,
 * and kills itself before the file operation of that number (0: never).
 */
import '../child-coverage.ts'
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

const [file = '', name = '', count = '1', death = '0'] = process.argv.slice(2)
let operations = 0

for (const operation of ['writeFile', 'open', 'rename', 'rm', 'stat', 'readFile'] as const) {
  const real = fs[operation] as (...args: unknown[]) => Promise<unknown>
  Object.assign(fs, {
    [operation](...args: unknown[]) {
      operations += 1
      if (operations === Number(death)) process.kill(process.pid, 'SIGKILL')
      return real.apply(fs, args)
    },
  })
}
syncBuiltinESMExports()

const { createLockStore } = await import('../../src/app/pins/lock-store.ts')
const { systemClock } = await import('../../src/std/clock.ts')
operations = 0
const lock = createLockStore(file, systemClock)
for (let at = 0; at < Number(count); at += 1) {
  const model = `acme/${name}-${at}`
  await lock.update((models) => {
    models.set(model, { version: 'ab'.repeat(32), resolved_at: '2026-01-01T00:00:00Z' })
  })
  process.stdout.write(`${model}\n`)
}
process.stdout.write(`operations ${operations}\n`)
