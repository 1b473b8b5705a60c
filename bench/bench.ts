/** Measures, prints tables, and with --write records them in RESULTS.md. Started by run.cjs. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { assertOnDisk, describeMachine } from './machine.ts'
import { report, verdictsOf } from './report.ts'
import { measureStartup } from './startup.ts'
import { measureSteps } from './steps.ts'
import { longWorkflow } from './workloads.ts'

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
  const longLines = longWorkflow(100).split('\n').length
  const command = ['node bench/run.cjs', ...process.argv.slice(2)].join(' ')
  return `# Benchmark results

${new Date().toISOString().slice(0, 10)}, by \`${command}\`: ${pairs} rounds, in each of which every contender runs once, one after the other,
in a process of its own that is warm; who goes first changes from round to round. A cell is the median [least–greatest];
ratios and differences are medians over the rounds, not of the medians.

${machine.map((line) => `- ${line}`).join('\n')}
- Ours: SQLite in WAL mode under \`full\` durability. All journals are on the same disk; "raw fdatasync" is one record appended and flushed.

${tables}

Steps do nothing: what is measured is what a runner adds to a step. Facts that become ready together are committed with one
flush, which is why a fan-out can cost less than a flush a step. A \`function\` step has two facts that must be durable one
after the other: that it is about to be called, and how it ended. "Journal bytes" are the events as JSON. The peer runs on
better-sqlite3 13, since 12 aborts on this Node. \`validate\` reads a file of 100 steps, ${longLines} lines, with prompts and conditions.

On a machine that is busy, a disk that flushes now in 0.2 and now in 3 ms, or a core that is shared, change every absolute
figure; the ratios less so.
`
}
