/** How long a command takes to start, beside a bare Node that does nothing; each pair spawned one after the other. */
import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pairedDifference, type Spread, spread } from './statistics.ts'
import { longWorkflow } from './workloads.ts'

export interface StartResult {
  what: string
  ours: Spread
  bare: Spread
  /** Milliseconds more than bare Node, median over the pairs. */
  over: number
}

export function measureStartup(
  root: string,
  folder: string,
  pairs: number,
  say: (line: string) => void,
): StartResult[] {
  const launcher = join(root, 'bin', 'replicate-agent.cjs')
  if (!existsSync(launcher)) throw new Error('bin/replicate-agent.cjs is missing: build first (npm run build)')
  const long = join(folder, 'long.yaml')
  writeFileSync(long, longWorkflow(100))
  const empty = join(folder, 'empty.cjs')
  writeFileSync(empty, '')
  const commands: [string, string[]][] = [
    ['--version', [launcher, '--version']],
    ['workflows validate (100 steps)', [launcher, 'workflows', 'validate', long]],
  ]
  return commands.map(([what, args]) => {
    say(`${what}: ${pairs} pairs`)
    const ours: number[] = []
    const bare: number[] = []
    const turns = [() => ours.push(spawned(folder, args)), () => bare.push(spawned(folder, [empty]))]
    for (let n = 0; n < 3; n += 1) for (const turn of turns) turn()
    ours.length = 0
    bare.length = 0
    for (let n = 0; n < pairs; n += 1) for (const turn of n % 2 === 0 ? turns : turns.toReversed()) turn()
    return { what, ours: spread(ours), bare: spread(bare), over: pairedDifference(ours, bare) }
  })
}

/** Milliseconds from spawn to exit; its home and compile cache are the benchmark's own. */
function spawned(folder: string, args: readonly string[]): number {
  const env = {
    ...process.env,
    REPLICATE_AGENT_HOME: join(folder, 'home'),
    XDG_CACHE_HOME: join(folder, 'cache'),
    NO_COLOR: '1',
  }
  const began = performance.now()
  const { status, stderr } = spawnSync(process.execPath, args, {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const took = performance.now() - began
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`)
  return took
}
