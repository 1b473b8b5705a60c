/** How often a second a condition can be evaluated that was parsed and checked once. */
import { fileURLToPath } from 'node:url'
import { runNode } from '../command.ts'
import { atLeast, type Bench, type Part, thousands } from '../figures.ts'
import { spread } from '../statistics.ts'

const bar = 1_000_000
const rounds = 9
const source = 'len(output) > 100 and cost < 0.01'
const probe = fileURLToPath(new URL('../probes/expressions.ts', import.meta.url))

export async function measureExpressions({ folder, say }: Bench): Promise<Part> {
  say(`expressions: ${rounds} rounds`)
  const { stdout } = await runNode(folder, [probe, source, String(rounds)])
  const { median, min, max } = spread(JSON.parse(stdout) as number[])
  return {
    title: 'Expressions',
    figures: [atLeast(`\`${source}\``, median, bar, 'evaluations/s')],
    tables: [
      {
        head: ['expression', 'evaluations a second'],
        rows: [[`\`${source}\``, `${thousands(median)} [${thousands(min)}–${thousands(max)}]`]],
      },
    ],
    notes: [
      'Parsed and checked once, then evaluated over plain data with every budget counted; every second time it is true.',
    ],
  }
}
