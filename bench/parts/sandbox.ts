/** How many predictions a second the sandbox takes, each created and got, with everything durable before it answers. */
import { join } from 'node:path'
import { Pool } from 'undici'
import { atLeast, type Bench, type Part, spreadText, thousands } from '../figures.ts'
import { startSandboxProcess } from '../sandbox-process.ts'
import { spread } from '../statistics.ts'

const bar = 3_000
const clients = 32
const rounds = 5
const roundMs = 2_000

const model = '/v1/models/meta/meta-llama-3-8b-instruct/predictions'
const headers = { authorization: 'Bearer bench', 'content-type': 'application/json' }

export async function measureSandbox({ root, folder, say }: Bench): Promise<Part> {
  say(`sandbox: ${clients} clients, ${rounds} rounds of ${roundMs / 1_000} s`)
  const sandbox = await startSandboxProcess(root, folder, join(folder, 'sandbox'), '0')
  const pool = new Pool(new URL(sandbox.url).origin, { connections: clients, pipelining: 1 })
  const perSecond: number[] = []
  const latencies: number[] = []
  let made = 0
  try {
    // The first round warms up.
    for (let round = -1; round < rounds; round += 1) {
      const took: number[] = []
      const began = performance.now()
      const client = async () => {
        while (performance.now() - began < roundMs) {
          const asked = performance.now()
          made += 1
          await createAndGet(pool, made)
          took.push(performance.now() - asked)
        }
      }
      await Promise.all(Array.from({ length: clients }, client))
      if (round < 0) continue
      perSecond.push((took.length / (performance.now() - began)) * 1_000)
      latencies.push(...took)
    }
  } finally {
    await pool.close()
    await sandbox.close()
  }
  const { median, min, max } = spread(perSecond)
  return {
    title: 'The sandbox',
    figures: [atLeast('create + get of a prediction, persisted', median, bar, 'predictions/s')],
    tables: [
      {
        head: [`${clients} clients`, 'predictions a second', 'ms for create + get'],
        rows: [
          [
            'create + get',
            `${thousands(median)} [${thousands(min)}–${thousands(max)}]`,
            spreadText(spread(latencies), 1),
          ],
        ],
      },
    ],
    notes: [
      'The server runs in a process of its own (`sandbox --data DIR --latency 0`) and makes prediction, bill and log line durable before it answers. The client is in one other process: keep-alive connections, one request at a time on each. Every input is another one.',
    ],
  }
}

async function createAndGet(pool: Pool, n: number): Promise<void> {
  const body = JSON.stringify({ input: { prompt: `Name three things, number ${n}.`, max_tokens: 16 } })
  const created = await pool.request({ method: 'POST', path: model, headers, body })
  const { id } = (await created.body.json()) as { id?: string }
  if (created.statusCode !== 201 || id === undefined)
    throw new Error(`the create was answered with ${created.statusCode}`)
  const got = await pool.request({ method: 'GET', path: `/v1/predictions/${id}`, headers })
  const prediction = (await got.body.json()) as { id?: string; status?: string }
  if (got.statusCode !== 200 || prediction.id !== id || prediction.status === 'failed')
    throw new Error(`the get was answered with ${got.statusCode}, ${prediction.status}`)
}
