/** How long a command takes to start, beside a bare Node that does nothing; each pair spawned one after the other. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand, runNode } from '../command.ts'
import { type Bench, type Part, signed, spreadText } from '../figures.ts'
import { pairedDifference, spread } from '../statistics.ts'
import { longWorkflow } from '../workloads.ts'

/** Milliseconds over bare Node. */
const bars = { version: 20, validate: 80 }

export async function measureStartup({ root, folder, pairs, say }: Bench): Promise<Part> {
  const long = join(folder, 'long.yaml')
  const text = longWorkflow(100)
  writeFileSync(long, text)
  const empty = join(folder, 'empty.cjs')
  writeFileSync(empty, '')
  const commands = [
    { what: '--version', args: ['--version'], bar: bars.version },
    { what: 'workflows validate (100 steps)', args: ['workflows', 'validate', long], bar: bars.validate },
  ]
  const part: Part = {
    title: 'Start of a command',
    figures: [],
    tables: [],
    notes: [`\`validate\` reads a file of 100 steps, ${text.split('\n').length} lines, with prompts and conditions.`],
  }
  const rows: string[][] = []
  for (const { what, args, bar } of commands) {
    say(`${what}: ${pairs} pairs`)
    const ours: number[] = []
    const bare: number[] = []
    const turns = [
      async () => ours.push((await runCommand(root, folder, args)).took),
      async () => bare.push((await runNode(folder, [empty])).took),
    ]
    for (let n = 0; n < 3; n += 1) for (const turn of turns) await turn()
    ours.length = 0
    bare.length = 0
    for (let n = 0; n < pairs; n += 1) for (const turn of n % 2 === 0 ? turns : turns.toReversed()) await turn()
    const over = pairedDifference(ours, bare)
    const measured = `bare node ${signed(over, 1)} ms`
    part.figures.push({ what, measured, bar: `<= bare node + ${bar} ms`, met: over <= bar })
    rows.push([what, spreadText(spread(ours), 1), spreadText(spread(bare), 1), signed(over, 1)])
  }
  part.tables.push({ head: ['milliseconds to start and end', 'replicate-agent', 'bare node', 'difference'], rows })
  return part
}
