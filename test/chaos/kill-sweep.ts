/** Kills the process of a run again and again, resumes it, and compares what came of it with an undisturbed run. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { rolldown } from 'rolldown'
import type { RunResult } from '../../src/domain/run.ts'
import { seededRandom } from '../../src/std/random.ts'
import { temporaryFolder, type TemporaryFolder } from '../../src/testing/temporary-folder.ts'
import { createsOf, storeFaults } from './processes.ts'
import type { Answer, Ask } from './sandbox-host.ts'

export interface SweepOptions {
  /** How often a process is to be killed, at least. */
  points: number
  seed: number
  /** How many runs at once. */
  lanes?: number
  progress?: (report: SweepReport) => void
}

export interface SweepReport {
  /** Kills by the process itself, right before or after a commit became durable. */
  atBoundaries: number
  /** Kills from outside, at any moment. */
  atRandom: number
  /** Runs, each killed once or more and then finished. */
  lives: number
  /** Predictions that were asked for, in all lives. */
  creates: number
  /** Of undisturbed runs of as many lives. */
  expectedCreates: number
  /** What was wrong, each with the life it happened in. */
  faults: string[]
}

/** At its n-th commit, or so many milliseconds after it began with it. */
export type Death = { commit: number; when: 'before' | 'after' } | { commit: number; afterMs: number }

interface Seen {
  outcome: RunResult | undefined
  /** Model and input of every prediction that was asked for, sorted. */
  creates: string[]
}

const mostDeaths = 6
const mostFaults = 20

export async function sweep({
  points,
  seed,
  lanes = availableParallelism() + 1,
  progress,
}: SweepOptions): Promise<SweepReport> {
  await using folder = await temporaryFolder('chaos-')
  const stage = await openStage(folder)
  const report: SweepReport = { atBoundaries: 0, atRandom: 0, lives: 0, creates: 0, expectedCreates: 0, faults: [] }
  try {
    const undisturbed = await live(stage, 'undisturbed', [], report)
    if (report.faults.length > 0) return report
    let next = 0
    const lane = async (): Promise<void> => {
      while (report.atBoundaries + report.atRandom < points && report.faults.length < mostFaults) {
        const life = next
        next += 1
        const deaths = deathsOf(seed, life, undisturbed.commits)
        const name = `life ${life} of seed ${seed}, ${JSON.stringify(deaths)}`
        const seen = await live(stage, name, deaths, report)
        compare(name, seen, undisturbed, report)
        report.lives += 1
        report.creates += seen.creates.length
        report.expectedCreates += undisturbed.creates.length
        progress?.(report)
      }
    }
    await Promise.all(Array.from({ length: lanes }, lane))
    return report
  } finally {
    stage.close()
  }
}

/** The same for a life of a seed, whatever else goes on. Half at boundaries, half at random. */
function deathsOf(seed: number, life: number, commits: number): Death[] {
  const random = seededRandom(seed * 1_000_003 + life)
  const below = (most: number) => Math.floor(random() * most)
  return Array.from({ length: 1 + below(mostDeaths) }, (_each, at): Death => {
    // Later processes have less left to do.
    const commit = 1 + below(commits / (at + 1))
    if ((life + at) % 2 === 0) return { commit, when: random() < 0.5 ? 'before' : 'after' }
    return { commit, afterMs: random() * 30 }
  })
}

function compare(name: string, seen: Seen, undisturbed: Seen, report: SweepReport): void {
  for (const difference of differences(seen.outcome, undisturbed.outcome)) report.faults.push(`${name}: ${difference}`)
  const left = [...undisturbed.creates]
  for (const create of seen.creates) {
    const at = left.indexOf(create)
    if (at < 0) report.faults.push(`${name}: was paid for twice: ${create}`)
    else left.splice(at, 1)
  }
  for (const create of left) report.faults.push(`${name}: never asked for ${create}`)
}

// ── one life ──

async function live(stage: Stage, name: string, deaths: readonly Death[], report: SweepReport) {
  const life = stage.newLife()
  await mkdir(life.home)
  const url = await stage.openSandbox(life.number, life.logFile)
  try {
    for (const death of deaths) {
      const end = await runVictim(stage, life.home, url, death)
      if (end.signal !== 'SIGKILL') break
      if ('when' in death) report.atBoundaries += 1
      else report.atRandom += 1
    }
    const last = await runVictim(stage, life.home, url)
    if (last.code !== 0)
      report.faults.push(`${name}: the last process ended with ${last.code ?? last.signal}: ${last.stderr}`)
    const outcome = last.code === 0 ? outcomeOf(last.stdout, life.home) : undefined
    for (const fault of await storeFaults(life.home, 'run')) report.faults.push(`${name}: ${fault}`)
    return { outcome, creates: await createsOf(life.logFile), commits: last.commits }
  } finally {
    await stage.closeSandbox(life.number)
    await rm(life.home, { recursive: true, force: true })
  }
}

