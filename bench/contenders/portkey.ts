/** Portkey's gateway as its users start it, and a mock of the provider behind it, each a process of its own. */
import { join } from 'node:path'
import { freePort, type Server, startServer } from './server-process.ts'

/** Where it takes chat completions. */
export const chatPath = '/v1/chat/completions'

export async function startPortkey(root: string): Promise<Server> {
  const port = await freePort()
  const script = join(root, 'bench', 'node_modules', '@portkey-ai', 'gateway', 'build', 'start-server.js')
  const args = [script, `--port=${port}`, '--headless']
  return startServer({ command: process.execPath, args, port, ready: /Ready for connections/, stop: 'SIGTERM' })
}

export async function startMockUpstream(root: string): Promise<Server> {
  const port = await freePort()
  const args = [join(root, 'bench', 'probes', 'mock-upstream.mjs'), String(port)]
  return startServer({ command: process.execPath, args, port, ready: /ready/, stop: 'SIGTERM' })
}

/** For one provider at a local port. */
export function portkeyTarget(port: number): Record<string, string> {
  return { provider: 'openai', api_key: 'sk-bench', custom_host: `http://127.0.0.1:${port}/v1` }
}

/** `config`: Portkey's own, with targets, retries, fallbacks. */
export function portkeyHeaders(config: object): Record<string, string> {
  return { 'content-type': 'application/json', 'x-portkey-config': JSON.stringify(config) }
}

export const chatBody = (turn: number): string =>
  JSON.stringify({ model: 'mock', messages: [{ role: 'user', content: `Name three things, number ${turn}.` }] })
