/** What the scheduler makes of real traces and how long planning takes, by `workflows simulate`. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { runCommand } from '../command.ts'
import { atMost, type Bench, type Figure, type Part, spreadText, thousands } from '../figures.ts'
import { digits, spread } from '../statistics.ts'

const slots = 16
const bars = { overListSchedule: 1.01, planMs: 300 }
const repeats = 5
const manySteps = 20_000

/** Makespan over the lower bound of a critical-path list schedule with 16 slots, by the trace's name. */
const listSchedule = new Map([
  ['airrflow', 1],
  ['cycles', 1.004],
  ['epigenomics', 1.106],
  ['rnaseq', 1],
  ['montage', 1],
])

interface Simulated {
  tasks: number
  edges: number
  makespan_s: number
  lower_bound_s: number
  utilisation: number
  plan_ms: number
}

export async function measureSimulate(bench: Bench): Promise<Part> {
  const traces = await measureTraces(bench)
  const planning = await measurePlanning(bench)
  return {
    title: 'Scheduling and planning',
    figures: [...traces.figures, ...planning.figures],
    tables: [...traces.tables, ...planning.tables],
    notes: [
      `By \`workflows simulate\` with ${slots} slots. Traces are of real workflows with measured run times (wfcommons/WfInstances); no schedule can be shorter than the lower bound, max(longest path, work / slots).`,
      'Planning is what the command says it took, in a process that has just started.',
      ...traces.notes,
    ],
  }
}

type Measured = Pick<Part, 'figures' | 'tables' | 'notes'>

async function measureTraces({ root, folder, traces, say }: Bench): Promise<Measured> {
  if (!existsSync(traces)) {
    say(`without traces: there is no ${traces}`)
    return { figures: [], tables: [], notes: ['Traces were left out: their folder is not here (`--traces DIR`).'] }
  }
  const figures: Figure[] = []
  const rows: string[][] = []
  for (const file of readdirSync(traces).filter((name) => name.endsWith('.json'))) {
    const name = basename(file).split('-')[0] as string
    const known = listSchedule.get(name)
    if (known === undefined) continue
    say(`trace ${name}`)
    const result = await simulate(root, folder, join(traces, file))
    const over = result.makespan_s / result.lower_bound_s
    figures.push(
      atMost(`makespan of ${name}, of a critical-path list schedule's`, over / known, bars.overListSchedule, 'x', 3),
    )
    const size = `${thousands(result.tasks)} tasks, ${thousands(result.edges)} needs`
    rows.push([name, size, digits(over), digits(known), `${digits(result.utilisation * 100, 0)} %`])
  }
  const head = ['trace', 'size', 'makespan over lower bound', 'list schedule', 'slots in use']
  return { figures, tables: [{ head, rows }], notes: [] }
}

async function measurePlanning({ root, folder, say }: Bench): Promise<Measured> {
  say(`planning ${thousands(manySteps)} steps: ${repeats} commands each`)
  const trace = join(folder, 'trace.json')
  writeFileSync(trace, JSON.stringify({ name: 'many', tasks: layeredTasks() }))
  const file = join(folder, 'many.yaml')
  writeFileSync(file, layeredWorkflow())
  const figures: Figure[] = []
  const rows: string[][] = []
  for (const [what, given] of [
    ['a trace', trace],
    ['a workflow with expressions', file],
  ] as const) {
    const times: number[] = []
    for (let n = 0; n < repeats; n += 1) times.push((await simulate(root, folder, given)).plan_ms)
    figures.push(atMost(`planning ${thousands(manySteps)} steps, ${what}`, spread(times).median, bars.planMs, 'ms', 0))
    rows.push([what, spreadText(spread(times), 0)])
  }
  return { figures, tables: [{ head: [`planning ${thousands(manySteps)} steps`, 'ms'], rows }], notes: [] }
}

async function simulate(root: string, folder: string, file: string): Promise<Simulated> {
  const { stdout } = await runCommand(root, folder, [
    'workflows',
    'simulate',
    file,
    '--concurrency',
    String(slots),
    '--json',
  ])
  return JSON.parse(stdout) as Simulated
}

/** A hundred layers; each step needs two of the layer before. */
function needsOf(n: number): number[] {
  const width = manySteps / 100
  return n < width ? [] : [n - width, n - (n % width) - width + ((n * 7) % width)]
}

function layeredTasks(): { id: string; runtime_s: number; parents: string[] }[] {
  return Array.from({ length: manySteps }, (_, n) => ({
    id: `t${n}`,
    runtime_s: 1 + ((n * 7919) % 100) / 10,
    parents: needsOf(n).map((need) => `t${need}`),
  }))
}

/** Kept short, since a workflow file may have a megabyte: every fourth step has both needs. */
function layeredWorkflow(): string {
  const steps = Array.from({ length: manySteps }, (_, n) => {
    const [before, other] = needsOf(n)
    if (before === undefined) return ` s${n}: {value: 1}`
    return ` s${n}: {${n % 4 === 0 ? `needs: [s${other}], ` : ''}value: '\${{steps.s${before}.cost}}'}`
  })
  return ['name: many', 'steps:', ...steps, ''].join('\n')
}
