/** The leave that circuit breakers give for an attempt, and what they hear of its end. */
import { CircuitOpenError } from '../domain/errors.ts'
import type { AttemptEnd } from './attempt.ts'
import type { Judged } from './judged.ts'
import type { BreakerChange, CallEnd, Permit } from './resilience/breaker/breaker.ts'
import { type Guard, subjectOf } from './resilience/breaker/breakers.ts'
import { callEnd } from './resilience/breaker/call-end.ts'
import type { Tries, Turn, Work } from './work.ts'

export interface Permission {
  /** Breakers that a create has to pass. */
  guards: readonly Guard[]
  /** Leaves that they gave; a call that was made before and is only taken up gets them when it has to be made anew. */
  given: { guard: Guard; permit: Permit }[]
}

/** Undefined: a breaker refuses, and the ledger knows. */
export async function permissionFor(
  { breakers, ledger }: Work,
  { candidate }: Turn,
  { open, failures }: Tries,
): Promise<Permission | undefined> {
  const permission: Permission = { guards: breakers.of(candidate), given: [] }
  const refusing = open ? undefined : await askAll(permission)
  if (!refusing) return permission
  // What opened it in this very call says more.
  if (failures === 0) ledger.failed(candidate.model, circuitOpen(refusing))
  return undefined
}

/** Asked right before each create. Throws CircuitOpenError: a breaker has opened while the call waited, or was lost. */
export function assertPermitted(permission: Permission): Promise<void> | undefined {
  const { guards, given } = permission
  if (guards.length === 0) return undefined
  if (given.length === 0) return askLate(permission)
  const refusing = given.find(({ permit }) => !permit.holds())
  if (refusing) throw circuitOpen(refusing.guard)
  return undefined
}

async function askLate(permission: Permission): Promise<void> {
  const refusing = await askAll(permission)
  if (refusing) throw circuitOpen(refusing)
}

/** All or none; gives the one that refuses. */
async function askAll({ guards, given }: Permission): Promise<Guard | undefined> {
  for (const guard of guards) {
    const entering = guard.breaker.enter(guard.policy)
    const permit = entering instanceof Promise ? await entering : entering
    if (!permit) {
      for (const one of given.splice(0)) await one.permit.ended({ verdict: 'dropped' })
      return guard
    }
    given.push({ guard, permit })
  }
  return undefined
}

function circuitOpen({ breaker }: Guard): CircuitOpenError {
  const opensIn = breaker.opensIn()
  const name = subjectOf(breaker.name)
  const why = breaker.why()
  const wait = opensIn === 0 ? 'a call of it is being tried' : `nothing is sent to it ${howLong(opensIn)}`
  const message = `the circuit breaker of ${name} is open${why === undefined ? '' : ` (${why})`}: ${wait}`
  const details = { breaker: breaker.name, ...(Number.isFinite(opensIn) && { opens_in_ms: opensIn }) }
  return new CircuitOpenError(message, { hint: circuitHint(name), details, cause: breaker.lastTrouble() })
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
  if (permission.guards.length === 0) return (await make()).end
  let ended: { made: AttemptEnd; end: Judged } | undefined
  try {
    ended = await make()
    return ended.end
  } finally {
    const cancelled = context.signal.aborted
    for (const { guard, permit } of permission.given) {
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
