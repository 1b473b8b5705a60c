/**
 * Simulates every measured workflow trace of the shared folder on 16 slots, and compares the makespan with that of a
 * critical-path list schedule. Exits 1 when one is more than 1 % longer.
 */
import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readTrace } from '../src/app/simulated-tasks.ts'
import { simulate } from '../src/workflow/simulate.ts'

/** Makespan over the lower bound with 16 slots, by a critical-path list schedule. */
const reference: Readonly<Record<string, number>> = {
  airrflow: 1,
  cycles: 1.004,
  epigenomics: 1.106,
  rnaseq: 1,
  montage: 1,
}

const folder = join(
  resolve(import.meta.dirname, '..', process.env['REPLICATE_AGENT_SHARED'] ?? '../shared'),
  'data',
  'workflows',
)
if (existsSync(folder)) process.exitCode = await check()
else process.stdout.write(`No ${folder}: no traces to simulate.\n`)

async function check(): Promise<number> {
  const found = new Set<string>()
  let problems = 0
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    const name = file.split('-')[0] as string
    const trace = await readTrace(file, folder)
    const expected = reference[name]
    if (!trace || expected === undefined) throw new Error(`${file} is no trace that has a reference figure`)
    found.add(name)
    const { makespan_s, lower_bound_s, tasks, plan_ms } = simulate(trace.tasks, 16, () => performance.now())
    const ratio = makespan_s / lower_bound_s
    const good = ratio <= expected * 1.01
    if (!good) problems += 1
    process.stdout.write(
      `${good ? 'ok  ' : 'LONG'} ${name.padEnd(12)} ${ratio.toFixed(3)} of the lower bound (reference ${expected.toFixed(3)}), ${tasks} tasks planned in ${plan_ms.toFixed(1)} ms\n`,
    )
  }
  for (const name of Object.keys(reference)) {
    if (found.has(name)) continue
    problems += 1
    process.stdout.write(`no trace ${name}\n`)
  }
  return problems > 0 ? 1 : 0
}
