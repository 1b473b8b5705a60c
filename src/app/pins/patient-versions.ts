/** Asks for versions a few at a time, and again where that can help: a job is not to fail because a server was busy. */
import pLimit from 'p-limit'
import { defaultRetry } from '../../domain/definition.ts'
import { isRetryableError, RateLimitError } from '../../domain/errors.ts'
import type { ModelVersions } from '../../domain/version-pin.ts'
import { backoffDelay } from '../../executor/resilience/retry/retry.ts'
import type { App } from '../app.ts'

const atOnce = 8

export function patientVersions(
  versions: ModelVersions,
  { clock, random }: Pick<App, 'clock' | 'random'>,
): ModelVersions {
  const limit = pLimit(atOnce)

  async function patiently<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (let failures = 1; ; failures += 1) {
      try {
        return await ask()
      } catch (error) {
        if (!isRetryableError(error) || failures >= defaultRetry.attempts) throw error
        const retry_after_ms = error instanceof RateLimitError ? error.retryAfterMs : undefined
        await clock.sleep(
          backoffDelay(defaultRetry, { failures, previous_ms: undefined, retry_after_ms }, random),
          signal,
        )
      }
    }
  }

  return {
    current: (model, signal) => limit(() => patiently(() => versions.current(model, signal), signal)),
    get: (model, version, signal) => limit(() => patiently(() => versions.get(model, version, signal), signal)),
    after: (model, version, signal) => limit(() => patiently(() => versions.after(model, version, signal), signal)),
  }
}
