/** For the sandbox's own tests: a clock that stands still until it is moved, and a plain caller of the API. */
import { abortReason } from '../std/abort.ts'
import type { Clock } from '../std/clock.ts'
import { deferred } from '../std/deferred.ts'
import type { Json } from '../std/json.ts'

export interface TestClock extends Clock {
  /** Wakes who slept long enough. */
  advance(ms: number): void
}

export function createTestClock(start = Date.UTC(2026, 0, 2, 3, 4, 5)): TestClock {
  let now = start
  let sleepers: { until: number; wake: () => void }[] = []
  return {
    now: () => now,
    monotonic: () => now - start,
    async sleep(ms, signal) {
      if (signal?.aborted) throw abortReason(signal)
      if (ms <= 0) return
      const { promise, resolve, reject } = deferred<void>()
      sleepers.push({ until: now + ms, wake: resolve })
      signal?.addEventListener('abort', () => reject(abortReason(signal)), { once: true })
      await promise
    },
    advance(ms) {
      now += ms
      const due = sleepers.filter(({ until }) => until <= now)
      sleepers = sleepers.filter(({ until }) => until > now)
      for (const { wake } of due) wake()
    },
  }
}

/** The fields of the API's answers that tests look at. */
export interface ApiBody {
  id: string
  status: string
  output: string[] | null
  detail: string
  logs: string
  invalid_fields: unknown[]
  data_removed: boolean
  deadline: string
  urls: { get: string; stream: string }
  results: ApiBody[]
  next: string | null
  previous: string | null
}

export interface Called {
  status: number
  headers: Headers
  body: ApiBody
}

/** Sends JSON with a token and reads JSON back. */
export function createCaller(url: string) {
  return async function call(
    method: string,
    path: string,
    body?: Json,
    headers: Record<string, string> = {},
  ): Promise<Called> {
    const response = await fetch(path.startsWith('http') ? path : `${url}${path}`, {
      method,
      headers: { authorization: 'Bearer r8_any', 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      body: JSON.parse(text || '{}') as ApiBody,
    }
  }
}
