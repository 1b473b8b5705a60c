/**
 * The peer: LangGraph.js with its SQLite checkpointer, every superstep durable before the next (WAL, synchronous FULL).
 * JavaScript, because its types are there only when bench/run.cjs has installed it.
 */
import { join } from 'node:path'
import { Annotation, END, START, StateGraph } from '@langchain/langgraph'
import { SqliteSaver } from '@langchain/langgraph-checkpoint-sqlite'
import { serve } from './contender.ts'
import { chainLength, expected, fanWidth } from '../workloads.ts'

const saver = SqliteSaver.fromConnString(join(process.argv[2], 'langgraph.db'))
saver.db.pragma('journal_mode = WAL')
saver.db.pragma('synchronous = FULL')

const Numbers = Annotation.Root({
  list: Annotation({ reducer: (left, right) => [...left, ...right], default: () => [] }),
  result: Annotation({ reducer: (_left, right) => right, default: () => 0 }),
})

/** @param {number[]} numbers */
function sumOf(numbers) {
  return numbers.reduce((total, n) => total + n, 0)
}

function fanGraph() {
  const graph = new StateGraph(Numbers)
  graph.addNode('join', ({ list }) => ({ result: sumOf(list) }))
  for (let n = 0; n < fanWidth; n += 1) graph.addNode(`s${n}`, () => ({ list: [n] }))
  for (let n = 0; n < fanWidth; n += 1) graph.addEdge(START, `s${n}`)
  // One edge from all of them: join runs once, when the last is done.
  graph.addEdge(
    Array.from({ length: fanWidth }, (_, n) => `s${n}`),
    'join',
  )
  return graph.addEdge('join', END).compile({ checkpointer: saver })
}

function chainGraph() {
  const graph = new StateGraph(Numbers)
  for (let n = 0; n < chainLength; n += 1) graph.addNode(`s${n}`, ({ result }) => ({ result: result + 1 }))
  for (let n = 1; n < chainLength; n += 1) graph.addEdge(`s${n - 1}`, `s${n}`)
  return graph
    .addEdge(START, 's0')
    .addEdge(`s${chainLength - 1}`, END)
    .compile({ checkpointer: saver })
}

const graphs = { fan: fanGraph(), chain: chainGraph() }
let threads = 0

serve({
  async run(workload) {
    threads += 1
    const config = { configurable: { thread_id: `t${threads}` }, durability: 'sync', recursionLimit: 1_000 }
    const began = performance.now()
    const state = await graphs[workload].invoke({ result: 0 }, config)
    const took = performance.now() - began
    if (state.result !== expected[workload]) throw new Error(`wrong result ${state.result}`)
    return took
  },
  async close() {
    saver.db.close()
  },
})
