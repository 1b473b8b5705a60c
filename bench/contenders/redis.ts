/** Redis as BullMQ needs it to be as durable as ours: every command is in the log on disk before it is answered. */
import { mkdirSync } from 'node:fs'
import { findBinary, freePort, type Server, startServer } from './server-process.ts'

/** Undefined where there is no Redis. */
export async function startRedis(folder: string): Promise<Server | undefined> {
  const command = findBinary('redis-server')
  if (command === undefined) return undefined
  mkdirSync(folder, { recursive: true })
  const port = await freePort()
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', '']
  const args = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder, ...durable]
  return startServer({ command, args, port, ready: /Ready to accept connections/, stop: 'SIGTERM' })
}
