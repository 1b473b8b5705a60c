/** Guarded calls through the whole of it, to a sandbox in another process, beside Portkey's gateway before a mock. */
import { Pool } from 'undici'
import { createReplicateTarget } from '../../src/targets/replicate/target.ts'
import { systemClock } from '../../src/std/clock.ts'
import { systemRandom } from '../../src/std/random.ts'
import {
  chatBody,
  chatPath,
  portkeyHeaders,
  portkeyTarget,
  startMockUpstream,
  startPortkey,
} from '../contenders/portkey.ts'
import { atLeast, type Bench, type Figure, type Part, thousands } from '../figures.ts'
import { guardedCalls, guardParts } from '../guarded.ts'
import { startSandboxProcess } from '../sandbox-process.ts'
import { digits, pairedRatio, quantile, type Spread, spread } from '../statistics.ts'

const bars = { calls: 8_000, throughput: 5, latency: 0.2 }
const clients = 32
const rounds = 9
const ms = { alone: 500, together: 1_200 }

const models = ['meta/meta-llama-3-8b-instruct', 'openai/gpt-4o-mini', 'google/gemini-2.5-flash']

interface Contender {
  name: string
  call(): Promise<void>
  /** By round: calls a second of 32 clients, and the p50 of one client, milliseconds. */
  perSecond: number[]
  alone: number[]
}

type Closer = () => Promise<void>

export async function measureGateway(bench: Bench): Promise<Part> {
  const { say } = bench
  say(`gateway: ${rounds} rounds of ${ms.alone} ms with one client and ${ms.together} ms with ${clients}`)
  const closers: Closer[] = []
  try {
    const contenders = await contendersOf(bench, closers)
    for (let round = -4; round < rounds; round += 1) {
      // Who goes first changes.
      const turn = round % 2 === 0 ? contenders : contenders.toReversed()
      for (const one of turn) {
        const alone = await during(ms.alone, 1, one.call)
        const together = await during(ms.together, clients, one.call)
        if (round < 0) continue
        one.alone.push(quantile(alone.took, 0.5))
        one.perSecond.push(together.took.length / together.seconds)
      }
    }
    return partOf(contenders)
  } finally {
    for (const close of closers.toReversed()) await close()
  }
}

async function contendersOf({ root, folder, peers }: Bench, closers: Closer[]): Promise<Contender[]> {
  const sandbox = await startSandboxProcess(root, folder, undefined, '0')
  closers.push(() => sandbox.close())
  const target = createReplicateTarget({
    ...{ token: 'bench-token', baseUrl: sandbox.url, clock: systemClock, random: systemRandom },
    ...{ prices: { find: () => ({ rates: { usd_per_call: 0.001 } }) } as never, wait_seconds: 10 },
  })
  closers.push(() => target.close())
  const guarded = await guardedCalls({ parts: new Set(guardParts), folder, target, models })
  closers.push(() => guarded.close())
  const contenders = [
    contender('ours', () => guarded.call()),
    contender('the same request without us', plain(sandbox.url, closers)),
  ]
  if (!peers) return contenders
  const mock = await startMockUpstream(root)
  closers.push(() => mock.close())
  const portkey = await startPortkey(root)
  closers.push(() => portkey.close())
  const headers = portkeyHeaders({ ...portkeyTarget(mock.port), retry: { attempts: 3 } })
  return [
    ...contenders,
    contender('Portkey', chat(portkey.port, headers, closers)),
    contender('the same request without Portkey', chat(mock.port, { 'content-type': 'application/json' }, closers)),
  ]
}

function contender(name: string, call: () => Promise<void>): Contender {
  return { name, call, perSecond: [], alone: [] }
}

function poolOf(origin: string, closers: Closer[]): Pool {
  const pool = new Pool(origin, { connections: clients, pipelining: 1 })
  closers.push(() => pool.close())
  return pool
}

