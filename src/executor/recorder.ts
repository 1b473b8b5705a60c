/**
 * What a target is given to record facts with: adds the call's number to each, holds every create back until budget
 * and rate limit let it go, and remembers what is open, so that a next attempt can take it up.
 */
import type { RoutingDecision } from '../domain/routing.ts'
import type { Json } from '../std/json.ts'
import type { CallRecorder, Candidate, OpenCall } from '../targets/target.ts'
import type { Admitted } from './admission.ts'
import type { CallContext, CallFact } from './contract.ts'

export interface RecorderParts {
  call: number
  position: number
  candidate: Candidate
  context: CallContext
  open: OpenCall | undefined
  /** Gives the decision that led here, once; it is journaled with the first intent. */
  decided(): RoutingDecision | undefined
  /** What the cache had to say, once; it is journaled with the first intent. */
  missed(): CallFact | undefined
  /** Ids that earlier calls of the same work have. */
  ids: ReadonlySet<string>
  now(): number
  monotonic(): number
  /** Waits for budget and rate limit; gives what was set aside. Throws BudgetExceededError. */
  admit(): Promise<Admitted>
}

export interface TrackedRecorder extends CallRecorder {
  /** The call as a next attempt would take it up; undefined when nothing was sent. */
  open(): OpenCall | undefined
  /** When the create was let go, by the monotonic clock. */
  sent(): number | undefined
  /** The call was refused by who it was sent to: nothing was spent. */
  refused(): Promise<void>
  /** Set once a fact could not be recorded: nothing may go on then. */
  broken(): unknown
}

export function trackedRecorder(parts: RecorderParts): TrackedRecorder {
  const { call, candidate, context } = parts
  let open = parts.open && { ...parts.open, call }
  let failure: { error: unknown } | undefined
  let sent: number | undefined

  async function guarded<T>(step: () => Promise<T>): Promise<T> {
    try {
      return await step()
    } catch (error) {
      failure ??= { error }
      throw error
    }
  }
  const record = (...facts: CallFact[]): Promise<void> => guarded(() => context.record(...facts))

  return {
    open: () => open,
    sent: () => sent,
    broken: () => failure?.error,
    async resolved(model, version) {
      const known = context.versionOf(model)
      if (known !== undefined) return known
      await record({ type: 'model.resolved', model, version })
      return context.versionOf(model) ?? version
    },
    uploaded: (sha256, url) => record({ type: 'call.uploaded', call, sha256, url }),
    async intended(body, version) {
      const { reserve_usd, crossed } = await parts.admit()
      const fact: CallFact = {
        type: 'call.intended',
        call,
        candidate: parts.position,
        target: candidate.target,
        model: candidate.model,
        body,
        ...(version !== undefined && { version }),
        ...(reserve_usd !== undefined && { reserve_usd }),
        ...(candidate.name !== candidate.model && { agent: candidate.name }),
      }
      open = {
        ...{ call, model: candidate.model, body, intended_at: parts.now() },
        ...(version !== undefined && { version }),
        ...(reserve_usd !== undefined && { reserve_usd }),
      }
      const noted: CallFact[] = crossed.map((crossing) => ({ type: 'budget.crossed', ...crossing }))
      const [missed, decision] = [parts.missed(), parts.decided()]
      const before: CallFact[] = missed ? [missed] : []
      if (decision) before.push({ type: 'call.routed', call, decision })
      await record(...before, fact, ...noted)
      sent = parts.monotonic()
    },
    async created(id, how, matches) {
      if (open) open = { ...open, id }
      await record({ type: 'call.created', call, id, how, ...(matches !== undefined && { matches }) })
    },
    async reattached(how, id) {
      if (how === 'lost' || how === 'not_found') open = undefined
      await record({ type: 'call.reattached', call, how, ...(id !== undefined && { id }) })
    },
    async refused() {
      await record({ type: 'call.refused', call })
      if (open) delete open.reserve_usd
    },
    claim: async (id) => !parts.ids.has(id) && (await guarded(() => context.claim(id))),
  }
}

/** The fact that puts an open call under the number of the attempt that takes it up. */
export function takenUp(
  open: OpenCall,
  call: number,
  position: number,
  candidate: Candidate,
): CallFact & { body: Json } {
  return {
    type: 'call.intended',
    call,
    candidate: position,
    target: candidate.target,
    model: candidate.model,
    body: open.body,
    ...(open.version !== undefined && { version: open.version }),
    ...(open.reserve_usd !== undefined && { reserve_usd: open.reserve_usd }),
    ...(candidate.name !== candidate.model && { agent: candidate.name }),
  }
}
