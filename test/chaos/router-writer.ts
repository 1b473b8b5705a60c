/** Teaches a router's file as fast as it can, and keeps in TRACE what was begun and acknowledged: `FILE TRACE MODEL ROUNDS`. */
import { openSync, writeSync } from 'node:fs'
import { defaultRouting } from '../../src/domain/routing.ts'
import { openRouterState } from '../../src/executor/routing/state-file.ts'
import { systemClock } from '../../src/std/clock.ts'

const [file = '', trace = '', model = '', rounds = ''] = process.argv.slice(2)
// Written at once: lines on their way through a pipe are lost when this process is killed.
const descriptor = openSync(trace, 'a')
const tell = (line: string) => void writeSync(descriptor, `${line}\n`)
const durability = Number(rounds) % 2 === 0 ? 'full' : 'normal'
const random = Math.random
const state = await openRouterState({
  ...{ file, durability, clock: systemClock, random },
  warn: (message) => tell(`warned ${message}`),
})
process.stdout.write('ready\n')

let begun = 0
for (let round = 0; round < Number(rounds); round += 1) {
  const burst = 1 + Math.floor(random() * 8)
  tell(`begun ${begun + burst}`)
  for (let at = 0; at < burst; at += 1, begun += 1) {
    const observation = { succeeded: true, quality: 0.5, latency_ms: 2, cost_usd: 0.25 }
    state.observe('writer', model, `step=chaos/${begun % 20}`, observation, defaultRouting, `${model}/${begun}`)
  }
  await state.flushed()
  tell(`acknowledged ${begun}`)
}
await state.close()
tell('closed')
