/** What a durable step costs: ours, LangGraph.js, and the bare disk, in turn, round by round. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Contender, startContender } from './contender.ts'
import { appendAndFlush } from './floor.ts'
import { pairedDifference, pairedRatio, type Spread, spread } from './statistics.ts'
import { chainLength, stepsOf, type StepKind, type Workload } from './workloads.ts'

export interface StepResult {
  workload: Workload
  kind: StepKind
  /** Milliseconds a step. */
  ours: Spread
  langgraph: Spread | undefined
  floor: Spread
  /** Medians over the pairs. */
  ratio: number | undefined
  overFloor: number
  /** Journal bytes a step. */
  bytes: number
}

const kinds: readonly StepKind[] = ['value', 'function']
const warmUps = 3

export interface StepOptions {
  folder: string
  pairs: number
  workloads: readonly Workload[]
  withPeers: boolean
  say(line: string): void
}

export async function measureSteps(options: StepOptions): Promise<StepResult[]> {
  const { folder, pairs, workloads, withPeers, say } = options
  if (workloads.length === 0) return []
  const ours = startContender('./ours.ts', prepared(folder, 'ours'))
  const langgraph = withPeers ? startContender('./langgraph.mjs', prepared(folder, 'langgraph')) : undefined
  try {
    const results: StepResult[] = []
    for (const workload of workloads) {
      for (const kind of kinds) {
        say(`${workload} of ${kind} steps: ${pairs} pairs`)
        results.push(await measure({ folder, pairs, ours, langgraph, workload, kind }))
      }
    }
    return results
  } finally {
    await ours.close()
    await langgraph?.close()
  }
}

interface Measuring {
  folder: string
  pairs: number
  ours: Contender
  langgraph: Contender | undefined
  workload: Workload
  kind: StepKind
}

async function measure({ folder, pairs, ours, langgraph, workload, kind }: Measuring): Promise<StepResult> {
  const steps = stepsOf[workload]
  const times = { ours: [] as number[], langgraph: [] as number[], floor: [] as number[] }
  const turns = [
    async () => times.ours.push((await ours.run(`${workload}/${kind}`)) / steps),
    async () => langgraph && times.langgraph.push((await langgraph.run(workload)) / steps),
    async () => times.floor.push(appendAndFlush(folder, chainLength) / chainLength),
  ]
  for (let n = 0; n < warmUps; n += 1) for (const turn of turns) await turn()
  for (const list of Object.values(times)) list.length = 0
  // Who goes first changes from round to round.
  for (let n = 0; n < pairs; n += 1) for (const turn of n % 2 === 0 ? turns : turns.toReversed()) await turn()
  return {
    workload,
    kind,
    ours: spread(times.ours),
    langgraph: langgraph && spread(times.langgraph),
    floor: spread(times.floor),
    ratio: langgraph && pairedRatio(times.ours, times.langgraph),
    overFloor: pairedDifference(times.ours, times.floor),
    bytes: (await ours.bytes(`${workload}/${kind}`)) / steps,
  }
}

function prepared(folder: string, name: string): string {
  const made = join(folder, name)
  mkdirSync(made, { recursive: true })
  return made
}
