/** A process that runs workloads when it is asked to, so that contenders neither share a heap nor run at the same time. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** What a contender's own file gives: prepares once, then runs one workload and says how long it took. */
export interface Racer {
  /** Milliseconds of one whole run, started and ended with everything durable. Throws when its result is wrong. */
  run(workload: string): Promise<number>
  /** Bytes that a workload left in the journal, where that can be said. */
  bytes?(workload: string): Promise<number>
  close(): Promise<void>
}

type Request = { id: number; what: 'run' | 'bytes'; workload: string } | { id: number; what: 'close' }
type Answer = { id: number; ok: true; value: number } | { id: number; ok: false; error: string }

export interface Contender {
  run(workload: string): Promise<number>
  bytes(workload: string): Promise<number>
  close(): Promise<void>
}

/** Starts `file` in a process of its own; it calls `serve` there. */
export function startContender(file: string, ...args: string[]): Contender {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
    execArgv: ['--disable-warning=ExperimentalWarning', '--disable-warning=DeprecationWarning'],
    serialization: 'json',
  })
  const open = new Map<number, { resolve: (value: number) => void; reject: (error: Error) => void }>()
  let asked = 0
  child.on('message', (answer: Answer) => {
    const waiting = open.get(answer.id)
    open.delete(answer.id)
    if (answer.ok) waiting?.resolve(answer.value)
    else waiting?.reject(new Error(`${file}: ${answer.error}`))
  })
  child.on('exit', (code) => {
    for (const waiting of open.values()) waiting.reject(new Error(`${file} ended with ${code}`))
    open.clear()
  })
  const ask = (request: { what: 'run' | 'bytes'; workload: string } | { what: 'close' }) =>
    new Promise<number>((resolve, reject) => {
      asked += 1
      open.set(asked, { resolve, reject })
      child.send({ id: asked, ...request })
    })
  return {
    run: (workload) => ask({ what: 'run', workload }),
    bytes: (workload) => ask({ what: 'bytes', workload }),
    close: async () => {
      await ask({ what: 'close' })
    },
  }
}

/** The other side: answers until it is told to close. */
export function serve(racer: Racer): void {
  // Pools and connections would keep it alive after the one that asks is gone.
  process.on('disconnect', () => process.exit())
  const answer = async (request: Request): Promise<number> => {
    if (request.what === 'close') {
      await racer.close()
      return 0
    }
    if (request.what === 'bytes') return (await racer.bytes?.(request.workload)) ?? Number.NaN
    return racer.run(request.workload)
  }
  process.on('message', (request: Request) => {
    answer(request)
      .then(
        (value): Answer => ({ id: request.id, ok: true, value }),
        (error: unknown): Answer => ({
          id: request.id,
          ok: false,
          error: error instanceof Error ? (error.stack ?? error.message) : String(error),
        }),
      )
      .then((reply) => process.send?.(reply, () => request.what === 'close' && process.disconnect()))
      .catch((error: unknown) => {
        throw error
      })
  })
}
