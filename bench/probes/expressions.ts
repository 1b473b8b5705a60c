/** `expressions.ts SOURCE ROUNDS`: prints evaluations a second of a checked expression, a number a round, as JSON. */
import { checkExpression } from '../../src/expression/check.ts'
import { evaluateExpression } from '../../src/expression/evaluate.ts'
import { parseExpression } from '../../src/expression/parse.ts'

const [source = '', rounds] = process.argv.slice(2)
const perRound = 500_000

const parsed = parseExpression(source)
if (!parsed.ok) throw new Error(parsed.problems.map(({ message }) => message).join('\n'))
const { expression } = parsed
const names = { output: { kind: 'string' }, cost: { kind: 'number' } } as const
const { problems } = checkExpression(expression, { names, statusFunctions: false })
if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join('\n'))

/** Of every second one it is true. */
const scopes = [
  { output: 'a'.repeat(200), cost: 0.002 },
  { output: 'a'.repeat(50), cost: 0.002 },
]
const context = { now: 1_700_000_000_000 }
const perSecond: number[] = []
// The first round warms up.
for (let round = -1; round < Number(rounds); round += 1) {
  let held = 0
  const began = performance.now()
  for (let n = 0; n < perRound; n += 1) {
    if (evaluateExpression(expression, scopes[n & 1] as (typeof scopes)[0], context) === true) held += 1
  }
  const took = performance.now() - began
  if (held !== perRound / 2) throw new Error(`it was true ${held} times`)
  if (round >= 0) perSecond.push((perRound / took) * 1_000)
}
process.stdout.write(JSON.stringify(perSecond))
