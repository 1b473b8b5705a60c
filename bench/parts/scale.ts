/** Large workflows: time and memory of the whole command, and that neither a step nor its journal grows with the run. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runMeasured } from '../command.ts'
import { startContender } from '../contenders/contender.ts'
import { atMost, type Bench, type Figure, type Part, spreadText, type Table, thousands } from '../figures.ts'
import { digits, pairedRatio, spread } from '../statistics.ts'
import { chainLength, foreachWorkflow, mixedWorkflow, workflowOf } from '../workloads.ts'

const bars = { seconds: 2, megabytes: 250, foreachMegabytes: 400, growth: 1.2, bytesGrowth: 1.05 }

const repeats = 3
const many = 10_000
const longChain = 5_000

export async function measureScale(bench: Bench): Promise<Part> {
  const commands = await measureCommands(bench)
  const growth = await measureGrowth(bench)
  return {
    title: 'Large workflows',
    figures: [...commands.figures, ...growth.figures],
    tables: [commands.table, growth.table],
    notes: [
      'Whole commands: `workflows run FILE --json`, from spawn to exit, with reading and checking the file, every step journaled under `full` durability, and printing the result. Memory is the most that the process had resident.',
      'The mixture is a hundred chains side by side, with conditions, joined at the end.',
      `Growth: in one warm process, a chain of ${thousands(longChain)} after as many steps in chains of ${chainLength}, round by round. Journal bytes are the events as JSON.`,
    ],
  }
}

interface Case {
  what: string
  workflow: { text: string; right: number }
  megabytes: number
  seconds?: number
}

async function measureCommands({ root, folder, say }: Bench): Promise<{ figures: Figure[]; table: Table }> {
  const cases: Case[] = [
    {
      what: `${thousands(many)} steps, fan-out + join`,
      workflow: workflowOf('fan', 'value', many),
      megabytes: bars.megabytes,
      seconds: bars.seconds,
    },
    {
      what: `${thousands(many)} steps, mixed`,
      workflow: mixedWorkflow(many),
      megabytes: bars.megabytes,
      seconds: bars.seconds,
    },
    { what: '100,000 `foreach` items', workflow: foreachWorkflow(100_000), megabytes: bars.foreachMegabytes },
  ]
  const figures: Figure[] = []
  const rows: string[][] = []
  for (const { what, workflow, megabytes, seconds } of cases) {
    say(`${what}: ${repeats} commands`)
    const file = join(folder, 'large.yaml')
    writeFileSync(file, workflow.text)
    const whole: number[] = []
    const engine: number[] = []
    const peaks: number[] = []
    for (let n = 0; n < repeats; n += 1) {
      const { took, stdout, peak } = await runMeasured(root, folder, ['workflows', 'run', file, '--json'])
      const result = JSON.parse(stdout) as { outputs: { result: number }; duration_ms: number }
      if (result.outputs.result !== workflow.right) throw new Error(`${what} gave ${result.outputs.result}`)
      whole.push(took / 1_000)
      engine.push(result.duration_ms / 1_000)
      peaks.push(peak)
    }
    if (seconds !== undefined) figures.push(atMost(`${what}, whole command`, spread(whole).median, seconds, 's'))
    figures.push(atMost(`${what}, memory`, spread(peaks).median, megabytes, 'MB', 0))
    rows.push([what, spreadText(spread(whole), 2), spreadText(spread(engine), 2), spreadText(spread(peaks), 0)])
  }
  return { figures, table: { head: ['one command', 'seconds', 'of them the run', 'megabytes at most'], rows } }
}

async function measureGrowth({ folder, say }: Bench): Promise<{ figures: Figure[]; table: Table }> {
  const home = join(folder, 'growth')
  mkdirSync(home)
  const ours = startContender('./ours.ts', home)
  try {
    const kind = 'value'
    say(`chains of ${chainLength} and ${longChain} steps: ${repeats * 3} rounds`)
    const short: number[] = []
    const long: number[] = []
    const shortRuns = longChain / chainLength
    for (let n = -1; n < repeats * 3; n += 1) {
      let took = 0
      for (let run = 0; run < shortRuns; run += 1) took += await ours.run(`chain/${kind}`)
      const longTook = await ours.run(`chain/${kind}/${longChain}`)
      // The first round warms up.
      if (n < 0) continue
      short.push(took / longChain)
      long.push(longTook / longChain)
    }
    const growth = pairedRatio(long, short)
    const bytes = new Map<number, number>()
    for (const count of [chainLength, longChain, many])
      bytes.set(count, (await ours.bytes(`chain/${kind}/${count}`)) / count)
    const bytesGrowth = (bytes.get(many) ?? Number.NaN) / (bytes.get(chainLength) ?? Number.NaN)
    const bytesOf = (count: number) => digits(bytes.get(count) ?? Number.NaN, 1)
    return {
      figures: [
        atMost(`a step of a chain of ${thousands(longChain)}, of one of ${chainLength}`, growth, bars.growth, 'x'),
        atMost(
          `journal bytes a step, ${thousands(many)} steps against ${chainLength}`,
          bytesGrowth,
          bars.bytesGrowth,
          'x',
          3,
        ),
      ],
      table: {
        head: ['chain of `value` steps', 'ms a step', 'journal bytes a step'],
        rows: [
          [String(chainLength), spreadText(spread(short)), bytesOf(chainLength)],
          [thousands(longChain), spreadText(spread(long)), bytesOf(longChain)],
          [thousands(many), '', bytesOf(many)],
        ],
      },
    }
  } finally {
    await ours.close()
  }
}
