/** What route → guard → learn adds to a call of a target that answers at once, and what each part of it costs. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Bench, type Figure, type Part, signed, spreadText } from '../figures.ts'
import { type Guarded, guardedCalls, type GuardPart, guardParts } from '../guarded.ts'
import { digits, pairedDifference, pairedRatio, quantile, spread } from '../statistics.ts'

const bar = 50
const rounds = 31
const warmUp = 8
const calls = 200

interface Contender {
  name: string
  made: Pick<Guarded, 'call'> & { close?(): Promise<void> }
  /** The p50 of each round, microseconds. */
  took: number[]
}

export async function measureGuard({ folder, peers, say }: Bench): Promise<Part> {
  say(`guard: ${guardParts.length + 5} variants, ${rounds} rounds of ${calls} calls`)
  const contenders = await contendersIn(folder, peers)
  try {
    for (let round = -warmUp; round < rounds; round += 1) {
      for (const { made, took } of contenders) {
        const own = await time(made)
        if (round >= 0) took.push(quantile(own, 0.5))
      }
    }
  } finally {
    for (const { made } of contenders) await made.close?.()
  }
  return partOf(contenders)
}

async function contendersIn(folder: string, peers: boolean): Promise<Contender[]> {
  const all = new Set(guardParts)
  const without = (left: GuardPart) => new Set(guardParts.filter((part) => part !== left))
  const on = async (name: string, parts: ReadonlySet<GuardPart>, onDisk = false): Promise<Contender> => {
    const home = join(folder, name.replaceAll(/\W+/g, '-'))
    mkdirSync(home)
    return { name, made: await guardedCalls({ parts, folder: home, onDisk }), took: [] }
  }
  const contenders = [await on(everything, all)]
  for (const part of guardParts) contenders.push(await on(`without ${part}`, without(part)))
  contenders.push(
    await on('nothing but the path itself', new Set()),
    await on('everything, state on disk', all, true),
    await on('everything but the cache, state on disk', without('cache'), true),
  )
  if (peers) contenders.push({ name: floor, made: await cockatiel(), took: [] })
  return contenders
}

const everything = 'everything'
const floor = 'cockatiel: retry, breaker, bulkhead, timeout'

/** Installed where benchmarks are run, and nowhere else. */
async function cockatiel(): Promise<Contender['made']> {
  const file = new URL('../contenders/cockatiel.mjs', import.meta.url).href
  return (await import(file)) as Contender['made']
}

/** Microseconds of each call. */
async function time({ call }: Contender['made']): Promise<number[]> {
  const took: number[] = []
  for (let turn = 0; turn < calls; turn += 1) {
    const began = performance.now()
    await call()
    took.push((performance.now() - began) * 1_000)
  }
  return took
}

function partOf(contenders: readonly Contender[]): Part {
  const all = contenders[0] as Contender
  const peer = contenders.find(({ name }) => name === floor)
  const rows = contenders.map(({ name, took }) => {
    const part = name.startsWith('without ') ? signed(pairedDifference(all.took, took), 1) : ''
    const ratio = peer ? [`${digits(pairedRatio(took, peer.took), 1)}x`] : []
    return [name, spreadText(spread(took), 1), part, ...ratio]
  })
  const { median } = spread(all.took)
  const figures: Figure[] = [
    {
      what: 'route + guard + learn with everything on, p50',
      measured: `${digits(median, 1)} µs`,
      bar: `<= ${bar} µs`,
      met: median <= bar,
    },
  ]
  return {
    title: 'What guarding a call costs',
    figures,
    tables: [
      {
        head: ['µs a call, p50', 'median [least–greatest]', 'so the part costs', ...(peer ? ["of cockatiel's"] : [])],
        rows,
      },
    ],
    notes: [
      `The target answers at once. "Everything": \`learned\` among five candidates, ${guardParts.slice(1).join(', ')}; every input is another one, so the cache never hits. The journal is in memory; the audit log is a file that is written every tenth of a second.`,
      `In each of ${rounds} rounds every variant makes ${calls} calls, one after the other; its p50 of that round counts. What a part costs, and the ratios, are medians over the rounds of what was measured in the same one.`,
      '"State on disk": what processes share (breakers, limits, claims on equal calls), the cache and the statistics are files, and a call waits until what it taught is written.',
      ...(peer
        ? ['cockatiel 4.0.0 is the same kind of guard without routes, limits, budgets, cache or learning.']
        : []),
    ],
  }
}
