/** The sandbox as users start it, in a process of its own, with its data in a folder or in memory. */
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { launcherOf, spawnNode } from './command.ts'

export interface SandboxProcess {
  url: string
  close(): Promise<void>
}

export async function startSandboxProcess(
  root: string,
  folder: string,
  data: string | undefined,
  latency: string,
): Promise<SandboxProcess> {
  const kept = data === undefined ? [] : ['--data', data]
  const args = ['sandbox', '--port', '0', '--latency', latency, ...kept, '--json']
  const child = spawnNode(folder, [launcherOf(root), ...args])
  const ended = once(child, 'exit')
  const end = () => child.kill('SIGKILL')
  process.once('exit', end)
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
  const [line] = (await Promise.race([once(lines, 'line'), ended.then(() => [])])) as [string | undefined]
  if (line === undefined) throw new Error('the sandbox ended before it listened')
  child.stderr?.resume()
  return {
    url: (JSON.parse(line) as { url: string }).url,
    async close() {
      child.kill('SIGTERM')
      await ended
      process.off('exit', end)
    },
  }
}
