/** Calls back for each prediction when its end is due, with one timer however many there are. */
import type { Clock } from '../../std/clock.ts'

export interface DueQueue {
  add(id: string, atMs: number): void
  close(): Promise<void>
}

interface Entry {
  id: string
  at: number
}

export function createDueQueue(clock: Clock, due: (id: string) => void): DueQueue {
  const heap: Entry[] = []
  let sleeping: AbortController | undefined
  let closed = false
  let running: Promise<void> | undefined

  async function run(): Promise<void> {
    await Promise.resolve() // so that `running` is set before it is cleared
    while (!closed) {
      const first = heap[0]
      if (!first) break
      const wait = first.at - clock.now()
      if (wait > 0) {
        sleeping = new AbortController()
        // timers hold 32 bits; an early wake-up just looks again
        await clock.sleep(Math.min(wait, 60_000), sleeping.signal).catch(() => {})
        sleeping = undefined
        continue
      }
      pop(heap)
      due(first.id)
    }
    running = undefined
  }

  return {
    add(id, at) {
      if (closed) return
      push(heap, { id, at })
      if (heap[0]?.id === id) sleeping?.abort()
      running ??= run()
    },
    async close() {
      closed = true
      sleeping?.abort()
      await running
    },
  }
}

function push(heap: Entry[], entry: Entry): void {
  let at = heap.push(entry) - 1
  while (at > 0) {
    const parent = (at - 1) >> 1
    if ((heap[parent] as Entry).at <= entry.at) break
    heap[at] = heap[parent] as Entry
    at = parent
  }
  heap[at] = entry
}

function pop(heap: Entry[]): void {
  const last = heap.pop()
  if (!last || heap.length === 0) return
  let at = 0
  for (;;) {
    let child = at * 2 + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && (heap[child + 1] as Entry).at < (heap[child] as Entry).at) child += 1
    if ((heap[child] as Entry).at >= last.at) break
    heap[at] = heap[child] as Entry
    at = child
  }
  heap[at] = last
}
