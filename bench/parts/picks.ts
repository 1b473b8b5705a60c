/** How long each strategy takes to pick among 10 and among 1,000 arms. */
import { createArmTable } from '../../src/executor/routing/arm-table.ts'
import { defaultRouting } from '../../src/domain/routing.ts'
import { observe, type Statistics } from '../../src/executor/routing/statistics.ts'
import { strategies } from '../../src/executor/routing/strategy-table.ts'
import type { Arm, PickContext, Strategy } from '../../src/executor/routing/strategy.ts'
import { seededRandom } from '../../src/std/random.ts'
import { atMost, type Bench, type Part, spreadText } from '../figures.ts'
import { pairedRatio, type Spread, spread } from '../statistics.ts'

/** `picks` are timed together: few enough to end before a busy machine gives the core to somebody else. */
const sizes = [
  { arms: 10, bar: 20, picks: 50 },
  { arms: 1000, bar: 200, picks: 1 },
]
const rounds = 51
/** Times that each contender is measured in a round, one after the other. */
const times = 20
const context: PickContext = { key: 'task=a step=b', policy: defaultRouting, turn: 1000 }

export async function measurePicks({ say }: Bench): Promise<Part> {
  const measured = sizes.map(({ arms, bar, picks }) => {
    say(`picks: ${arms} arms, ${rounds} rounds`)
    return { arms, bar, rows: measure(arms, picks) }
  })
  const figures = measured.map(({ arms, bar, rows }) => {
    const slowest = rows.reduce((worst, row) => (row.time.median > worst.time.median ? row : worst))
    return atMost(`the slowest pick among ${arms} arms (${slowest.name})`, slowest.time.median, bar, 'µs')
  })
  const [few, many] = measured.map(({ rows }) => rows)
  return {
    title: 'Picks',
    figures,
    tables: [
      {
        head: ['strategy', ...sizes.flatMap(({ arms }) => [`µs among ${arms}`, 'of the floor'])],
        rows: (few ?? []).map((row, at) => [row.name, ...cells(row), ...cells(many?.[at] ?? row)]),
      },
    ],
    notes: [
      `A cell is the median [least–greatest] of ${rounds * times} measurements; in each of ${rounds} rounds every strategy has its turn, and so has the floor: one \`Math.random()\` for each arm, and the greatest of them.`,
      'Half of the arms have up to 30 observations, half up to 2,000; each has a record of all its calls, and of two contexts.',
    ],
  }
}

interface Row {
  name: string
  time: Spread
  ratio: number
}

function cells({ time, ratio }: Row): string[] {
  return [spreadText(time, 2), `${ratio.toFixed(1)}x`]
}

function measure(count: number, picks: number): Row[] {
  const { arms, statistics } = situation(count)
  const contenders: [string, () => number][] = [
    ['floor', () => floor(count)],
    ...Object.entries<Strategy>(strategies).map(([name, strategy]): [string, () => number] => [
      `\`${name}\``,
      () => strategy.pick(arms, statistics, context, Math.random).chosen,
    ]),
  ]
  const measured = contenders.map((): number[] => [])
  // The first rounds warm up.
  for (let round = -5; round < rounds; round += 1) {
    for (const [at, [, pick]] of contenders.entries()) {
      for (let time = 0; time < times; time += 1) {
        const began = performance.now()
        for (let turn = 0; turn < picks; turn += 1) pick()
        if (round >= 0) measured[at]?.push(((performance.now() - began) * 1000) / picks)
      }
    }
  }
  const [floors = [], ...others] = measured
  const rows = others.map((own, at) => {
    return { name: contenders[at + 1]?.[0] ?? '', time: spread(own), ratio: pairedRatio(own, floors) }
  })
  return [{ name: 'floor', time: spread(floors), ratio: 1 }, ...rows]
}

function floor(count: number): number {
  let chosen = 0
  let best = -1
  for (let at = 0; at < count; at += 1) {
    const sample = Math.random()
    if (sample > best) [chosen, best] = [at, sample]
  }
  return chosen
}

function situation(count: number): { arms: Arm[]; statistics: Statistics } {
  const random = seededRandom(1)
  const statistics = createArmTable()
  const arms = Array.from({ length: count }, (_, candidate): Arm => {
    const key = `owner/model-${candidate}`
    const worth = random()
    const calls = Math.floor(random() * (candidate % 2 === 0 ? 31 : 2000))
    const { all, contexts } = statistics.records(key, context.key)
    for (let call = 0; call < calls; call += 1) {
      const observation = { succeeded: random() < worth, latency_ms: 5000 * random(), cost_usd: 0.02 * random() }
      for (const record of [all, ...contexts]) observe(record, observation, defaultRouting)
    }
    return { candidate, key, cost_usd: 0.02 * random(), latency_ms: 5000 * random(), pending: candidate % 3 }
  })
  return { arms, statistics }
}
