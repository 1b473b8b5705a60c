/**
 * Replays a measured, very bursty load ten times faster on a virtual clock, against a limit and a server scaled alike.
 * Exits 1 when the server refused a call after the first minute, a call was lost, or one overtook another.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { replayBurst } from '../test/executor/burst-replay.ts'

const faster = 10
/** Replicate's 600 a minute, ten times as many, with a burst of ten. */
const limit = { per_minute: 600 * faster, burst: 10 }

const shared = resolve(import.meta.dirname, '..', process.env['REPLICATE_AGENT_SHARED'] ?? '../shared')
const file = join(shared, 'data', 'load', 'azure_llm_2023_code_slice.csv')
if (existsSync(file)) process.exitCode = await check(file)
else process.stdout.write(`No ${file}: no load to replay.\n`)

async function check(csv: string): Promise<number> {
  const [, ...lines] = readFileSync(csv, 'utf8').trim().split('\n')
  const arrivals = lines.map((line) => Number(line.split(',')[0]) / faster)
  if (arrivals.length < 1_000 || !arrivals.every(Number.isFinite)) throw new Error(`${csv} is no load`)
  let problems = 0
  for (const processes of [1, 8]) {
    const { answered, refused, overtaken, waits } = await replayBurst({ arrivals, server: limit, limit, processes })
    const late = refused.filter((at) => at >= 60_000).length
    const lost = arrivals.length - answered
    const good = late === 0 && lost === 0 && overtaken === 0
    if (!good) problems += 1
    const seconds = (part: number) => `${((waits[Math.floor((waits.length - 1) * part)] ?? 0) / 1_000).toFixed(2)} s`
    process.stdout.write(
      `${good ? 'ok ' : 'BAD'} ${arrivals.length} calls of ${processes} process${processes === 1 ? '' : 'es'}: ${refused.length} refused (${late} after the first minute), ${lost} lost, ${overtaken} overtaken; waited ${seconds(0.5)} (p50), ${seconds(0.99)} (p99), ${seconds(1)} (most)\n`,
    )
  }
  return problems > 0 ? 1 : 0
}
