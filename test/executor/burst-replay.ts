/** Calls that arrive in bursts, on a virtual clock, at a server that keeps a limit: what the server and the callers saw. */
import type { RateLimit } from '../../src/domain/rate-limit.ts'
import { RateLimitError } from '../../src/domain/errors.ts'
import { createExecutor } from '../../src/executor/executor.ts'
import { createCallLimits } from '../../src/executor/resilience/limits/call-limits.ts'
import { createMemoryCells } from '../../src/std/cells.ts'
import { seededRandom } from '../../src/std/random.ts'
import { memoryCall } from '../../src/testing/memory-call.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'
import { candidate, scripted, spec } from './harness.ts'

export interface Replayed {
  /** Calls that succeeded. */
  answered: number
  /** When the server refused, milliseconds from the beginning. */
  refused: number[]
  /** Calls of a process that the server saw before one of the same process that had arrived earlier. */
  overtaken: number
  /** Milliseconds that calls waited before the server saw them, sorted. */
  waits: number[]
}

export interface Burst {
  /** Milliseconds from the beginning, sorted. */
  arrivals: readonly number[]
  /** What the server lets through. */
  server: RateLimit
  /** What the callers believe that it is. */
  limit: RateLimit
  /** They share the limit; calls go to each in turn. */
  processes: number
}

export async function replayBurst({ arrivals, server, limit, processes }: Burst): Promise<Replayed> {
  const clock = virtualClock()
  const cells = createMemoryCells()
  const replayed: Replayed = { answered: 0, refused: [], overtaken: 0, waits: [] }
  const newest = Array.from({ length: processes }, () => -1)
  let [tokens, filledAt] = [server.burst, 0]

  /** A bucket of its own; says how long it is empty. */
  function refusedFor(): number {
    const now = clock.monotonic()
    tokens = Math.min(server.burst, tokens + ((now - filledAt) * server.per_minute) / 60_000)
    filledAt = now
    if (tokens < 1 - 1e-9) return Math.ceil(((1 - tokens) * 60_000) / server.per_minute)
    tokens -= 1
    return 0
  }

  const executors = Array.from({ length: processes }, (_, process) => {
    const target = scripted(async ({ record }, _at, input) => {
      await record.intended({}, undefined)
      const wait = refusedFor()
      const order = input['order'] as number
      if (wait > 0) {
        replayed.refused.push(clock.monotonic())
        throw new RateLimitError('slow down', { retryAfterMs: wait })
      }
      if (order < (newest[process] ?? -1)) replayed.overtaken += 1
      newest[process] = Math.max(order, newest[process] ?? -1)
      replayed.waits.push(clock.monotonic() - (arrivals[order] as number))
      return order
    })
    const limits = createCallLimits(
      { providers: { function: { rate: limit } }, models: {} },
      { cells: async () => cells, clock, process: String(process) },
    )
    return createExecutor({ targets: async () => target, clock, random: seededRandom(process), limits })
  })

  const all = arrivals.map(async (at, order) => {
    await clock.sleep(at)
    const chain = [candidate('f')]
    const outcome = await executors[order % processes]?.execute(spec({ chain, input: { order } }), memoryCall().context)
    if (outcome?.status === 'succeeded' && outcome.attempts === 1) replayed.answered += 1
  })
  await clock.runAll(1_000_000)
  await Promise.all(all)
  replayed.waits.sort((a, b) => a - b)
  return replayed
}
