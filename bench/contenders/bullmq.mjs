/** A peer: a BullMQ flow on Redis, which writes every change to its log and flushes it before it answers (AOF, always). */
import { FlowProducer, Worker } from 'bullmq'
import { serve } from './contender.ts'
import { chainLength, expected, fanWidth } from '../workloads.ts'

const queueName = 'bench'
const connection = { host: '127.0.0.1', port: Number(process.argv[3]), maxRetriesPerRequest: null }
const producer = new FlowProducer({ connection })
const worker = new Worker(queueName, work, { connection, concurrency: fanWidth })
/** Who waits for the end of a flow, by the id of its root job. */
const waiting = new Map()

worker.on('completed', (job, result) => settle(job.id, (run) => run.resolve(result)))
worker.on('failed', (job, error) => settle(job?.id, (run) => run.reject(error)))
await worker.waitUntilReady()

/** @param {import('bullmq').Job} job */
async function work(job) {
  if (job.name === 'start') return job.data.n
  const numbers = Object.values(await job.getChildrenValues())
  return job.name === 'join' ? numbers.reduce((total, n) => total + n, 0) : (numbers[0] ?? 0) + 1
}

function settle(id, end) {
  const run = waiting.get(id)
  if (!run) return
  waiting.delete(id)
  end(run)
}

const job = (name, children, data = {}) => ({ name, queueName, data, children })

const flows = {
  fan: () =>
    job(
      'join',
      Array.from({ length: fanWidth }, (_, n) => job('start', [], { n })),
    ),
  chain() {
    let last = job('next', [])
    for (let n = 1; n < chainLength; n += 1) last = job('next', [last])
    return last
  },
}

let runs = 0

serve({
  async run(workload) {
    runs += 1
    const jobId = `${workload}-${runs}`
    const ended = Promise.withResolvers()
    waiting.set(jobId, ended)
    const began = performance.now()
    await producer.add({ ...flows[workload](), opts: { jobId } })
    const result = await ended.promise
    const took = performance.now() - began
    if (result !== expected[workload]) throw new Error(`wrong result ${result}`)
    return took
  },
  async close() {
    await worker.close()
    await producer.close()
  },
})
