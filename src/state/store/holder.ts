/** Which process this is, and whether another one still lives: pids alone are reused (ruling 24). */
import { execFileSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import type { LeaseHolder } from './contract.ts'

/** `elsewhere`: on another host or in another container, where this process can't look. */
export type HolderLife = 'alive' | 'stopped' | 'gone' | 'elsewhere'

const unknown = 'unknown'

interface ProcessState {
  started: string
  /** As `ps` shows it: `T` stopped, `Z` a zombie, … */
  state: string
}

export function thisHolder(): LeaseHolder {
  return { pid: process.pid, host: hostname(), started: lookUp(process.pid)?.started ?? unknown, boot: bootId() }
}

/** Gone: the pid is free, a zombie, another process by now, or of an earlier boot of this host. */
export function probeHolder(holder: LeaseHolder): HolderLife {
  if (holder.host !== hostname()) return 'elsewhere'
  const [boot, namespace] = bootId().split('/')
  const [itsBoot, itsNamespace] = holder.boot.split('/')
  if (itsBoot !== boot) return 'gone'
  // A pid of another container means nothing here.
  if (itsNamespace !== namespace) return 'elsewhere'
  const found = lookUp(holder.pid)
  if (found === undefined || holder.started === unknown) return isThere(holder.pid) ? 'elsewhere' : 'gone'
  if (found.started !== holder.started || /^[ZX]/.test(found.state)) return 'gone'
  return /^[Tt]/.test(found.state) ? 'stopped' : 'alive'
}

/** Undefined when there is no such process, or it may not be looked at. */
function lookUp(pid: number): ProcessState | undefined {
  try {
    if (process.platform === 'linux') return fromProc(readFileSync(`/proc/${pid}/stat`, 'latin1'))
    return fromPs(run('ps', ['-o', 'stat=,lstart=', '-p', String(pid)]))
  } catch {
    return undefined
  }
}

/** proc(5): the second field is a name in parentheses that may hold anything; the state is the 3rd, the start time the 22nd. */
function fromProc(stat: string): ProcessState | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, started] = [fields[0], fields[19]]
  return state === undefined || started === undefined ? undefined : { state, started }
}

function fromPs(line: string): ProcessState | undefined {
  const match = /^\s*(\S+)\s+(\S.*?)\s*$/.exec(line)
  return match ? { state: match[1] as string, started: match[2] as string } : undefined
}

let knownBoot: string | undefined

/** This boot of the kernel, and (on Linux) which processes can be seen from here. */
function bootId(): string {
  if (process.platform === 'linux')
    knownBoot ??= `${readText('/proc/sys/kernel/random/boot_id')}/${readLink('/proc/self/ns/pid')}`
  knownBoot ??= bootSession()
  return knownBoot
}

function bootSession(): string {
  for (const name of ['kern.bootsessionuuid', 'kern.boottime']) {
    try {
      return run('sysctl', ['-n', name]).trim().replaceAll('/', '-')
    } catch {
      // Older systems know only the second one, which moves when the clock is set.
    }
  }
  return unknown
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function run(command: string, args: string[]): string {
  // Times must read the same whatever the caller's language and time zone are.
  const env = { PATH: `${process.env['PATH'] ?? ''}:/usr/bin:/bin:/usr/sbin`, LC_ALL: 'C', TZ: 'UTC' }
  return execFileSync(command, args, { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'ignore'], timeout: 5_000 })
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return unknown
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return unknown
  }
}
