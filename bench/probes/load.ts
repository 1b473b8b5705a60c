/**
 * `load.ts HOME SANDBOX_URL SECONDS CLIENTS [ARRIVALS.csv]`: one process with an app, as a server has it, and so many
 * clients that run a workflow again and again, or whenever a trace of arrivals says. Prints what came of it as JSON.
 * Started with --expose-gc.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { callAction, createApp, runWorkflow } from '../../src/index.ts'

/** Of what came after the warm-up, but for errors. */
export interface LoadResult {
  runs: number
  errors: string[]
  /** Milliseconds a run. */
  latencies: number[]
  seconds: number
  /** Megabytes resident, once a second. */
  resident: number[]
  /** Megabytes of heap in use after a collection: after the warm-up, and at the end. */
  heap: { warm: number; end: number }
  /** Milliseconds that the event loop was late. */
  loopDelay: { p50: number; p99: number; max: number }
}

const workflow = `name: load
inputs:
  topic: {type: string}
steps:
  draft:
    foreach: {in: [1, 2, 3]}
    model: meta/meta-llama-3-8b-instruct
    input: {prompt: 'Say something about \${{ inputs.topic }}, part \${{ item }}', max_tokens: 24}
  whole: {value: '\${{ join(steps.draft.output, " ") }}'}
  summary:
    model: meta/meta-llama-3-8b-instruct
    condition: len(steps.whole.output) > 0
    input: {prompt: 'Summarise: \${{ steps.whole.output }}', max_tokens: 24}
outputs:
  summary: \${{ steps.summary.output }}
`

let runs = 0

await main()

async function main(): Promise<void> {
  const [home, url, seconds, clients, arrivals] = process.argv.slice(2) as [string, string, string, string, string?]
  const file = join(home, 'load.yaml')
  writeFileSync(file, workflow)
  const startSandbox = async () => ({ url, close: async () => {} })
  const app = await createApp({ config: false, env: process.env, cwd: home, home, sandbox: true, startSandbox })
  const result = await load({
    ms: Number(seconds) * 1_000,
    clients: Number(clients),
    next: arrivals === undefined ? () => performance.now() : arrivalsOf(arrivals),
    async run(n) {
      const { status } = await callAction(app, runWorkflow, { workflow: file, inputs: { topic: `tides ${n}` } })
      if (status !== 'succeeded') throw new Error(`run ${n} ended ${status}`)
    },
  })
  await app.close()
  process.stdout.write(JSON.stringify(result))
}

interface Load {
  ms: number
  clients: number
  /** When the next run is due; undefined when that is not before `end`. */
  next(end: number): number | undefined
  run(n: number): Promise<void>
}

/** A third of the time warms up; then all runs end, so that the heap is compared between two moments of rest. */
async function load(options: Load): Promise<LoadResult> {
  const warmUp = await repeat({ ...options, ms: options.ms / 3 })
  const warm = heapInUse()
  const resident: number[] = []
  const delay = monitorEventLoopDelay({ resolution: 5 })
  const sampler = setInterval(() => resident.push(megabytes(process.memoryUsage.rss())), 1_000)
  delay.enable()
  const measured = await repeat({ ...options, ms: (options.ms * 2) / 3 })
  delay.disable()
  clearInterval(sampler)
  const loopDelay = { p50: delay.percentile(50) / 1e6, p99: delay.percentile(99) / 1e6, max: delay.max / 1e6 }
  const errors = [...warmUp.errors, ...measured.errors]
  return { ...measured, errors, resident, heap: { warm, end: heapInUse() }, loopDelay }
}

async function repeat({ ms, clients, next, run }: Load) {
  const latencies: number[] = []
  const errors: string[] = []
  const began = performance.now()
  const end = began + ms
  const client = async () => {
    while (performance.now() < end) {
      const due = next(end)
      if (due === undefined) return
      if (due > performance.now()) await sleep(due - performance.now())
      // A client that comes too late for an arrival has kept it waiting.
      const asked = Math.min(due, performance.now())
      runs += 1
      await run(runs).catch((error: unknown) => errors.push(String(error)))
      latencies.push(performance.now() - asked)
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  return { latencies, errors, runs: latencies.length, seconds: (performance.now() - began) / 1_000 }
}

/** Times of a trace whose first column is milliseconds, from now on; it begins again at its end. */
function arrivalsOf(file: string): Load['next'] {
  const lines = readFileSync(file, 'utf8').trim().split('\n').slice(1)
  const times = lines.map((line) => Number(line.split(',')[0]))
  const length = times.at(-1) ?? 0
  const began = performance.now()
  let taken = 0
  return (end) => {
    const time = began + (times[taken % times.length] ?? 0) + Math.floor(taken / times.length) * length
    if (time >= end) return undefined
    taken += 1
    return time
  }
}

function heapInUse(): number {
  if (!globalThis.gc) throw new Error('start it with --expose-gc')
  globalThis.gc()
  return megabytes(process.memoryUsage().heapUsed)
}

function megabytes(bytes: number): number {
  return bytes / 2 ** 20
}
