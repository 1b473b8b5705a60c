/** A bare call through what cockatiel has of a guard: retry, circuit breaker, bulkhead and timeout around a function that does nothing. */
import {
  bulkhead,
  circuitBreaker,
  ExponentialBackoff,
  handleAll,
  retry,
  SamplingBreaker,
  timeout,
  TimeoutStrategy,
  wrap,
} from 'cockatiel'

const breaker = new SamplingBreaker({ threshold: 0.5, duration: 60_000 })

const policy = wrap(
  retry(handleAll, { maxAttempts: 3, backoff: new ExponentialBackoff() }),
  circuitBreaker(handleAll, { halfOpenAfter: 60_000, breaker }),
  bulkhead(64, 1_000),
  timeout(60_000, TimeoutStrategy.Aggressive),
)

export async function call() {
  await policy.execute(async () => 'done')
}
