/** A peer: DBOS Transact on PostgreSQL, every step's end committed before the next begins (fsync and synchronous_commit on). */
import { DBOS } from '@dbos-inc/dbos-sdk'
import { serve } from './contender.ts'
import { chainLength, expected, fanWidth } from '../workloads.ts'

const url = process.argv[3]
DBOS.setConfig({ name: 'bench', systemDatabaseUrl: url, logLevel: 'error' })

const workflows = new Map([
  ['fan', DBOS.registerWorkflow(fan, { name: 'fan' })],
  ['chain', DBOS.registerWorkflow(chain, { name: 'chain' })],
])

async function fan() {
  const steps = Array.from({ length: fanWidth }, (_, n) => DBOS.runStep(async () => n, { name: `s${n}` }))
  const numbers = await Promise.all(steps)
  return DBOS.runStep(async () => numbers.reduce((total, n) => total + n, 0), { name: 'join' })
}

async function chain() {
  let value = 0
  for (let n = 0; n < chainLength; n += 1) {
    const before = value
    value = await DBOS.runStep(async () => before + 1, { name: `s${n}` })
  }
  return value
}

await DBOS.launch()

serve({
  async run(workload) {
    const invoke = workflows.get(workload)
    const began = performance.now()
    const result = await invoke()
    const took = performance.now() - began
    if (result !== expected[workload]) throw new Error(`wrong result ${result}`)
    return took
  },
  close: () => DBOS.shutdown(),
})
