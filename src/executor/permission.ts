/** The leave that circuit breakers give for an attempt, and what they hear of its end. */
import { CircuitOpenError } from '../domain/errors.ts'
import type { AttemptEnd } from './attempt.ts'
import type { Judged } from './judged.ts'
import type { BreakerChange, CallEnd, Permit } from './resilience/breaker.ts'
import { type Guard, subjectOf } from './resilience/breakers.ts'
import { callEnd } from './resilience/call-end.ts'
import type { Tries, Turn, Work } from './work.ts'

export type Permission = readonly { guard: Guard; permit: Permit }[]

const nothingAsked: Permission = []

/** Of every breaker that it has to pass; a call that was made before and is only taken up passes all. */
export async function permissionFor(
  { breakers, ledger }: Work,
  { candidate }: Turn,
  { open, failures }: Tries,
): Promise<Permission | 'refused'> {
  const guards = open ? [] : breakers.of(candidate)
  if (guards.length === 0) return nothingAsked
  const given: { guard: Guard; permit: Permit }[] = []
  for (const guard of guards) {
    const entering = guard.breaker.enter(guard.policy)
    const permit = entering instanceof Promise ? await entering : entering
    if (!permit) {
      for (const one of given) await one.permit.ended({ verdict: 'dropped' })
      // What opened it in this very call says more.
      if (failures === 0) ledger.failed(candidate.model, circuitOpen(guard))
      return 'refused'
    }
    given.push({ guard, permit })
  }
  return given
}

function circuitOpen({ breaker }: Guard): CircuitOpenError {
  const opensIn = breaker.opensIn()
  const name = subjectOf(breaker.name)
  const why = breaker.why()
  const wait = opensIn === 0 ? 'a call of it is being tried' : `nothing is sent to it ${howLong(opensIn)}`
  const message = `the circuit breaker of ${name} is open${why === undefined ? '' : ` (${why})`}: ${wait}`
  const details = { breaker: breaker.name, ...(Number.isFinite(opensIn) && { opens_in_ms: opensIn }) }
  return new CircuitOpenError(message, { hint: circuitHint(name), details })
}

function howLong(ms: number): string {
  return Number.isFinite(ms) ? `for another ${Math.ceil(ms / 1_000)} s` : 'until it is reset'
}

/** What helps when nothing is called for now. */
function circuitHint(name: string): string {
  return `give its agent a \`fallback\`, wait, or end it with \`breakers reset ${name}\``
}

/** Makes an attempt and has it judged; the breakers hear of its end, however it comes. */
export async function permitted(
  permission: Permission,
  { context }: Work,
  tries: Tries,
  make: () => Promise<{ made: AttemptEnd; end: Judged }>,
): Promise<Judged> {
  if (permission.length === 0) return (await make()).end
  let ended: { made: AttemptEnd; end: Judged } | undefined
  try {
    ended = await make()
    return ended.end
  } finally {
    const cancelled = context.signal.aborted
    for (const { guard, permit } of permission) {
      const said: CallEnd = ended
        ? callEnd({ made: ended.made, judged: ended.end, cancelled }, guard, (message) =>
            shortened(context.mask(message)),
          )
        : { verdict: 'dropped' }
      const change = await permit.ended(said)
      if (change) context.progress({ call: tries.call, status: changeText(guard, change) })
    }
  }
}

const longestMessage = 200

function shortened(message: string): string {
  const line = message.replaceAll(/\s+/g, ' ')
  return line.length > longestMessage ? `${line.slice(0, longestMessage - 1)}…` : line
}

function changeText({ breaker }: Guard, { state, opens_in_ms, why }: BreakerChange): string {
  const name = `circuit breaker of ${subjectOf(breaker.name)}`
  return state === 'closed' ? `${name} closed` : `${name} opened: ${why}; nothing is sent to it ${howLong(opens_in_ms)}`
}
