/** What strategies lose on arms of known worth, beside the figures of an independent implementation. */
import { regretOf } from '../../src/executor/routing/regret.ts'
import { strategies } from '../../src/executor/routing/strategy-table.ts'
import { type Bench, type Figure, type Part, thousands } from '../figures.ts'
import { digits } from '../statistics.ts'

type Name = keyof typeof strategies

interface Instance {
  arms: string
  means: readonly number[]
  /** Where the mean regret of 50 runs has to lie. */
  bands: Partial<Record<Name, readonly [low: number, high: number]>>
  /** Mean regret of 400 runs elsewhere. */
  references: Partial<Record<Name, number>>
  /** c · ln T: what no strategy that learns every instance can stay under for long. */
  laiRobbins: number
}

const calls = 10_000
const runs = 50
const compared = ['learned', 'thompson', 'ucb1', 'adaptive', 'thompson_multi'] satisfies Name[]

const instances: readonly Instance[] = [
  {
    arms: '0.9, 0.8',
    means: [0.9, 0.8],
    bands: { thompson: [6, 15], ucb1: [78, 96] },
    references: { thompson: 10.2, ucb1: 87 },
    laiRobbins: 20.7,
  },
  {
    arms: '0.5, nine of 0.4',
    means: [0.5, ...Array.from({ length: 9 }, () => 0.4)],
    bands: { thompson: [0, 220], ucb1: [560, 625] },
    references: { thompson: 166.6, ucb1: 593 },
    laiRobbins: 411.7,
  },
  {
    arms: '0.25, 0.2',
    means: [0.25, 0.2],
    bands: { thompson: [12, 36], ucb1: [88, 105] },
    references: { thompson: 23.1, ucb1: 96.7 },
    laiRobbins: 65.8,
  },
  {
    arms: '0.1, three of 0.05, 0.02 and 0.01 each',
    means: [0.1, ...[0.05, 0.02, 0.01].flatMap((mean) => [mean, mean, mean])],
    bands: {},
    references: { thompson: 81.9, ucb1: 501 },
    laiRobbins: 160.7,
  },
]

export async function measureBandits({ say }: Bench): Promise<Part> {
  const figures: Figure[] = []
  const rows: string[][] = []
  for (const { arms, means, bands, references, laiRobbins } of instances) {
    say(`bandits: ${arms}`)
    for (const name of compared) {
      const regrets = Array.from({ length: runs }, (_, run) => regretOf(strategies[name], { means, calls }, 1 + run))
      const { mean, sd } = momentsOf(regrets)
      rows.push([
        arms,
        name,
        digits(mean, 1),
        digits(sd, 1),
        digits(references[name] ?? Number.NaN, 1),
        `${laiRobbins}`,
      ])
      const band = bands[name]
      if (band) figures.push(within(`regret of \`${name}\` on ${arms}`, mean, band))
    }
  }
  return {
    title: 'Bandits',
    figures,
    tables: [{ head: ['success of the arms', 'strategy', 'regret', 'sd of a run', 'reference', 'c · ln T'], rows }],
    notes: [
      `Regret is Σ (best mean − mean of the chosen arm) over ${thousands(calls)} calls from nothing, the mean of ${runs} runs on fixed seeds; \`adaptive\` changes from UCB1 to Thompson sampling after 20 calls, \`thompson_multi\` is given quality alone, which is a fifth of its utility.`,
      'References: 400 runs of an independent implementation. c · ln T is the constant of Lai and Robbins (1985) times ln T, an asymptotic figure.',
      'The bound of UCB1 (Auer, Cesa-Bianchi, Fischer 2002) on 0.9, 0.8 is 737.',
    ],
  }
}

function within(what: string, value: number, [low, high]: readonly [number, number]): Figure {
  return { what, measured: digits(value, 1), bar: `${low} to ${high}`, met: value >= low && value <= high }
}

function momentsOf(values: readonly number[]): { mean: number; sd: number } {
  const mean = values.reduce((sum, each) => sum + each, 0) / values.length
  const squares = values.reduce((sum, each) => sum + (each - mean) ** 2, 0)
  return { mean, sd: Math.sqrt(squares / (values.length - 1)) }
}
