/** What a durable step costs: ours, its peers, and the bare disk, in turn, round by round. */
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Contender, startContender } from '../contenders/contender.ts'
import { appendAndFlush } from '../contenders/floor.ts'
import { startPostgres } from '../contenders/postgres.ts'
import { startRedis } from '../contenders/redis.ts'
import type { Server } from '../contenders/server-process.ts'
import { atMost, type Bench, type Figure, type Part, signed, spreadText, type Table } from '../figures.ts'
import { digits, pairedDifference, pairedRatio, spread } from '../statistics.ts'
import { chainLength, stepsOf, type StepKind, type Workload } from '../workloads.ts'

/** Absolute bars hold on the reference machine; on a disk that flushes in 40 µs a chain may cost 0.15 ms. */
const bars = { fan: 0.1, chainOverFloor: 0.11, langgraph: 0.15, fastestPeer: 0.4 }

const kinds: readonly StepKind[] = ['value', 'function']
const warmUps = 3
const names: Record<Workload, string> = {
  fan: 'fan-out of 100 steps + join',
  chain: `chain of ${chainLength} steps`,
}

interface Peer {
  name: string
  packageName: string
  /** How its durability is set, for the reader. */
  setting: string
  file: string
  server?(folder: string): Promise<(Server & { url?: string }) | undefined>
}

const peers: readonly Peer[] = [
  {
    name: 'LangGraph.js',
    packageName: '@langchain/langgraph',
    setting:
      'SqliteSaver on WAL with synchronous = FULL, durability "sync"; on better-sqlite3 13, since 12 aborts on this Node',
    file: './langgraph.mjs',
  },
  {
    name: 'Mastra',
    packageName: '@mastra/core',
    setting:
      'LibSQLStore on WAL with synchronous = FULL (it sets NORMAL by itself), a snapshot before and after each step',
    file: './mastra.mjs',
  },
  {
    name: 'BullMQ',
    packageName: 'bullmq',
    setting: 'a flow of jobs, one worker of concurrency 100, Redis with appendfsync always',
    file: './bullmq.mjs',
    server: startRedis,
  },
  {
    name: 'DBOS',
    packageName: '@dbos-inc/dbos-sdk',
    setting: 'PostgreSQL on loopback with fsync and synchronous_commit on',
    file: './dbos.mjs',
    server: startPostgres,
  },
]

interface Racing {
  ours: Contender
  peers: { peer: Peer; contender: Contender }[]
  skipped: string[]
  close(): Promise<void>
}

export async function measureSteps(bench: Bench): Promise<Part> {
  const racing = await lineUp(bench)
  const figures: Figure[] = []
  const tables: Table[] = []
  try {
    for (const workload of ['fan', 'chain'] as const) {
      bench.say(`${names[workload]}: ${bench.pairs} rounds`)
      const raced = await race(bench, racing, workload)
      figures.push(...figuresOf(raced))
      tables.push(tableOf(raced))
    }
  } finally {
    await racing.close()
  }
  const settings = racing.peers.map(({ peer }) => `${peer.name} ${versionOf(bench, peer)}: ${peer.setting}.`)
  return { title: 'Steps beside peers', figures, tables, notes: [...explanation, ...settings, ...racing.skipped] }
}

const explanation = [
  'Every contender is a process of its own that is warm; in a round each runs once, one after the other, and who goes first changes. A cell is the median [least–greatest]; ratios and differences are medians over the rounds, not of the medians.',
  'Steps do nothing: what is measured is what a runner adds. Facts that become ready together are committed with one flush, so a fan-out can cost less than a flush a step.',
  'Bars are of `value` steps. A `function` step has two facts that must be durable one after the other: that it is about to be called, so that a repeat after a crash can be told, and how it ended. Peers keep the second only.',
  'Ours: SQLite in WAL mode under `full` durability. All journals are on the same disk; "raw fdatasync" is one record appended and flushed. Journal bytes are the events as JSON.',
]

async function lineUp({ folder, peers: withPeers, say }: Bench): Promise<Racing> {
  const closers: (() => Promise<void>)[] = []
  const racing: Racing = {
    ours: startContender('./ours.ts', prepared(folder, 'ours')),
    peers: [],
    skipped: withPeers ? [] : ['Peers were left out (--no-peers).'],
    async close() {
      for (const close of closers.toReversed()) await close()
    },
  }
  closers.push(() => racing.ours.close())
  try {
    for (const peer of withPeers ? peers : []) {
      const own = prepared(folder, peer.name)
      const server = await peer.server?.(join(own, 'server'))
      if (peer.server && !server) {
        racing.skipped.push(`${peer.name} was left out: its server is not installed.`)
        say(`without ${peer.name}: its server is not installed`)
        continue
      }
      if (server) closers.push(() => server.close())
      const args = server ? [own, server.url ?? String(server.port)] : [own]
      const contender = startContender(peer.file, ...args)
      closers.push(() => contender.close())
      racing.peers.push({ peer, contender })
    }
  } catch (error) {
    await racing.close()
    throw error
  }
  return racing
}

