/** Measures, prints tables, and with --write records them in results.json and RESULTS.md. Started by run.cjs. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Bench, Part } from './figures.ts'
import { assertOnDisk, describeMachine } from './machine.ts'
import { measureBandits } from './parts/bandits.ts'
import { measureExpressions } from './parts/expressions.ts'
import { measureFaults } from './parts/faults.ts'
import { measureGateway } from './parts/gateway.ts'
import { measureGuard } from './parts/guard.ts'
import { measureLoad } from './parts/load.ts'
import { measurePicks } from './parts/picks.ts'
import { measureResume } from './parts/resume.ts'
import { measureRouter } from './parts/router.ts'
import { measureSandbox } from './parts/sandbox.ts'
import { measureScale } from './parts/scale.ts'
import { measureSimulate } from './parts/simulate.ts'
import { measureStartup } from './parts/startup.ts'
import { measureSteps } from './parts/steps.ts'
import { partText, recordResults, type Results } from './results.ts'

/** In the order in which they run and are shown. */
const parts = {
  steps: measureSteps,
  startup: measureStartup,
  scale: measureScale,
  resume: measureResume,
  simulate: measureSimulate,
  expressions: measureExpressions,
  sandbox: measureSandbox,
  load: measureLoad,
  bandits: measureBandits,
  picks: measurePicks,
  router: measureRouter,
  guard: measureGuard,
  gateway: measureGateway,
  faults: measureFaults,
} satisfies Record<string, (bench: Bench) => Promise<Part>>

type PartName = keyof typeof parts

const names = Object.keys(parts) as PartName[]

const usage = `usage: npm run bench -- [options]

  --only PARTS      some of ${names.join(',')}
  --pairs N         rounds of steps and startup, each contender once a round (default 15)
  --no-peers        steps without LangGraph.js, Mastra, BullMQ and DBOS; guarded calls without cockatiel and Portkey
  --seconds N       how long the load lasts (default 60)
  --arrivals FILE   a trace of arrivals for the load (CSV, milliseconds first); without it every client goes on at once
  --traces DIR      real workflows for simulate (default ../shared/data/workflows)
  --outcomes DIR    real outcomes for router (default ../shared/data/router)
  --folder DIR      where journals are written (default bench/.data; must be a disk)
  --write           record what was measured in bench/results.json and bench/RESULTS.md
  --gate            end with code 1 when a bar is missed
`

const here = dirname(fileURLToPath(import.meta.url))
const root = dirname(here)
const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    pairs: { type: 'string', default: '15' },
    'no-peers': { type: 'boolean', default: false },
    seconds: { type: 'string', default: '60' },
    arrivals: { type: 'string' },
    traces: { type: 'string', default: join(dirname(root), 'shared', 'data', 'workflows') },
    outcomes: { type: 'string', default: join(dirname(root), 'shared', 'data', 'router') },
    folder: { type: 'string', default: join(here, '.data') },
    write: { type: 'boolean', default: false },
    gate: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

// What listens for `exit` ends the servers that it started.
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  process.once(signal, () => process.exit(code))

if (values.help) process.stdout.write(usage)
else await main()

async function main(): Promise<void> {
  const chosen = chosenParts(values.only)
  const base = resolve(values.folder)
  mkdirSync(base, { recursive: true })
  assertOnDisk(base)
  const options = {
    root,
    pairs: positive('--pairs', values.pairs),
    seconds: positive('--seconds', values.seconds),
    peers: !values['no-peers'],
    traces: resolve(values.traces),
    outcomes: resolve(values.outcomes),
    arrivals: values.arrivals === undefined ? undefined : resolve(values.arrivals),
    say: (line: string) => process.stderr.write(`${line}\n`),
  }
  const command = ['npm run bench --', ...process.argv.slice(2)].join(' ')
  const results: Results = {}
  for (const name of chosen) {
    const folder = mkdtempSync(join(base, `${name}-`))
    const clean = () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
    process.once('exit', clean)
    try {
      const part = await parts[name]({ ...options, folder })
      process.stdout.write(`${partText(part)}\n\n`)
      results[name] = { date: new Date().toISOString().slice(0, 10), command, machine: describeMachine(), ...part }
      // Part by part: what was measured stays when a later one fails.
      if (values.write) recordResults(here, results, names)
    } finally {
      process.off('exit', clean)
      clean()
    }
  }
  const missed = Object.values(results).flatMap(({ figures }) => figures.filter(({ met }) => !met))
  for (const { what, measured, bar } of missed) options.say(`missed: ${what}: ${measured}, the bar is ${bar}`)
  if (values.gate && missed.length > 0) process.exitCode = 1
}

function chosenParts(only: string | undefined): PartName[] {
  if (only === undefined) return names
  return only.split(',').map((name) => {
    const found = names.find((known) => known === name.trim())
    if (found) return found
    throw new Error(`--only: there is no part "${name}"; there are ${names.join(', ')}`)
  })
}

function positive(option: string, text: string): number {
  const number = Number(text)
  if (Number.isInteger(number) && number > 0) return number
  throw new Error(`${option} wants a whole number`)
}
