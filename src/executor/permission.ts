/** The leave that a circuit breaker gives for an attempt, and what it hears of its end. */
import { CircuitOpenError } from '../domain/errors.ts'
import type { AttemptEnd } from './attempt.ts'
import type { Permit } from './resilience/breaker.ts'
import { verdictOf } from './resilience/breakers.ts'
import type { Tries, Turn, Work } from './work.ts'

/** Undefined: there is no breaker, or the call was made before and is only taken up. */
export function permitFor(
  { breakers, ledger }: Work,
  { candidate }: Turn,
  { open, failures }: Tries,
): Permit | 'refused' | undefined {
  const breaker = open ? undefined : breakers.of(candidate)
  if (!breaker) return undefined
  const permit = breaker.enter()
  if (permit) return permit
  const seconds = Math.ceil(breaker.opensIn() / 1_000)
  // What opened it in this very call says more.
  if (failures === 0) ledger.failed(candidate.model, circuitOpen(candidate.model, seconds))
  return 'refused'
}

function circuitOpen(model: string, seconds: number): CircuitOpenError {
  const wait = seconds === 0 ? 'a call of it is being tried' : `nothing is sent to it for another ${seconds} s`
  return new CircuitOpenError(`the circuit breaker of ${model} is open: ${wait}`, {
    hint: 'give its agent a `fallback`; `breakers list` shows for how long, `breakers reset MODEL` ends it',
  })
}

/** The permit hears of the end, however it comes. */
export async function permitted(
  permit: Permit | undefined,
  { context }: Work,
  make: () => Promise<AttemptEnd>,
): Promise<AttemptEnd> {
  let verdict: keyof Permit = 'dropped'
  try {
    const end = await make()
    verdict = verdictOf(end, context.signal.aborted)
    return end
  } finally {
    permit?.[verdict]()
  }
}
