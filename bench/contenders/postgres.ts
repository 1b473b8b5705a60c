/** PostgreSQL as DBOS needs it to be as durable as ours: fsync and synchronous_commit are on, which is its default. */
import { execFileSync } from 'node:child_process'
import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { assertOnDisk } from '../machine.ts'
import { findBinary, freePort, type Server, startServer } from './server-process.ts'

/** Debian keeps the server's programs out of PATH. */
const debianFolder = '/usr/lib/postgresql'

/** Undefined where there is no PostgreSQL. It refuses to run as root, and takes the user `postgres` then. */
export async function startPostgres(folder: string): Promise<(Server & { url: string }) | undefined> {
  const places = debianVersions()
  const initdb = findBinary('initdb', places)
  const postgres = findBinary('postgres', places)
  if (initdb === undefined || postgres === undefined) return undefined
  const user = process.getuid?.() === 0 ? idsOf('postgres') : undefined
  // A folder below root's own would be out of that user's reach.
  const data = user ? mkdtempSync('/var/tmp/bench-postgres-') : folder
  if (user) chownSync(data, user.uid, user.gid)
  else mkdirSync(data, { recursive: true })
  const clean = () => rmSync(data, { recursive: true, force: true, maxRetries: 3 })
  process.once('exit', clean)
  try {
    assertOnDisk(data)
    const cluster = join(data, 'cluster')
    const auth = ['--auth=trust', '--username=bench', '--encoding=UTF8', '--locale=C']
    execFileSync(initdb, ['-D', cluster, ...auth], { stdio: 'pipe', cwd: '/', ...user })
    const port = await freePort()
    const args = ['-D', cluster, '-k', data, '-h', '127.0.0.1', '-p', String(port)]
    const ready = /ready to accept connections/
    const server = await startServer({ command: postgres, args, port, ready, stop: 'SIGINT', user })
    return {
      port,
      url: `postgresql://bench@127.0.0.1:${port}/bench`,
      async close() {
        await server.close()
        process.off('exit', clean)
        clean()
      },
    }
  } catch (error) {
    clean()
    throw error
  }
}

function debianVersions(): string[] {
  try {
    return readdirSync(debianFolder).map((version) => join(debianFolder, version, 'bin'))
  } catch {
    return []
  }
}

function idsOf(name: string): { uid: number; gid: number } {
  const [uid, gid] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, name], { encoding: 'utf8' })))
  return { uid: uid as number, gid: gid as number }
}
