/**
 * Many processes that teach one router's file, killed at random. CHAOS_ROUTER_KILLS=2000 makes a long sweep of it,
 * CHAOS_SEED another one.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { openRouterState } from '../../src/executor/routing/state-file.ts'
import { readState } from '../../src/executor/routing/state-shape.ts'
import { systemClock } from '../../src/std/clock.ts'
import { type Random, seededRandom } from '../../src/std/random.ts'
import { temporaryFolder } from '../../src/testing/temporary-folder.ts'

const program = new URL('./router-writer.ts', import.meta.url).pathname
const atOnce = 20
const kills = Number(process.env['CHAOS_ROUTER_KILLS'] ?? 30)
const seed = Number(process.env['CHAOS_SEED'] ?? 1)
/** Milliseconds after its beginning within which a process is killed. */
const longestLife = 400

interface Ended {
  model: string
  killed: boolean
  begun: number
  acknowledged: number
  warnings: string[]
}

/** A process that is killed at a random moment, or that ends by itself after a few rounds. */
async function drive(folder: string, at: number, random: Random): Promise<Ended> {
  const model = `w/${at}:1`
  const trace = `${folder}/trace-${at}`
  const rounds = at % 5 === 0 ? 3 : 1_000_000 + at
  const life = random() * longestLife
  const words = [program, `${folder}/home/router-state.json`, trace, model, String(rounds)]
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  await Promise.race([once(child.stdout, 'data'), exited])
  const timer = setTimeout(() => child.kill('SIGKILL'), rounds === 3 ? 60_000 : life)
  await exited
  clearTimeout(timer)
  const lines = (await readFile(trace, 'utf8')).split('\n')
  const lastOf = (word: string) => Number(lines.findLast((line) => line.startsWith(`${word} `))?.split(' ')[1] ?? 0)
  const warnings = lines.filter((line) => line.startsWith('warned'))
  const killed = child.signalCode === 'SIGKILL'
  return { model, killed, begun: lastOf('begun'), acknowledged: lastOf('acknowledged'), warnings }
}

test(
  `${atOnce} processes that teach one file, and are killed ${kills} times, lose nothing that was acknowledged`,
  { timeout: 90_000 + kills * 1_000 },
  async () => {
    await using folder = await temporaryFolder()
    await mkdir(folder.file('home'))
    const random = seededRandom(seed)
    const ended: Ended[] = []
    let next = 0
    async function lane(): Promise<void> {
      while (ended.filter(({ killed }) => killed).length < kills)
        ended.push(await drive(folder.path, (next += 1), random))
    }
    await Promise.all([...Array(atOnce)].map(() => lane()))

    const file = folder.file('home', 'router-state.json')
    const state = await openRouterState({ file, durability: 'full', clock: systemClock, random, warn: expect.fail })
    const counted = ended.map((one) => ({ ...one, sums: state.statistics('writer').of(one.model).sums }))
    const wrong = counted.filter(({ sums: { calls, quality, cost }, acknowledged, begun, warnings }) => {
      const isWhole = quality.n === calls && cost.sum === calls * 0.25
      return !isWhole || calls < acknowledged || calls > begun || warnings.length > 0
    })
    expect(wrong).toEqual([])
    const total = counted.reduce((sum, { sums }) => sum + sums.calls, 0)
    expect(total).toBeGreaterThan(kills)
    expect(state.turn('writer')).toBe(total)
    expect(ended.some(({ killed }) => !killed)).toBe(true)
    // The next one that teaches leaves the whole of it in the file.
    state.freeze('writer', 'cost_ref_usd', 1)
    await state.close()
    expect((await readdir(folder.file('home'))).filter((name) => name.includes('corrupt'))).toEqual([])
    const { writers, id } = readState(await readFile(file, 'utf8'), file)
    const arms = Object.values(writers[id]?.agents['writer']?.arms ?? {})
    expect(arms.reduce((sum, arm) => sum + arm.total.calls, 0)).toBe(total)
  },
)
