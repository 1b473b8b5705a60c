/** Who sends webhooks: one running sandbox, named so that others can see whether it still runs. */
import { randomUUID } from 'node:crypto'

/** Those of this process. */
const open = new Set<string>()

export function openHolder(): { name: string; close(): void } {
  const name = `${process.pid} ${randomUUID()}`
  open.add(name)
  return { name, close: () => void open.delete(name) }
}

/** False once its process is gone, or it was closed. */
export function isHolding(name: string): boolean {
  const pid = Number.parseInt(name, 10)
  if (pid === process.pid) return open.has(name)
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
