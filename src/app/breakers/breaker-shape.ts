/** A circuit breaker as doors show it. */
import { z } from 'zod'
import { policyAsWritten, unreadBreakerKeys } from '../../documents/agent/breaker.ts'
import { breakerSettings } from '../../documents/agent/breaker-spec.ts'
import { type BreakerPolicy, defaultBreaker, troubles } from '../../domain/breaker.ts'
import { criteria } from '../../executor/resilience/breaker/criteria.ts'
import { opensInAt, probesAt, shareAt, stateAt, withOverride } from '../../executor/resilience/breaker/state.ts'
import { subjectOf } from '../../executor/resilience/breaker/breakers.ts'
import { defined } from '../../std/defined.ts'
import type { BreakerHere } from './breakers-here.ts'

export const breakerShape = z.object({
  name: z.string().describe('`model:owner/name`; also deployment, function, provider'),
  kind: z.string(),
  subject: z.string().describe('the name without its kind'),
  state: z.enum(['closed', 'open', 'half_open']),
  standing: z.string().describe('closed: how near it is to opening; else why it opened'),
  since: z.iso.datetime().exactOptional().describe('absent: it was never anything but closed'),
  opens_in_seconds: z
    .number()
    .nullable()
    .exactOptional()
    .describe('open: until a trial call may go; null: somebody has to reset it'),
  trials: z
    .object({ under_way: z.number(), succeeded: z.number(), needed: z.number() })
    .exactOptional()
    .describe('half open: calls that try it'),
  share: z.number().describe('of calls that it gets, from 0 to 1: after closing it grows'),
  policy: breakerSettings.exactOptional().describe('what it goes by; absent: nobody here asks for it'),
  override: breakerSettings.exactOptional().describe('what of it `breakers configure` set'),
  callers: z.array(z.string()).describe('agents here that heed it'),
  unguarded: z.array(z.string()).describe('agents here that call the same without a breaker'),
})

export const seenShape = {
  failures: z.partialRecord(z.enum(troubles), z.number()).describe('by class, since the last reset'),
  last_failures: z.array(z.object({ time: z.iso.datetime(), class: z.enum(troubles), message: z.string() })),
}

export function shownBreaker(here: BreakerHere, now: number): z.input<typeof breakerShape> {
  const { name, cell, callers } = here
  const policy = policyOf(here)
  const state = stateAt(cell, now)
  const opensIn = opensInAt(cell, now)
  const named = (heeds: boolean) => callers.filter((caller) => caller.heeds === heeds).map((caller) => caller.name)
  return {
    ...{ name, kind: name.slice(0, name.indexOf(':')), subject: subjectOf(name), state },
    standing: cell.open?.why ?? criteria[policy.criterion].standing(cell.tally, policy, now),
    ...defined({
      since: cell.since === 0 ? undefined : new Date(cell.since).toISOString(),
      opens_in_seconds: state === 'open' ? (Number.isFinite(opensIn) ? opensIn / 1_000 : null) : undefined,
      trials: state === 'half_open' && cell.open ? trialsOf(here, policy, now) : undefined,
      policy: here.policy && readKeys(policy),
      override: cell.override && policyAsWritten(defined(cell.override)),
    }),
    share: shareAt(cell, now),
    callers: named(true),
    unguarded: named(false),
  }
}

export function seenOf({ cell }: BreakerHere): { [K in keyof typeof seenShape]: z.input<(typeof seenShape)[K]> } {
  return {
    failures: cell.seen,
    last_failures: cell.last.map((one) => ({ ...one, time: new Date(one.time).toISOString() })).toReversed(),
  }
}

function policyOf({ policy, cell }: BreakerHere): BreakerPolicy {
  return withOverride(policy ?? defaultBreaker, cell)
}

/** What its criterion reads. */
function readKeys(policy: BreakerPolicy) {
  const written = policyAsWritten(policy)
  const unread = new Set(unreadBreakerKeys(written, [policy.criterion], policy).map(({ key }) => key))
  return Object.fromEntries(Object.entries(written).filter(([key]) => !unread.has(key)))
}

function trialsOf({ cell }: BreakerHere, policy: BreakerPolicy, now: number) {
  const under_way = probesAt(cell, policy, now).length
  return { under_way, succeeded: cell.open?.succeeded ?? 0, needed: policy.success_threshold }
}
