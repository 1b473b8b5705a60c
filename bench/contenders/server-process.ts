/** A database server that a peer needs, started for this run alone: on a free port, its data in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { delimiter, join } from 'node:path'

export interface Server {
  port: number
  close(): Promise<void>
}

/** The first of `names` in PATH or in `folders`, or undefined. */
export function findBinary(name: string, folders: readonly string[] = []): string | undefined {
  const all = [...(process.env['PATH'] ?? '').split(delimiter), ...folders]
  return all.map((folder) => join(folder, name)).find(isExecutable)
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

export interface Start {
  command: string
  args: readonly string[]
  port: number
  /** What it prints once it takes connections. */
  ready: RegExp
  stop: NodeJS.Signals
  user?: { uid: number; gid: number } | undefined
}

/** Resolves when the server is ready; rejects with what it printed when it ends before. */
export async function startServer({ command, args, port, ready, stop, user }: Start): Promise<Server> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: '/', ...user })
  const ended = once(child, 'exit')
  // Nobody else would end it when this process is told to stop.
  const end = () => child.kill('SIGKILL')
  process.once('exit', end)
  await untilPrinted(child, ready)
  return {
    port,
    async close() {
      child.kill(stop)
      await ended
      process.off('exit', end)
    },
  }
}

function untilPrinted(child: ChildProcess, ready: RegExp): Promise<void> {
  let printed = ''
  return new Promise((resolve, reject) => {
    const read = (chunk: Buffer) => {
      printed += chunk.toString()
      if (ready.test(printed)) resolve()
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    child.on('error', reject)
    child.on('exit', (code) => reject(new Error(`${child.spawnfile} ended with ${code}: ${printed}`)))
  })
}
