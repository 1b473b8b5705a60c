/** A peer: Mastra with its libSQL store, a snapshot of the run after every step (WAL, synchronous FULL). */
import { join } from 'node:path'
import { Mastra } from '@mastra/core'
import { createStep, createWorkflow } from '@mastra/core/workflows'
import { LibSQLStore } from '@mastra/libsql'
import { z } from 'zod'
import { serve } from './contender.ts'
import { chainLength, expected, fanWidth } from '../workloads.ts'

const storage = new LibSQLStore({ id: 'bench', url: `file:${join(process.argv[2], 'mastra.db')}` })

await storage.init()
// It sets NORMAL by itself, which a power cut may take commits from.
await storage.client.execute('PRAGMA synchronous = FULL')

const anything = z.any()

/** @param {string} id @param {(input: any) => unknown} work */
function step(id, work) {
  return createStep({
    id,
    inputSchema: anything,
    outputSchema: anything,
    execute: async ({ inputData }) => work(inputData),
  })
}

function fanWorkflow() {
  const steps = Array.from({ length: fanWidth }, (_, n) => step(`s${n}`, () => n))
  return createWorkflow({ id: 'fan', inputSchema: anything, outputSchema: anything })
    .parallel(steps)
    .then(step('join', (outputs) => Object.values(outputs).reduce((total, n) => total + n, 0)))
    .commit()
}

function chainWorkflow() {
  let workflow = createWorkflow({ id: 'chain', inputSchema: anything, outputSchema: anything })
  for (let n = 0; n < chainLength; n += 1) workflow = workflow.then(step(`s${n}`, (value) => value + 1))
  return workflow.commit()
}

const mastra = new Mastra({ storage, logger: false, workflows: { fan: fanWorkflow(), chain: chainWorkflow() } })

serve({
  async run(workload) {
    const began = performance.now()
    const run = await mastra.getWorkflow(workload).createRun()
    const ended = await run.start({ inputData: 0 })
    const took = performance.now() - began
    if (ended.result !== expected[workload])
      throw new Error(`wrong result ${JSON.stringify(ended.error ?? ended.result)}`)
    return took
  },
  async close() {
    const { rows } = await storage.client.execute('PRAGMA synchronous')
    if (rows[0].synchronous !== 2) throw new Error('the connection that was measured did not flush its commits')
    await mastra.shutdown?.()
  },
})
