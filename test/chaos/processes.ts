/** Runs the command line in processes of its own against a sandbox, and looks at what they left. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { RunEvent } from '../../src/domain/events.ts'
import { checkStore } from '../../src/state/store/check.ts'
import { openStore } from '../../src/state/store/open.ts'
import { systemClock } from '../../src/std/clock.ts'
import { journalFaults } from './journal-rules.ts'

const program = fileURLToPath(new URL('../cli/process.ts', import.meta.url))

export interface Started {
  child: ChildProcess
  pid: number
  /** How it ended. */
  end: Promise<Ended>
}

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface Place {
  home: string
  cwd: string
  url: string
}

/** `shell`: said to a shell before it becomes the program, such as a limit. */
export function startCli(words: readonly string[], { home, cwd, url }: Place, shell?: string): Started {
  const command = [process.execPath, program, ...words]
  const [file = '', ...args] = shell === undefined ? command : ['sh', '-c', `${shell}; exec "$0" "$@"`, ...command]
  const env = { ...process.env, REPLICATE_AGENT_HOME: home, REPLICATE_BASE_URL: url, REPLICATE_API_TOKEN: 'any' }
  const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()))
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()))
  const end = once(child, 'close').then(([code, signal]: unknown[]) => {
    return { code: code as number | null, signal: signal as NodeJS.Signals | null, stdout, stderr }
  })
  return { child, pid: child.pid as number, end }
}

export function runCliProcess(words: readonly string[], place: Place): Promise<Ended> {
  return startCli(words, place).end
}

/** Model and input of every prediction that a sandbox was asked for, sorted. */
export async function createsOf(logFile: string): Promise<string[]> {
  const lines = (await readFile(logFile, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '')
  return lines
    .map((line) => JSON.parse(line) as { event: string; model: string; input_sha256: string })
    .filter(({ event }) => event === 'create')
    .map(({ model, input_sha256 }) => `${model} ${input_sha256}`)
    .toSorted()
}

export async function journalOf(home: string, runId: string): Promise<RunEvent[]> {
  const store = await openStore({ home, durability: 'normal', clock: systemClock, random: Math.random })
  try {
    return await store.readEvents(runId)
  } finally {
    await store.close()
  }
}

/** Faults of the store, and of the journals of a run that is over and the runs nested in it. */
export async function storeFaults(home: string, runId: string): Promise<string[]> {
  const faults = (await checkStore({ home })).problems
  const store = await openStore({ home, durability: 'normal', clock: systemClock, random: Math.random })
  try {
    for (const id of await store.findRuns(runId, 1_000))
      faults.push(...journalFaults(await store.readEvents(id), true).map((fault) => `journal of ${id}: ${fault}`))
    return faults
  } finally {
    await store.close()
  }
}
