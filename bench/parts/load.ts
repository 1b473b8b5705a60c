/** Many runs at once for a while: does anything fail, and does memory stay where it is. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runNode } from '../command.ts'
import { atMost, type Bench, type Part, thousands } from '../figures.ts'
import type { LoadResult } from '../probes/load.ts'
import { startSandboxProcess } from '../sandbox-process.ts'
import { digits, quantile } from '../statistics.ts'

const clients = 50
/** Megabytes that the heap may have grown by, after a collection; of a leak of 1 KB a run some 10 would be left. */
const heapGrowth = 5
/** The most that is resident in the last third, of the most before: it goes up and down with the collector. */
const residentGrowth = 1.1
const latency = 'uniform:20,60'
const probe = fileURLToPath(new URL('../probes/load.ts', import.meta.url))

export async function measureLoad({ root, folder, seconds, arrivals, say }: Bench): Promise<Part> {
  say(`load: ${clients} clients, ${seconds} s`)
  const home = join(folder, 'load')
  mkdirSync(home)
  const sandbox = await startSandboxProcess(root, folder, join(folder, 'load-sandbox'), latency)
  let result: LoadResult
  try {
    const args = ['--expose-gc', probe, home, sandbox.url, String(seconds), String(clients)]
    const { stdout } = await runNode(folder, arrivals === undefined ? args : [...args, arrivals])
    result = JSON.parse(stdout) as LoadResult
  } finally {
    await sandbox.close()
  }
  const { runs, errors, heap, loopDelay, resident } = result
  for (const error of errors.slice(0, 3)) say(error)
  const turn = Math.floor((resident.length * 2) / 3)
  const early = Math.max(...resident.slice(0, turn))
  const late = Math.max(...resident.slice(turn))
  const rows = [
    ['runs', `${thousands(runs)} (${digits(runs / result.seconds, 1)} a second), ${errors.length} failed`],
    [
      'ms a run, p50 / p99',
      `${digits(quantile(result.latencies, 0.5), 0)} / ${digits(quantile(result.latencies, 0.99), 0)}`,
    ],
    [
      'event loop late by, p50 / p99 / most',
      [loopDelay.p50, loopDelay.p99, loopDelay.max].map((ms) => digits(ms, 1)).join(' / ') + ' ms',
    ],
    ['heap in use after a collection, warm / at the end', `${digits(heap.warm, 1)} / ${digits(heap.end, 1)} MB`],
    ['resident at most, before / in the last third', `${digits(early, 0)} / ${digits(late, 0)} MB`],
  ]
  const what = `load of ${clients} clients for ${seconds} s`
  const how =
    arrivals === undefined ? 'each begins its next run when one has ended' : 'runs begin as a trace of arrivals says'
  return {
    title: 'Load',
    figures: [
      atMost(`${what}, runs that failed`, errors.length, 0, '', 0),
      atMost(`${what}, growth of the heap`, heap.end - heap.warm, heapGrowth, 'MB', 1),
      atMost(`${what}, resident at most in the last third, of before`, late / early, residentGrowth, 'x'),
    ],
    tables: [{ head: [`${clients} clients, ${seconds} s`, ''], rows }],
    notes: [
      `One process with an app, as a server has it, and ${clients} clients in it; ${how}. A run makes four predictions in three stages; the sandbox is another process, its data on disk, and takes ${latency} ms a prediction. The first third of the time warms up and is not counted. All runs share one store under \`full\` durability.`,
    ],
  }
}
