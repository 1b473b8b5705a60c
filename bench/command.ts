/** Runs the command line as a user does, in a home of the benchmark's own, and says what that took. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

export interface Ran {
  /** Milliseconds from spawn to exit. */
  took: number
  stdout: string
}

/** Throws when it does not end with code 0. */
export async function runNode(folder: string, args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
  const began = performance.now()
  const child = spawnNode(folder, args, env)
  const printed = Promise.all([
    text(child.stdout as NodeJS.ReadableStream),
    text(child.stderr as NodeJS.ReadableStream),
  ])
  const [code] = (await once(child, 'exit')) as [number | null]
  const took = performance.now() - began
  const [stdout, stderr] = await printed
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}`)
  return { took, stdout }
}

/** `args` are those of `replicate-agent`. */
export function runCommand(root: string, folder: string, args: readonly string[]): Promise<Ran> {
  return runNode(folder, [launcherOf(root), ...args])
}

/** As `runCommand`, and the most memory that the process had resident, in megabytes. */
export async function runMeasured(
  root: string,
  folder: string,
  args: readonly string[],
): Promise<Ran & { peak: number }> {
  const file = join(folder, 'peak-rss')
  const preload = fileURLToPath(new URL('./probes/peak-rss.cjs', import.meta.url))
  rmSync(file, { force: true })
  const ran = await runNode(folder, ['--require', preload, launcherOf(root), ...args], { BENCH_PEAK_RSS_FILE: file })
  return { ...ran, peak: Number(readFileSync(file, 'utf8')) / 1_024 }
}

/** Home and compile cache are the benchmark's own. */
export function spawnNode(folder: string, args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, args, {
    env: {
      ...process.env,
      REPLICATE_AGENT_HOME: homeOf(folder),
      XDG_CACHE_HOME: join(folder, 'cache'),
      NO_COLOR: '1',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

export function homeOf(folder: string): string {
  return join(folder, 'home')
}

export function launcherOf(root: string): string {
  return join(root, 'bin', 'replicate-agent.cjs')
}