/** A create that waits. */
function plain(url: string, closers: Closer[]): () => Promise<void> {
  const pool = poolOf(new URL(url).origin, closers)
  const headers = { authorization: 'Bearer bench-token', 'content-type': 'application/json', prefer: 'wait=10' }
  let turn = 0
  return async () => {
    turn += 1
    const body = JSON.stringify({ input: { prompt: `Name three things, number ${turn}.`, max_tokens: 16 } })
    const path = `/v1/models/${models[0]}/predictions`
    const created = await pool.request({ method: 'POST', path, headers, body })
    const { output } = (await created.body.json()) as { output?: unknown }
    if (created.statusCode !== 201 || !output) throw new Error(`answered with ${created.statusCode}`)
  }
}

function chat(port: number, headers: Record<string, string>, closers: Closer[]): () => Promise<void> {
  const pool = poolOf(`http://127.0.0.1:${port}`, closers)
  let turn = 0
  return async () => {
    turn += 1
    const { statusCode, body } = await pool.request({ method: 'POST', path: chatPath, headers, body: chatBody(turn) })
    const answer = (await body.json()) as { choices?: unknown[] }
    if (statusCode !== 200 || !answer.choices) throw new Error(`answered with ${statusCode}: ${JSON.stringify(answer)}`)
  }
}

async function during(time: number, many: number, call: () => Promise<void>) {
  const took: number[] = []
  const began = performance.now()
  const client = async () => {
    for (let asked = began; asked - began < time;) {
      await call()
      const now = performance.now()
      took.push(now - asked)
      asked = now
    }
  }
  await Promise.all(Array.from({ length: many }, client))
  return { took, seconds: (performance.now() - began) / 1_000 }
}

function partOf(contenders: readonly Contender[]): Part {
  const [ours, direct, portkey, mock] = contenders as [Contender, Contender, Contender?, Contender?]
  const figures: Figure[] = [
    atLeast(`guarded calls, ${clients} at once`, spread(ours.perSecond).median, bars.calls, 'calls/s'),
  ]
  const rows = [rowOf(ours, direct), rowOf(direct)]
  if (portkey && mock) {
    const throughput = pairedRatio(ours.perSecond, portkey.perSecond)
    const latency = pairedRatio(added(ours, direct), added(portkey, mock))
    figures.push(
      {
        what: `guarded calls, ${clients} at once, of Portkey's throughput`,
        measured: `${digits(throughput, 1)}x`,
        bar: `>= ${bars.throughput}x`,
        met: throughput >= bars.throughput,
      },
      {
        what: "latency that a guarded call adds, of what Portkey's gateway adds",
        measured: `${digits(latency)}x`,
        bar: `<= ${bars.latency}x`,
        met: latency <= bars.latency,
      },
    )
    rows.push(rowOf(portkey, mock), rowOf(mock))
  }
  return {
    title: 'Guarded calls beside a gateway',
    figures,
    tables: [{ head: ['', `calls/s, ${clients} at once`, 'ms a call, one at a time, p50', 'ms added'], rows }],
    notes: [
      `Ours: route among three models (\`learned\`), guard with all parts (${guardParts.slice(1).join(', ')}), the Replicate target, and the sandbox (\`--latency 0\`, in memory) in another process. A call is one request, a create that waits (\`Prefer: wait\`): its answer has the output, and a price by the call asks for no more (by the second or the token, a second request looks at the metrics). The journal of a run belongs to the workflow engine, and is in memory here.`,
      `Portkey 1.15.2 (with retries) relays a chat completion of one request to a mock that answers at once; client, gateway and mock are three processes, where ours are two: our guard is a library in the client's process. "Added" is over the same requests without what is measured.`,
      `In each of ${rounds} rounds every contender has its turn, one after the other; a cell is the median [least–greatest], ratios are medians over the rounds. One process is the client of all; it shares two cores with the servers.`,
    ],
  }
}

function added(one: Contender, without: Contender): number[] {
  return one.alone.map((value, at) => value - (without.alone[at] ?? Number.NaN))
}

function rowOf(one: Contender, without?: Contender): string[] {
  const extra = without ? milliseconds(spread(added(one, without))) : ''
  return [one.name, perSecond(spread(one.perSecond)), milliseconds(spread(one.alone)), extra]
}

function perSecond({ median, min, max }: Spread): string {
  return `${thousands(median)} [${thousands(min)}–${thousands(max)}]`
}

function milliseconds({ median, min, max }: Spread): string {
  return `${digits(median)} [${digits(min)}–${digits(max)}]`
}