interface Raced {
  workload: Workload
  /** Milliseconds a step, a number a round. */
  ours: Record<StepKind, number[]>
  peers: { peer: Peer; times: number[] }[]
  floor: number[]
  /** Journal bytes a step. */
  bytes: Record<StepKind, number>
}

async function race({ folder, pairs }: Bench, racing: Racing, workload: Workload): Promise<Raced> {
  const steps = stepsOf[workload]
  const floor: number[] = []
  const ours: Raced['ours'] = { value: [], function: [] }
  const others = racing.peers.map(({ peer }) => ({ peer, times: [] as number[] }))
  const turns = [
    ...kinds.map((kind) => async () => ours[kind].push((await racing.ours.run(`${workload}/${kind}`)) / steps)),
    ...racing.peers.map(
      ({ contender }, at) =>
        async () =>
          others[at]?.times.push((await contender.run(workload)) / steps),
    ),
    async () => floor.push(appendAndFlush(folder, chainLength) / chainLength),
  ]
  for (let n = 0; n < warmUps; n += 1) for (const turn of turns) await turn()
  for (const times of [floor, ours.value, ours.function, ...others.map((other) => other.times)]) times.length = 0
  for (let n = 0; n < pairs; n += 1) {
    const first = n % turns.length
    for (const turn of [...turns.slice(first), ...turns.slice(0, first)]) await turn()
  }
  const bytes = {
    value: (await racing.ours.bytes(`${workload}/value`)) / steps,
    function: (await racing.ours.bytes(`${workload}/function`)) / steps,
  }
  return { workload, ours, peers: others, floor, bytes }
}

function figuresOf({ workload, ours, peers: others, floor }: Raced): Figure[] {
  const name = names[workload]
  const figures: Figure[] = []
  if (workload === 'fan')
    figures.push(atMost(`${name}, \`value\``, spread(ours.value).median, bars.fan, 'ms a step', 3))
  else {
    const over = pairedDifference(ours.value, floor)
    const bar = `<= fdatasync + ${bars.chainOverFloor}`
    const measured = `fdatasync ${signed(over)} ms a step`
    figures.push({ what: `${name}, \`value\``, measured, bar, met: over <= bars.chainOverFloor })
  }
  const langgraph = others.find(({ peer }) => peer.name === 'LangGraph.js')
  if (langgraph) {
    const ratio = pairedRatio(ours.value, langgraph.times)
    figures.push(atMost(`${name}, \`value\`, of LangGraph.js's time`, ratio, bars.langgraph, 'x', 3))
  }
  const fastest = others.toSorted((a, b) => spread(a.times).median - spread(b.times).median)[0]
  if (fastest) {
    const ratio = pairedRatio(ours.value, fastest.times)
    const what = `${name}, \`value\`, of the fastest peer's time (${fastest.peer.name})`
    figures.push(atMost(what, ratio, bars.fastestPeer, 'x', 3))
  }
  return figures
}

function tableOf({ workload, ours, peers: others, floor, bytes }: Raced): Table {
  const versus = (times: readonly number[]) => kinds.map((kind) => `${digits(pairedRatio(ours[kind], times))}x`)
  return {
    head: [names[workload], 'ms a step', 'our `value` steps', 'our `function` steps', 'journal bytes a step'],
    rows: [
      ...kinds.map((kind) => [`ours, \`${kind}\``, spreadText(spread(ours[kind])), '', '', bytes[kind].toFixed(0)]),
      ...others.map(({ peer, times }) => [peer.name, spreadText(spread(times)), ...versus(times), '']),
      [
        'raw fdatasync',
        spreadText(spread(floor)),
        ...kinds.map((kind) => signed(pairedDifference(ours[kind], floor))),
        '',
      ],
    ],
  }
}

function versionOf({ root }: Bench, peer: Peer): string {
  const file = join(root, 'bench', 'node_modules', peer.packageName, 'package.json')
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

function prepared(folder: string, name: string): string {
  const made = join(folder, name)
  mkdirSync(made, { recursive: true })
  return made
}
