/** A long sweep of kills with a figure at its end: `node scripts/chaos-sweep.cjs --points 10000 --seed 1 --lanes 3`. */
import { parseArgs } from 'node:util'
import { sweep, type SweepReport } from '../test/chaos/kill-sweep.ts'

const { values } = parseArgs({
  options: {
    points: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    lanes: { type: 'string' },
  },
})
const points = Number(values.points)
const began = performance.now()
let told = 0

function line({ atBoundaries, atRandom, lives, creates, expectedCreates, faults }: SweepReport): string {
  const kills = atBoundaries + atRandom
  const seconds = Math.round((performance.now() - began) / 1_000)
  return `${kills} kills (${atBoundaries} at journal boundaries, ${atRandom} at random) of ${lives} runs in ${seconds} s: ${faults.length} faults, ${creates} predictions where undisturbed runs make ${expectedCreates}`
}

const report = await sweep({
  points,
  seed: Number(values.seed),
  ...(values.lanes !== undefined && { lanes: Number(values.lanes) }),
  progress(so) {
    const kills = so.atBoundaries + so.atRandom
    if (kills < told + 100) return
    told = kills
    process.stdout.write(`${line(so)}\n`)
  },
})
for (const fault of report.faults) process.stdout.write(`fault: ${fault}\n`)
process.stdout.write(`seed ${values.seed}: ${line(report)}\n`)
process.exitCode = report.faults.length === 0 && report.atBoundaries + report.atRandom >= points ? 0 : 1
