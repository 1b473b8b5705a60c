/** The latency grammar: how long a prediction runs, drawn from its own seed so that the same request takes the same time. */
import { UsageError } from '../domain/errors.ts'
import { parseDuration } from '../std/duration.ts'
import { seededRandom } from '../std/random.ts'

export type Latency =
  | { kind: 'constant'; ms: number }
  | { kind: 'uniform'; fromMs: number; toMs: number }
  | { kind: 'lognormal'; medianMs: number; sigma: number }

const hint = "write '0', '250', '250ms', 'uniform:100,500' or 'lognormal:300,0.5' (median in ms, sigma)"

/** Bare numbers are milliseconds; `2s` and the like are durations. Throws UsageError on anything else. */
export function parseLatency(written: string): Latency {
  const [kind, rest] = written.trim().split(':', 2) as [string, string | undefined]
  if (rest === undefined) return { kind: 'constant', ms: milliseconds(kind, written) }
  const [first, second, ...more] = rest.split(',')
  if (first === undefined || second === undefined || more.length > 0) throw bad(written)
  if (kind === 'uniform') {
    const fromMs = milliseconds(first, written)
    const toMs = milliseconds(second, written)
    if (toMs < fromMs) throw bad(written)
    return { kind, fromMs, toMs }
  }
  if (kind === 'lognormal') {
    const sigma = Number(second)
    if (second.trim() === '' || !Number.isFinite(sigma) || sigma < 0 || sigma > 5) throw bad(written)
    return { kind, medianMs: milliseconds(first, written), sigma }
  }
  throw bad(written)
}

/** Whole milliseconds; the same seed gives the same. It is asked for only where something is drawn. */
export function drawLatency(latency: Latency, seed: () => number): number {
  if (latency.kind === 'constant') return latency.ms
  const random = seededRandom(seed())
  if (latency.kind === 'uniform') {
    return Math.round(latency.fromMs + random() * (latency.toMs - latency.fromMs))
  }
  // Box and Muller; 1 - random() is never 0
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  return Math.round(latency.medianMs * Math.exp(latency.sigma * normal))
}

function milliseconds(text: string, written: string): number {
  const bare = /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) : parseDuration(text)
  if (bare === undefined || bare > 3_600_000) throw bad(written)
  return bare
}

function bad(written: string): UsageError {
  return new UsageError(`'${written}' is no latency`, { hint })
}
