/** Measures, prints tables, and with --write records them in RESULTS.md. Started by run.cjs. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { assertOnDisk, describeMachine } from './machine.ts'
import { report, verdictsOf } from './report.ts'
import { measureStartup } from './startup.ts'
import { measureSteps } from './steps.ts'

const usage = `usage: node bench/run.cjs [options]

  --pairs N         rounds, each contender once a round (default 15)
  --only WHAT       steps | fan | chain | startup
  --no-peers        without LangGraph.js
  --folder DIR      where journals are written (default bench/.data; must be a disk)
  --write           record the tables in bench/RESULTS.md
  --gate            end with code 1 when a bar is missed
`

const here = dirname(fileURLToPath(import.meta.url))
const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '15' },
    only: { type: 'string' },
    'no-peers': { type: 'boolean', default: false },
    folder: { type: 'string' },
    write: { type: 'boolean', default: false },
    gate: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) process.stdout.write(usage)
else await main()

async function main(): Promise<void> {
  const pairs = Number(values.pairs)
  if (!Number.isInteger(pairs) || pairs < 1) throw new Error('--pairs wants a whole number')
  const base = resolve(values.folder ?? join(here, '.data'))
  mkdirSync(base, { recursive: true })
  assertOnDisk(base)
  const folder = mkdtempSync(join(base, 'run-'))
  const say = (line: string) => process.stderr.write(`${line}\n`)
  try {
    const only = values.only === 'steps' ? undefined : values.only
    const workloads = (['fan', 'chain'] as const).filter((workload) => only === undefined || only === workload)
    const steps = await measureSteps({ folder, pairs, workloads, withPeers: !values['no-peers'], say })
    const starts =
      values.only !== undefined && values.only !== 'startup' ? [] : measureStartup(dirname(here), folder, pairs, say)
    const tables = report(steps, starts)
    const machine = describeMachine(here)
    process.stdout.write(`${machine.join('\n')}\n\n${tables}\n`)
    if (values.write) writeFileSync(join(here, 'RESULTS.md'), resultsPage(pairs, machine, tables))
    if (values.gate && verdictsOf(steps, starts).some((verdict) => !verdict.met)) process.exitCode = 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function resultsPage(pairs: number, machine: readonly string[], tables: string): string {
  const command = ['node bench/run.cjs', ...process.argv.slice(2)].join(' ')
  return `# Benchmark results

${new Date().toISOString().slice(0, 10)}, by \`${command}\`: ${pairs} rounds, in each of which every contender runs once, one after the other,
in a process of its own that is warm; who goes first changes from round to round. A cell is the median [least–greatest];
ratios and differences are medians over the rounds, not of the medians.

${machine.map((line) => `- ${line}`).join('\n')}
- Ours: SQLite in WAL mode under \`full\` durability. All journals are on the same disk; "raw fdatasync" is one record appended and flushed.

${tables}

Steps do nothing: what is measured is what a runner adds to a step. A fan-out commits what became ready together in one
flush, which is why it can cost less than a flush a step; so does a chain of \`value\` steps, which are decided without
waiting for anything outside. A chain of \`function\` steps has two facts a step that must be durable before the next
thing happens. "Journal bytes" are the events as JSON. The peer runs on better-sqlite3 13, since 12 aborts on this Node.
`
}