interface VictimEnd {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
  commits: number
}

async function runVictim(stage: Stage, home: string, url: string, death?: Death): Promise<VictimEnd> {
  const own = death && 'when' in death ? [String(death.commit), death.when] : []
  const child = fork(stage.victim, [home, url, stage.workflow, ...own], {
    execArgv: [],
    // Who is killed tells nothing of what it ran, and measuring it turns the compile cache off.
    env: { ...process.env, NODE_COMPILE_CACHE: stage.compileCache, NODE_V8_COVERAGE: '' },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const end: VictimEnd = { code: null, signal: null, stdout: '', stderr: '', commits: 0 }
  child.stdout?.on('data', (text: Buffer) => (end.stdout += text.toString()))
  child.stderr?.on('data', (text: Buffer) => (end.stderr += text.toString()))
  let timer: NodeJS.Timeout | undefined
  child.on('message', (commits: number) => {
    end.commits = commits
    if (death && 'afterMs' in death && commits === death.commit)
      timer = setTimeout(() => child.kill('SIGKILL'), death.afterMs)
  })
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  clearTimeout(timer)
  return { ...end, code, signal }
}

/** What of a result is the same in each life: everything but times, places, and the names of predictions. */
function outcomeOf(printed: string, home: string): RunResult {
  const placeless = printed.replaceAll(home, '~').replaceAll(/prediction [a-z0-9]{26}/g, 'prediction')
  return JSON.parse(placeless, (key, value: unknown) =>
    ['latency_ms', 'duration_ms', 'prediction'].includes(key) ? undefined : value,
  ) as RunResult
}

/** Where two results differ: at most a line each for what the run and its steps came to. */
function differences(seen: RunResult | undefined, undisturbed: RunResult | undefined): string[] {
  const parts = (result: RunResult | undefined) => {
    const { steps = {}, ...run } = result ?? {}
    return new Map<string, unknown>([...Object.entries(run), ...Object.entries(steps)])
  }
  const [some, others] = [parts(seen), parts(undisturbed)]
  return [...new Set([...some.keys(), ...others.keys()])]
    .filter((name) => !isDeepStrictEqual(some.get(name), others.get(name)))
    .map((name) => `"${name}" is ${JSON.stringify(some.get(name))}, not ${JSON.stringify(others.get(name))}`)
}

// ── the stage ──

interface Stage {
  victim: string
  workflow: string
  compileCache: string
  newLife(): { number: number; home: string; logFile: string }
  openSandbox(number: number, logFile: string): Promise<string>
  closeSandbox(number: number): Promise<void>
  close(): void
}

/** Bundled, a victim starts in two thirds of the time. The sandboxes live in one process of their own. */
async function openStage(folder: TemporaryFolder): Promise<Stage> {
  const victim = fileURLToPath(new URL('victim.ts', import.meta.url))
  const hostFile = fileURLToPath(new URL('sandbox-host.ts', import.meta.url))
  // Beside the packages that are not bundled.
  const bundleFolder = join(dirname(victim), '..', '..', 'node_modules', '.cache', `chaos-${process.pid}`)
  await using bundle = await rolldown({
    input: { victim },
    platform: 'node',
    external: [/^(ink|react|replicate|undici)(\/|$)/],
  })
  await bundle.write({ dir: bundleFolder, format: 'esm', sourcemap: 'inline' })
  for (const name of ['workflow.yaml', 'nested.yaml']) await cp(join(dirname(victim), name), folder.file(name))
  const host = fork(hostFile, { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const ask = asker(host)
  let lives = 0
  return {
    victim: `${bundleFolder}/victim.js`,
    workflow: folder.file('workflow.yaml'),
    compileCache: folder.file('compile-cache'),
    newLife() {
      lives += 1
      return { number: lives, home: folder.file(`home-${lives}`), logFile: folder.file(`log-${lives}.jsonl`) }
    },
    async openSandbox(number, logFile) {
      const said = await ask({ open: number, logFile })
      return 'url' in said ? said.url : ''
    },
    async closeSandbox(number) {
      await ask({ close: number })
    },
    close() {
      host.disconnect()
      void rm(bundleFolder, { recursive: true, force: true })
    },
  }
}

function asker(host: ChildProcess): (question: Ask) => Promise<Answer> {
  const waiting = new Map<string, (answer: Answer) => void>()
  host.on('message', (answer: Answer) => waiting.get(keyOf(answer))?.(answer))
  return (question) => {
    const { promise, resolve } = Promise.withResolvers<Answer>()
    waiting.set(keyOf(question), resolve)
    host.send(question)
    return promise
  }
}

function keyOf(said: Ask | Answer): string {
  return 'logFile' in said || 'url' in said ? `open ${said.open}` : `close ${said.close}`
}
